package rfc9111

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// A date that is accepted in the form of today means the same to the standard library,
// and is written back the same.
func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := ParseDate([]byte(text), now)
		if !ok {
			return
		}
		written := AppendDate(nil, at)
		if again, ok := ParseDate(written, now); !ok || again != at {
			t.Errorf("%q: written as %q, read back as %v %v", text, written, again, ok)
		}
		if len(text) == 29 && text[23:25] != "60" {
			want, err := time.Parse("02 Jan 2006 15:04:05 GMT", text[5:26]+"GMT")
			if err != nil || At(want) != at {
				t.Errorf("%q: got %v, the standard library says %v %v", text, at.Time(), want, err)
			}
		}
	})
}

// No line can hide a directive of its own, and numbers stay in range.
func FuzzDirectives(f *testing.F) {
	for _, seed := range []string{"max-age=1", `a="b, c\"", max-age="3"`, "private=\"a\", x=\"", "max-age =1,,no-cache=", "s-maxage=99999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var alone, joined, lines Directives
		alone.Parse([]byte(line))
		joined.Parse([]byte(line + ", private, max-age=5"))
		lines.Parse([]byte(line))
		lines.Parse([]byte("private, max-age=5"))
		if !lines.Private || !alone.Malformed && !joined.Private {
			t.Errorf("%q hides private", line)
		}
		if !lines.MaxAge.Named() || !alone.Malformed && joined.MaxAge != lines.MaxAge {
			t.Errorf("%q: max-age=5 behind it reads %+v and %+v", line, joined.MaxAge, lines.MaxAge)
		}
		for _, d := range []Delta{alone.MaxAge, alone.SMaxAge, alone.StaleIfError, alone.StaleWhileRevalidate} {
			if d.Span() < 0 || d.Span() > maxLifetime || !d.Valid() && d.Span() != 0 {
				t.Errorf("%q: got %+v", line, d)
			}
		}
		var q Demands
		q.Parse([]byte(line))
		if q.Parse([]byte("no-cache")); !q.NoCache {
			t.Errorf("%q hides no-cache", line)
		}
	})
}

// A valid dictionary stays one when a member is added and is none with a comma too
// many; a field that does not apply never does with another line.
func FuzzTargeted(f *testing.F) {
	for _, seed := range []string{"max-age=1", `a=(1 "b";c=?1);d, e=:aGk=:`, `a=%"f%c3"`, "a=@1, b=1.5", "A", `private="a"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		read := func(lines ...string) (field Targeted) {
			for _, l := range lines {
				field.Parse([]byte(l))
			}
			return field
		}
		alone, two := read(line), read(line, "no-store")
		if alone.Applies() != two.Applies() {
			t.Errorf("%q: applies %v, with another line %v", line, alone.Applies(), two.Applies())
		}
		if !alone.Applies() {
			return
		}
		if more := read(line + ", no-store"); !more.Applies() || !more.Directives.NoStore {
			t.Errorf("%q: no-store behind it is lost", line)
		}
		if comma := read(line + ","); comma.Applies() {
			t.Errorf("%q applies with a comma behind it", line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && (r < ' ' || r > '~') }) {
			t.Errorf("%q is no ASCII", line)
		}
	})
}

// The names that Vary gives, given again, are the same; white space around commas
// and the split into lines never tell two requests apart.
func FuzzVary(f *testing.F) {
	f.Add("Foo, Accept-Language", "a, b;q=0.5")
	f.Add("a,*", `"x, y", z`)
	f.Add("accept-encoding,cookie", "gzip;q=1,br")
	f.Fuzz(func(t *testing.T, vary, value string) {
		if strings.ContainsAny(vary+value, "\r\n") {
			return
		}
		nominated, variance := AppendVary(nil, section2("Vary", vary))
		if variance != VariesOnSome {
			if len(nominated) > 0 {
				t.Errorf("Vary %q: %v, yet it names %q", vary, variance, nominated)
			}
			return
		}
		again, _ := AppendVary(nil, section2("vary", string(nominated)))
		if !bytes.Equal(again, nominated) {
			t.Errorf("Vary %q: got %q, then %q", vary, nominated, again)
		}
		for _, name := range []string{"foo", "accept-language"} {
			var broken Lines // at the first comma outside quotes
			a := AppendVariantKey(nil, []byte(name), section2(name, value))
			if at := strings.IndexByte(value, ','); at >= 0 && !strings.Contains(value[:at], `"`) {
				broken = append(*section2(name, value[:at]), *section2(name, "\t "+value[at+1:])...)
				if b := AppendVariantKey(nil, []byte(name), &broken); !bytes.Equal(a, b) {
					t.Errorf("%s: %q on one line gives %q, on two %q", name, value, a, b)
				}
			}
			if bytes.Equal(a, AppendVariantKey(nil, []byte(name), section2(name, value+", another"))) && !strings.Contains(value, `"`) {
				t.Errorf("%s: %q and more give the same key", name, value)
			}
		}
	})
}

// section2 is a section of one field with any value.
func section2(name, value string) *Lines {
	l := Lines(name + ": " + value + "\r\n")
	return &l
}

