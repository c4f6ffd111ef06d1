package rfc9111

import "testing"

const manyFields = "Host: a.example ~ User-Agent: curl/8.5.0 ~ Accept: */* ~ Accept-Encoding: gzip, br ~ " +
	"Accept-Language: de;q=0.8, en ~ Cookie: a=b; c=d ~ If-None-Match: \"x\", W/\"y\" ~ Referer: http://a.example/ ~ Range: bytes=0-1,4-5"

// pairs is a section that was split before, as the gateway's is.
type pairs [][2][]byte

func (p *pairs) Next(pos int) (name, value []byte, next int) {
	if pos < 0 || pos >= len(*p) {
		return nil, nil, -1
	}
	return (*p)[pos][0], (*p)[pos][1], pos + 1
}

func split(l *Lines) *pairs {
	var p pairs
	for name, value, pos := l.Next(0); pos >= 0; name, value, pos = l.Next(pos) {
		p = append(p, [2][]byte{name, value})
	}
	return &p
}

// hit returns what a request goes through that is served from the store.
func hit(tb testing.TB) func() {
	p := &Policy{StaleWhileRevalidate: 1}
	stored := section(`Date: Sun, 18 Oct 2026 08:00:00 GMT ~ Cache-Control: max-age=60 ~ ETag: "z" ~ Vary: Accept-Language, Accept-Encoding, Foo`)
	r := ReadResponse(200, stored, Times{now - 5, now}, p)
	head := NewMeta(&r, p)
	bytes := head.Append(nil)
	nominated, _ := AppendVary(nil, stored)
	asked, key, parts := split(section(manyFields)), make([]byte, 0, 256), new(Ranges)
	handling := Handling{Hit: true, Timed: true, Key: []byte("k")}
	return func() {
		q := ReadRequest(Get, asked)
		key = AppendVariantKey(key[:0], nominated, asked)
		key, _ = AppendLanguageKey(key[:0], nominated, asked, PreferredLanguage(asked))
		var m Meta
		ok := m.Decode(bytes)
		d := Decide(&m, &q, p, now+2000)
		if !ok || d.Use != Fresh || q.NotModified(&m, stored) {
			tb.Errorf("the response is fresh and another: got %+v", d)
		}
		if got := q.Ranges(&m, stored, 100, parts); got != SeveralParts {
			tb.Errorf("ranges: got %v, want %v", got, SeveralParts)
		}
		handling.TTL = d.Left
		key = handling.Append(key[:0], "penstock")
	}
}

// fill returns what a response goes through that is stored.
func fill(tb testing.TB) func() {
	p := &Policy{}
	f := section(`Date: Sun, 18 Oct 2026 08:00:00 GMT ~ Cache-Control: max-age=60, public ~ CDN-Cache-Control: max-age=90 ~ ` +
		`ETag: "z" ~ Last-Modified: Sun, 18 Oct 2026 07:00:00 GMT ~ Expires: Sun, 18 Oct 2026 09:00:00 GMT ~ ` +
		`Vary: Accept-Language ~ Connection: close ~ Content-Type: text/html`)
	asked, buffer := section(manyFields), make([]byte, 0, 1024)
	return func() {
		q := ReadRequest(Get, asked)
		r := ReadResponse(200, f, Times{now - 5, now}, p)
		if why := MayKeep(&q, &r, p); why != Storable {
			tb.Errorf("got %v, want %v", why, Storable)
		}
		m := NewMeta(&r, p)
		buffer = m.Append(buffer[:0])
		buffer = r.AppendStored(buffer, f)
		buffer, _ = AppendVary(buffer, f)
	}
}

func BenchmarkHit(b *testing.B) {
	step := hit(b)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}

func BenchmarkFill(b *testing.B) {
	step := fill(b)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}

// BenchmarkUsualHit is a browser's request for a response that varies by coding.
func BenchmarkUsualHit(b *testing.B) {
	p := &Policy{}
	r := ReadResponse(200, section("Cache-Control: max-age=60"), Times{now, now}, p)
	first := NewMeta(&r, p)
	head, nominated, key := first.Append(nil), []byte("accept-encoding"), make([]byte, 0, 128)
	asked := split(section("Host: a.example ~ User-Agent: x ~ Accept: */* ~ Accept-Encoding: gzip, br ~ Accept-Language: de ~ Cookie: a=b"))
	b.ReportAllocs()
	for b.Loop() {
		q := ReadRequest(Get, asked)
		key = AppendVariantKey(key[:0], nominated, asked)
		var m Meta
		if !m.Decode(head) || Decide(&m, &q, p, now+1000).Use != Fresh || q.Conditional() || q.Ranged() {
			b.Fatal("the response is fresh")
		}
	}
}

// BenchmarkDecide is the least that a hit costs here: numbers and a clock.
func BenchmarkDecide(b *testing.B) {
	p := &Policy{}
	r := ReadResponse(200, section("Cache-Control: max-age=60"), Times{now, now}, p)
	first := NewMeta(&r, p)
	head := first.Append(nil)
	q := ReadRequest(Get, section("Host: a.example"))
	b.ReportAllocs()
	for b.Loop() {
		var m Meta
		if !m.Decode(head) || Decide(&m, &q, p, now+1000).Use != Fresh {
			b.Fatal("the response is fresh")
		}
	}
}

func BenchmarkParseDate(b *testing.B) {
	text := []byte("Sun, 06 Nov 1994 08:49:37 GMT")
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := ParseDate(text, now); !ok {
			b.Fatal("the date is valid")
		}
	}
}
