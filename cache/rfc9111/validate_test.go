package rfc9111

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestConditional(t *testing.T) {
	for _, r := range table(t, "conditional.txt", 3) {
		t.Run(r.name, func(t *testing.T) {
			p := &Policy{}
			response, stored := respond(t, r.cols[0], now, p)
			m, q := NewMeta(&response, p), request(r.cols[1])
			got := "200"
			if q.NotModified(&m, stored) {
				got = "304"
			}
			if got != r.cols[2] {
				t.Errorf("stored %q, asked %q: got %s, want %s", r.cols[0], r.cols[1], got, r.cols[2])
			}
		})
	}
}

func TestRanges(t *testing.T) {
	p := &Policy{}
	response, stored := respond(t, dates(`200 ETag: "a" ~ Last-Modified: {-3600} ~ Date: {+0}`), now, p)
	m := NewMeta(&response, p)
	var parts Ranges
	for _, r := range table(t, "ranges.txt", 2) {
		q := request("GET " + r.name)
		length, err := strconv.ParseInt(r.cols[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		got := [...]string{"whole", "one", "several", "unsatisfied"}[q.Ranges(&m, stored, length, &parts)]
		if got == "one" || got == "several" {
			for _, part := range parts.Parts {
				got += fmt.Sprintf(" %d-%d", part.First, part.Last)
			}
		}
		if got != r.cols[1] {
			t.Errorf("%q of %d: got %q, want %q", r.name, length, got, r.cols[1])
		}
	}
}

// Ranges are for a GET of a 200 (RFC 9110 §14.2), and a date without a second
// between it and the response is no strong validator (§8.8.2.2).
func TestRangesThatDoNotApply(t *testing.T) {
	for answer, asked := range map[string]string{
		"404 ETag: \"a\"":               "GET Range: bytes=0-1",
		"200 ETag: \"a\"":               "HEAD Range: bytes=0-1",
		"200 Last-Modified: {+0}":       "GET Range: bytes=0-1 ~ If-Range: {+0}",
		"200 Date: {+0}":                "GET Range: bytes=0-1 ~ If-Range: {+0}",
		"200 ETag: \"a\" ~ ETag: \"a\"": "GET Range: bytes=0-1 ~ If-Range: \"a\"",
		"200 ETag: a":                   "GET Range: bytes=0-1 ~ If-Range: a",
	} {
		p := &Policy{}
		response, stored := respond(t, dates(answer), now, p)
		m, q := NewMeta(&response, p), request(dates(asked))
		var parts Ranges
		if got := q.Ranges(&m, stored, 10, &parts); got != WholeBody {
			t.Errorf("stored %q, asked %q: got %v, want the whole body", answer, asked, got)
		}
	}
}

func TestMultipart(t *testing.T) {
	m := Multipart{Boundary: "b0", ContentType: []byte("text/plain"), Length: 10}
	parts := []ByteRange{{0, 1}, {8, 9}}
	body := "0123456789"
	var got []byte
	for i, part := range parts {
		got = append(m.AppendPart(got, i, part), body[part.First:part.Last+1]...)
	}
	got = m.AppendEnd(got)
	want := "--b0\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01" +
		"\r\n--b0\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--b0--\r\n"
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if size := m.Size(parts); size != int64(len(want)) {
		t.Errorf("size: got %d, want %d", size, len(want))
	}
	if got := AppendUnsatisfied(nil, 10); string(got) != "bytes */10" {
		t.Errorf("416: got %q, want %q", got, "bytes */10")
	}
}

func TestSameOrigin(t *testing.T) {
	for _, r := range table(t, "invalidate.txt", 2) {
		base := strings.Fields(r.name)
		u := URI{[]byte(base[0]), []byte(base[1]), []byte(base[2])}
		got := "other"
		if target, ok := u.SameOrigin([]byte("kept"), []byte(r.cols[0])); ok {
			got = strings.TrimPrefix(string(target), "kept")
		}
		if got != r.cols[1] {
			t.Errorf("%s and %q: got %q, want %q", r.name, r.cols[0], got, r.cols[1])
		}
	}
}

// RFC 9111 §4.4: unsafe and unknown methods, and no error.
func TestInvalidates(t *testing.T) {
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "post", "WHAT"} {
		for status, want := range map[int]bool{200: true, 201: true, 204: true, 302: true, 399: true, 199: false, 404: false, 500: false} {
			if got := Invalidates(MethodOf([]byte(method)), status); got != want {
				t.Errorf("%s answered %d: got %v, want %v", method, status, got, want)
			}
		}
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
		if Invalidates(MethodOf([]byte(method)), 200) {
			t.Errorf("%s is safe", method)
		}
	}
	u := URI{[]byte("http"), []byte("a.example"), []byte("/x")}
	var got []string
	for target := range Invalidated(u, section("Location: /a ~ X: /b ~ Content-Location: c ~ Location: http://b.example/d")) {
		got = append(got, string(target))
	}
	if strings.Join(got, " ") != "/a /c" {
		t.Errorf("got %q, want /a and /c", got)
	}
	for range Invalidated(u, section("Location: /a ~ Content-Location: /b")) {
		break // stopping early must not panic
	}
}

func TestConditionFields(t *testing.T) {
	for _, name := range []string{"If-None-Match", "if-modified-since", "IF-RANGE", "Range"} {
		if !ClientCondition([]byte(name)) || OriginCondition([]byte(name)) {
			t.Errorf("%s stays behind when the cache asks", name)
		}
	}
	for _, name := range []string{"If-Match", "If-Unmodified-Since"} {
		if ClientCondition([]byte(name)) || !OriginCondition([]byte(name)) {
			t.Errorf("%s is for the origin", name)
		}
	}
	if ClientCondition([]byte("Accept-Language")) || OriginCondition([]byte("Cookie")) {
		t.Error("selecting fields travel (RFC 9111 §4.3.1)")
	}
}

func TestFieldsOfA304(t *testing.T) {
	for _, name := range strings.Fields("ETag Date Cache-Control Content-Location Expires Vary Last-Modified Content-Security-Policy X-A") {
		if !In304([]byte(name)) {
			t.Errorf("%s goes into a 304 (RFC 9110 §15.4.5)", name)
		}
	}
	for _, name := range strings.Fields("Content-Type Content-Length content-encoding Content-Language Content-Range") {
		if In304([]byte(name)) {
			t.Errorf("%s describes a body that a 304 has not", name)
		}
	}
}

func TestDecideWithNothingStored(t *testing.T) {
	for asked, want := range map[string]Decision{
		"GET":                                {Use: Nothing, Forward: ForwardMiss},
		"POST":                               {Use: Bypass, Forward: ForwardMethod},
		"GET Cache-Control: only-if-cached":  {Use: Unsatisfiable},
		"HEAD Cache-Control: only-if-cached": {Use: Unsatisfiable},
	} {
		q := request(asked)
		if got := Decide(nil, &q, &Policy{ClientControl: true}, now); got != want {
			t.Errorf("%s: got %+v, want %+v", asked, got, want)
		}
	}
}

// A soft purge makes stale, once, and leaves room for stale use.
func TestExpire(t *testing.T) {
	p := &Policy{StaleWhileRevalidate: time.Minute, StaleUnreachable: time.Hour}
	r, _ := respond(t, "200 Cache-Control: max-age=3600", now, p)
	m, q := NewMeta(&r, p), request("GET")
	purged := now.Add(10 * time.Second)
	m.Expire(purged)
	for after, want := range map[time.Duration]Use{9: Fresh, 10: StaleWhileRevalidate, 70: StaleWhileRevalidate, 71: StaleIfError} {
		if d := Decide(&m, &q, p, now.Add(after*time.Second)); d.Use != want {
			t.Errorf("%d s after storing: got %v, want %v", after, d.Use, want)
		}
	}
	m.Expire(now.Add(60 * time.Second))
	if left := m.Left(purged); left != 0 {
		t.Errorf("a second purge must not lengthen: got %v left at the first, want 0", left)
	}
	fresh := NewMeta(&r, p)
	fresh.Expire(fresh.Born)
	if d := Decide(&fresh, &q, p, now); d.Use != StaleWhileRevalidate {
		t.Errorf("purged at once: got %v, want %v", d.Use, StaleWhileRevalidate)
	}
}
