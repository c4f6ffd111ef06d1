package headers

import (
	"strings"
	"testing"
)

func TestParseKeepsBytes(t *testing.T) {
	for _, tc := range []struct{ name, raw, want string }{
		{"nothing at all", "", ""},
		{"only the empty line", "\r\n", ""},
		{"with the empty line", "Host: a\r\n\r\n", "Host: a\r\n"},
		{"without the empty line", "Host: a\r\n", "Host: a\r\n"},
		{"white space around a value is not part of it (9112 §5.1)", "A:\t b c \t\r\n", "A: b c\r\n"},
		{"tabs inside a value stay (9110 §5.5)", "A: b\tc\td\te\tf\tg\th\ti\r\n", "A: b\tc\td\te\tf\tg\th\ti\r\n"},
		{"an empty value (9110 §5.5)", "A:\r\nB: \r\n", "A: \r\nB: \r\n"},
		{"bytes beyond ASCII are obs-text (9110 §5.5)", "A: \x80\xff\xc3\xbc caf\xe9 and so on\r\n", "A: \x80\xff\xc3\xbc caf\xe9 and so on\r\n"},
		{"case and order of duplicates stay (9110 §5.3)", "x-A: 2\r\nX-a: 1\r\n", "x-A: 2\r\nX-a: 1\r\n"},
		{"every token character in a name (9110 §5.6.2)", "!#$%&'*+-.^_`|~09azAZ: v\r\n", "!#$%&'*+-.^_`|~09azAZ: v\r\n"},
		{"colons in a value", "A: b:c: d\r\n", "A: b:c: d\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b Block
			if p := b.Parse([]byte(tc.raw)); p != NoProblem {
				t.Fatalf("Parse(%q): got %v, want none", tc.raw, p)
			}
			if got := string(b.Append(nil)); got != tc.want {
				t.Errorf("Append: got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, raw string
		want      Problem
	}{
		{"bare LF ends a line (9112 §2.2)", "A: b\nC: d\r\n\r\n", BareLF},
		{"bare LF ends the section (9112 §2.2)", "A: b\r\n\nGET / HTTP/1.1\r\n\r\n", BareLF},
		{"LF LF hides a request (9112 §2.2)", "A: b\n\nGET /x HTTP/1.1\r\nHost: b\r\n\r\n", BareLF},
		{"bare LF in a name", "A\nB: c\r\n", BareLF},
		{"bare CR in a value (9112 §2.2)", "A: b\rC: d\r\n", BareCR},
		{"bare CR in a name", "A\rB: c\r\n", BareCR},
		{"CR CR LF", "A: b\r\r\n", BareCR},
		{"CR alone as empty line", "A: b\r\n\rX", BareCR},
		{"a section ends inside a value", "A: b", MissingCRLF},
		{"a section ends inside a long value", "A: " + strings.Repeat("b", 64), MissingCRLF},
		{"a section ends after CR", "A: b\r", MissingCRLF},
		{"a section ends inside a name", "A", MissingCRLF},
		{"bytes after the empty line", "A: b\r\n\r\nC: d\r\n", AfterEnd},
		{"two empty lines", "\r\n\r\n", AfterEnd},
		{"obs-fold with a space (9112 §5.2)", "A: b\r\n c\r\n", ObsFold},
		{"obs-fold with a tab (9112 §5.2)", "A: b\r\n\tc\r\n", ObsFold},
		{"white space before the first field (9112 §2.2)", " A: b\r\n", ObsFold},
		{"a line of spaces", "A: b\r\n   \r\n", ObsFold},
		{"no colon (9112 §5)", "A: b\r\nGarbage\r\n", MissingColon},
		{"empty name (9110 §5.1)", ": b\r\n", BadName},
		{"space inside a name", "Foo Bar: y\r\n", BadName},
		{"space before the colon (9112 §5.1)", "Content-Length : 5\r\n", SpaceBeforeColon},
		{"tab before the colon (9112 §5.1)", "Transfer-Encoding\t: chunked\r\n", SpaceBeforeColon},
		{"NUL in a name", "A\x00: b\r\n", BadName},
		{"a quote in a name", "A\"B: c\r\n", BadName},
		{"a byte beyond ASCII in a name", "\xc3\x84: b\r\n", BadName},
		{"NUL in a value (9110 §5.5)", "A: b\x00c\r\n", BadValue},
		{"DEL in a value", "A: b\x7f\r\n", BadValue},
		{"escape in a value", "A: 12345678\x1b[2J and more\r\n", BadValue},
		{"vertical tab in a value", "A: a\tb\x0bc\r\n", BadValue},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b Block
			if got := b.Parse([]byte(tc.raw)); got != tc.want {
				t.Errorf("Parse(%q): got %v, want %v", tc.raw, got, tc.want)
			}
		})
	}
}

// Every octet at every distance from the end of a value must be judged alike,
// however many of them are looked at together.
func TestParseJudgesEveryOctetAtEveryPlace(t *testing.T) {
	var b Block
	for c := range 256 {
		legal := c == '\t' || c >= ' ' && c != 0x7f
		for at := range 20 {
			value := []byte(strings.Repeat("v", 20))
			value[at] = byte(c)
			raw := append(append([]byte("A:"), value...), "\r\n"...)
			if got := b.Parse(raw) == NoProblem; got != legal {
				t.Fatalf("octet %#02x at %d: got accepted %v, want %v", c, at, got, legal)
			}
		}
	}
}

func TestParseBoundsFields(t *testing.T) {
	line := "A: b\r\n"
	for _, tc := range []struct {
		name       string
		max, lines int
		want       Problem
	}{
		{"256 by default", 0, 256, NoProblem},
		{"more than 256 by default", 0, 257, TooMany},
		{"as many as allowed", 2, 2, NoProblem},
		{"one more than allowed", 2, 3, TooMany},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := Block{MaxFields: tc.max}
			if got := b.Parse([]byte(strings.Repeat(line, tc.lines) + "\r\n")); got != tc.want {
				t.Errorf("%d fields: got %v, want %v", tc.lines, got, tc.want)
			}
		})
	}
}