// Parts lie in the body, apart from each other, and cost less than the body.
func FuzzRanges(f *testing.F) {
	f.Add("bytes=0-1,3-4,-2", int64(10))
	f.Add("bytes=5-", int64(3))
	f.Add("bytes=9223372036854775807-9223372036854775807", int64(1<<62))
	f.Fuzz(func(t *testing.T, value string, length int64) {
		var r Ranges
		r.Parts = r.store[:0]
		if length <= 0 {
			return
		}
		answer := r.parse([]byte(value), length)
		if answer != OnePart && answer != SeveralParts {
			return
		}
		if (answer == OnePart) != (len(r.Parts) == 1) || len(r.Parts) > MaxRanges {
			t.Errorf("%q: got %d parts and answer %v", value, len(r.Parts), answer)
		}
		var total int64
		for i, p := range r.Parts {
			if p.First < 0 || p.Last < p.First || p.Last >= length {
				t.Errorf("%q of %d: got part %+v", value, length, p)
			}
			for _, other := range r.Parts[:i] {
				if p.First <= other.Last && other.First <= p.Last {
					t.Errorf("%q: %+v and %+v overlap", value, p, other)
				}
			}
			total += p.Length()
		}
		if answer == SeveralParts && total >= length {
			t.Errorf("%q: parts of %d octets of %d", value, total, length)
		}
	})
}

// A target is a path without dot segments, and resolving it again changes nothing.
func FuzzSameOrigin(f *testing.F) {
	for _, seed := range []string{"../x", "//a.example/./b", "http://a.example?x", "/..//.", "?", "a/../../b#c"} {
		f.Add(seed)
	}
	u := URI{[]byte("http"), []byte("a.example"), []byte("/b/c?d")}
	f.Fuzz(func(t *testing.T, reference string) {
		got, ok := u.SameOrigin(nil, []byte(reference))
		if !ok {
			return
		}
		path, _, _ := bytes.Cut(got, []byte("?"))
		if len(path) == 0 || path[0] != '/' {
			t.Fatalf("%q: got %q", reference, got)
		}
		for _, segment := range bytes.Split(path, []byte("/")) {
			if s := string(segment); s == "." || s == ".." {
				t.Errorf("%q: got %q, with dots left", reference, got)
			}
		}
		absolute := append([]byte("http://a.example"), got...)
		if again, ok := u.SameOrigin(nil, absolute); !ok || !bytes.Equal(again, got) {
			t.Errorf("%q: got %q, then %q", reference, got, again)
		}
	})
}

// A well-formed tag is found in front of anything, and nothing else equals it.
func FuzzTags(f *testing.F) {
	f.Add(`W/"a", "b"`, "c")
	f.Add(`"a`, "a,b")
	f.Fuzz(func(t *testing.T, list, opaque string) {
		tag := []byte(`"` + opaque + `"`)
		if !isStrong(tag) {
			return
		}
		if !tagListed(append(append([]byte("W/"), tag...), ", "+list...), tag) {
			t.Errorf("%s is not found in front of %q", tag, list)
		}
		if tagListed([]byte(list), tag) && !strings.Contains(list, string(tag)) {
			t.Errorf("%s is found in %q", tag, list)
		}
	})
}

// Bytes that decode are those that encoding gives.
func FuzzMeta(f *testing.F) {
	m := Meta{Born: -1, Lifetime: time.Hour, StaleIfError: Unnamed, Status: 200, Flags: Shared}
	f.Add(m.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m Meta
		if m.Decode(b) && !bytes.Equal(m.Append(nil), b) {
			t.Errorf("%x decodes to %+v, which is %x", b, m, m.Append(nil))
		}
	})
}

// No response with private beside its other fields is stored, and one that is stored
// has its Date, no Age and nothing for one connection, and reads as before.
func FuzzResponse(f *testing.F) {
	f.Add([]byte("Cache-Control: max-age=9\r\nAge: 3\r\nVary: a\r\nConnection: x\r\nX: y\r\n"))
	f.Add([]byte("Expires: 0\r\nCDN-Cache-Control: max-age=3\r\nSet-Cookie: a\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		f := Lines(raw)
		p := &Policy{Targets: []string{}}
		r := ReadResponse(200, &f, Times{now - 9, now}, p)
		q := request("GET")
		if life, _ := r.Lifetime(p); life < 0 || life > maxLifetime || r.InitialAge() < 0 {
			t.Errorf("lifetime %v, age %v", life, r.InitialAge())
		}
		kept := Lines(r.AppendStored(nil, &f))
		for name, _, pos := kept.Next(0); pos >= 0; name, _, pos = kept.Next(pos) {
			switch fieldOf(name) {
			case ageField, connection, hopByHop:
				t.Errorf("%s is stored", name)
			}
		}
		if !has(&f, []byte("date")) && !has(&kept, []byte("date")) {
			t.Error("no Date is stored")
		}
		private := append(Lines("Cache-Control: private\r\n"), raw...)
		r = ReadResponse(200, &private, Times{now - 9, now}, p)
		if MayStore(&q, &r, p) == Storable {
			t.Error("private is stored")
		}
	})
}