func TestParseBoundsConnectionOptions(t *testing.T) {
	line := "Connection: " + strings.Repeat("a,", 255) + "\r\n" // about half of what is allowed
	var b Block
	if got := b.Parse([]byte(line)); got != NoProblem {
		t.Errorf("one long line: got %v, want none", got)
	}
	if got := b.Parse([]byte(line + line + line)); got != TooMany {
		t.Errorf("three long lines: got %v, want %v", got, TooMany)
	}
}

func TestResetForgetsAndKeepsStorage(t *testing.T) {
	b := Block{MaxFields: 3}
	b.Parse([]byte("Host: a\r\nHost: b\r\n"))
	before := cap(b.Fields)
	b.Reset()
	if b.Has(Host) || b.Repeated() != Other || len(b.Fields) != 0 {
		t.Error("a field survived Reset")
	}
	if cap(b.Fields) != before || b.MaxFields != 3 {
		t.Error("Reset lost the storage or the limit")
	}
	if full := b.Fields[:before]; full[0].Name != nil || full[1].Value != nil {
		t.Error("Reset still holds on to the parsed bytes")
	}
}

func TestLookups(t *testing.T) {
	var b Block
	b.Parse([]byte("host: one\r\nX-Thing: a\r\nSet-Cookie: 1\r\nEmpty:\r\nset-cookie: 2\r\nx-thing: b\r\n"))
	if got := string(b.Get(Host)); got != "one" {
		t.Errorf("Get(Host): got %q", got)
	}
	if got := string(b.Lookup([]byte("X-THING"))); got != "a" {
		t.Errorf("Lookup: got %q, want the first", got)
	}
	if b.Lookup([]byte("Empty")) == nil || b.Lookup([]byte("Absent")) != nil || b.Get(Via) != nil {
		t.Error("an empty value must differ from no field")
	}
	var all []string
	for v := range b.All(SetCookie) {
		all = append(all, string(v))
	}
	if strings.Join(all, ",") != "1,2" || b.Count(SetCookie) != 2 {
		t.Errorf("All(SetCookie): got %v", all)
	}
	b.Drop(SetCookie)
	b.Add([]byte("Set-Cookie"), []byte("3"))
	if got := string(b.Get(SetCookie)); got != "3" || b.Count(SetCookie) != 1 {
		t.Errorf("dropped fields must not be seen: got %q", got)
	}
}

func TestRepeated(t *testing.T) {
	for _, tc := range []struct {
		name, raw string
		want      ID
	}{
		{"Host twice (9112 §3.2)", "Host: a\r\nHost: a\r\n", Host},
		{"Content-Type twice", "Content-Type: a/b\r\ncontent-type: c/d\r\n", ContentType},
		{"lists may repeat (9110 §5.3)", "Accept: a\r\nAccept: b\r\nVia: 1.1 a\r\nVia: 1.1 b\r\nCookie: a\r\nCookie: b\r\n", Other},
		{"unknown names may repeat", "X: a\r\nX: b\r\n", Other},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b Block
			b.Parse([]byte(tc.raw))
			if got := b.Repeated(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAFieldWithoutAValueIsThere(t *testing.T) {
	var b Block
	b.Add([]byte("Via"), nil)
	if got := string(b.Append(nil)); got != "Via: \r\n" || !b.Has(Via) || b.Count(Via) != 1 || b.Lookup([]byte("via")) == nil {
		t.Errorf("got %q, and it has it: %v, %d, %v", got, b.Has(Via), b.Count(Via), b.Lookup([]byte("via")) != nil)
	}
}

func TestWhatSettleHasRemovedIsNotRepeated(t *testing.T) {
	var b Block
	b.Parse([]byte("Host: a\r\nHost: b\r\nCookie: c\r\n"))
	if got := b.Repeated(); got != Host {
		t.Fatalf("got %v, want Host", got)
	}
	b.Fields[1].Drop = true
	b.Settle()
	if got := b.Repeated(); got != Other {
		t.Errorf("one was dropped: got %v, want none", got)
	}
	if !b.Has(Host) || !b.Has(Cookie) {
		t.Error("the others are not found any more")
	}
	b.Add([]byte("Cookie"), []byte("d"))
	b.Settle()
	if got := b.Count(Cookie); got != 2 {
		t.Errorf("got %d cookies, want 2", got)
	}
}
