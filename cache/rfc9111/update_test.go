package rfc9111

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// lines writes a section the way the tables do.
func lines(b []byte) string {
	return strings.ReplaceAll(strings.TrimSuffix(string(b), "\r\n"), "\r\n", " ~ ")
}

// RFC 9111 §3.1: what is stored, byte for byte, and what is not.
func TestAppendStored(t *testing.T) {
	for _, tc := range []struct{ name, policy, answer, want string }{
		{"unknown fields keep case, order and bytes", "", "Date: d ~ X-Foo:  a  b ~ x-foo: ü ~ Content-Range: odd ~ Content-Encoding: x",
			"Date: d ~ X-Foo: a  b ~ x-foo: ü ~ Content-Range: odd ~ Content-Encoding: x"},
		{"hop-by-hop fields go (9110 §7.6.1)", "", "Date: d ~ Connection: close ~ Keep-Alive: x ~ Proxy-Connection: x ~ TE: x ~ Trailer: x ~ " +
			"Transfer-Encoding: x ~ Upgrade: x ~ Proxy-Authenticate: x ~ Proxy-Authorization: x ~ Proxy-Authentication-Info: x ~ A: b", "Date: d ~ A: b"},
		{"fields named in Connection go", "", "Date: d ~ A: 1 ~ Connection: a, x-b ~ X-B: 2 ~ Connection: C ~ c: 3 ~ D: 4", "Date: d ~ D: 4"},
		{"Age is computed anew", "", "Date: d ~ Age: 3", "Date: d"},
		{"a missing Date is added (9110 §6.6.1)", "", "A: b", "A: b ~ Date: Sun, 18 Oct 2026 08:00:00 GMT"},
		{"withheld fields go (9111 §3.1)", "", "Date: d ~ Cache-Control: no-cache=\"x-a\", private=\"X-B, x-c\" ~ X-A: 1 ~ x-b: 2 ~ X-C: 3 ~ X-D: 4",
			"Date: d ~ Cache-Control: no-cache=\"x-a\", private=\"X-B, x-c\" ~ X-D: 4"},
		{"cookies that are not for everybody go", "", "Date: d ~ Set-Cookie: a=b ~ Set-Cookie2: c", "Date: d"},
		{"cookies of a public response stay", "", "Date: d ~ Set-Cookie: a=b ~ Cache-Control: public", "Date: d ~ Set-Cookie: a=b ~ Cache-Control: public"},
		{"cookies stay when the route says so", "cookies", "Date: d ~ Set-Cookie: a=b ~ Set-Cookie2: c", "Date: d ~ Set-Cookie: a=b ~ Set-Cookie2: c"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, fields := respond(t, "200 "+tc.answer, now, policy(t, tc.policy))
			if got := lines(r.AppendStored(nil, fields)); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// RFC 9111 §3.2 and §4.3.4, and the row on 304 of our choices.
func TestAppendFreshened(t *testing.T) {
	for _, tc := range []struct{ name, stored, update, want string }{
		{"what the 304 omits stays", "Test: a ~ Date: d", "Date: e", "Test: a ~ Date: e"},
		{"what it has replaces all lines of that name", "X-Test: a ~ x-test: b ~ C: d", "X-Test: e ~ Date: f", "C: d ~ X-Test: e ~ Date: f"},
		{"new fields are added", "A: b", "C: d", "A: b ~ C: d"},
		{"length, coding and range of the body stay", "Content-Length: 5 ~ Content-Encoding: gzip",
			"Content-Length: 9 ~ Content-Encoding: br ~ Content-Range: x ~ Transfer-Encoding: chunked", "Content-Length: 5 ~ Content-Encoding: gzip"},
		{"hop-by-hop fields are not taken", "A: b", "Connection: x-a ~ Keep-Alive: 1 ~ X-A: 2", "A: b"},
		{"an old Date goes even without a new one", "Date: d ~ A: b", "A: c", "A: c"},
		{"Age is the update's", "A: b", "Age: 5", "A: b ~ Age: 5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := lines(AppendFreshened(nil, section(tc.stored), section(tc.update))); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	// The fields that caching.md lists one by one.
	for _, name := range strings.Fields("Content-Foo X-Content-Foo Content-Location Content-MD5 Content-Type Content-Security-Policy " +
		"Clear-Site-Data ETag Expires Public-Key-Pins Set-Cookie Set-Cookie2 X-Frame-Options X-XSS-Protection Cache-Control Last-Modified") {
		got := lines(AppendFreshened(nil, section(name+": old"), section(name+": new")))
		if want := name + ": new"; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// A 304 refreshes: from 1 s to 3600 s, counted from the 304 (RFC 9111 §4.3.4).
func TestFreshenedLifetime(t *testing.T) {
	p := &Policy{}
	r, fields := respond(t, dates(`200 Cache-Control: max-age=1 ~ Date: {+0} ~ ETag: "a"`), now, p)
	stored := Lines(r.AppendStored(nil, fields))
	for name, update := range map[string]string{
		"with Date": "Cache-Control: max-age=3600 ~ Date: {+600}", "without Date": "Cache-Control: max-age=3600",
	} {
		merged := Lines(AppendFreshened(nil, &stored, section(dates(update))))
		later := now.Add(600 * time.Second)
		fresh := ReadResponse(200, &merged, Times{later - 10, later}, p)
		q := request("GET Range: bytes=0-1")
		if why := MayKeep(&q, &fresh, p); why != Storable {
			t.Fatalf("%s: got refused %v, want kept, although a range was the occasion", name, why)
		}
		m := NewMeta(&fresh, p)
		if left := m.Left(later); left < 3599*time.Second {
			t.Errorf("%s: got %v left, want an hour from the 304 on", name, left)
		}
		if got := lines(fresh.AppendStored(nil, &merged)); strings.Count(got, "Date: ") != 1 {
			t.Errorf("%s: got %q, want one Date", name, got)
		}
	}
	forbidden := Lines(AppendFreshened(nil, &stored, section("Cache-Control: no-store")))
	gone := ReadResponse(200, &forbidden, Times{now, now}, p)
	q := request("GET")
	if why := MayKeep(&q, &gone, p); why != NoStore {
		t.Errorf("a 304 with no-store: got %v, want %v", why, NoStore)
	}
}

func TestAppendValidators(t *testing.T) {
	for stored, want := range map[string]string{
		`ETag: "a"`:                        `If-None-Match: "a"`,
		`ETag: W/"a"`:                      `If-None-Match: W/"a"`,
		`Last-Modified: {-10}`:             `If-Modified-Since: {-10}`,
		`Last-Modified: {-10} ~ etag: "a"`: `If-None-Match: "a" ~ If-Modified-Since: {-10}`,
		`Last-Modified: yesterday`:         ``,
		`ETag: "a" ~ ETag: "b"`:            ``,
		`Date: {-10}`:                      ``,
		`ETag:`:                            ``,
		`ETag: abc`:                        `If-None-Match: abc`,
		`Last-Modified: Sunday, 06-Nov-94 08:49:37 GMT`: `If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT`,
	} {
		if got := lines(AppendValidators(nil, section(dates(stored)))); got != dates(want) {
			t.Errorf("%s: got %q, want %q", stored, got, dates(want))
		}
	}
}

func TestSelectedBy(t *testing.T) {
	for _, tc := range []struct {
		stored, update string
		want           bool
	}{
		{`ETag: "a"`, `ETag: "a"`, true},
		{`ETag: W/"a"`, `ETag: "a"`, true},
		{`ETag: "a"`, `ETag: "b"`, false},
		{`ETag: "a"`, `Date: x`, true},
		{`Last-Modified: x`, `Last-Modified: y`, true},
		{`Last-Modified: x`, `ETag: "a"`, false},
	} {
		if got := SelectedBy(section(tc.stored), section(tc.update)); got != tc.want {
			t.Errorf("stored %s, 304 with %s: got %v, want %v", tc.stored, tc.update, got, tc.want)
		}
	}
}

// RFC 9111 §4.3.5.
func TestHeadUpdate(t *testing.T) {
	stored := section(`ETag: "a" ~ Last-Modified: x ~ A: b`)
	for _, tc := range []struct {
		status int
		answer string
		want   HeadEffect
	}{
		{200, `ETag: "a" ~ Last-Modified: x ~ Content-Length: 5`, HeadFreshens},
		{200, `A: c`, HeadFreshens},
		{200, `ETag: "b"`, HeadOutdates},
		{200, `Last-Modified: y`, HeadOutdates},
		{200, `Content-Length: 6`, HeadOutdates},
		{200, `Content-Length: x`, HeadOutdates},
		{410, `ETag: "b"`, HeadNothing},
		{304, ``, HeadNothing},
	} {
		if got := HeadUpdate(tc.status, section(tc.answer), stored, 5); got != tc.want {
			t.Errorf("%d %s: got %v, want %v", tc.status, tc.answer, got, tc.want)
		}
	}
}

// RFC 9211 §2.
func TestCacheStatus(t *testing.T) {
	for want, h := range map[string]Handling{
		`p; hit; ttl=376`:                                {Hit: true, Timed: true, TTL: 376900 * time.Millisecond, Forward: ForwardStale},
		`p; hit; ttl=-1`:                                 {Hit: true, Timed: true, TTL: -time.Millisecond},
		`p; fwd=uri-miss; fwd-status=200; stored`:        {Forward: ForwardURIMiss, Status: 200, Stored: true},
		`p; fwd=stale; fwd-status=304; ttl=0; collapsed`: {Forward: ForwardStale, Status: 304, Timed: true, Collapsed: true},
		`p; fwd=bypass; key="a?\"\\"; detail="no-store"`: {Forward: ForwardBypass, Key: []byte("a\x00\"\\"), Detail: "no-store"},
		`p`: {},
	} {
		if got := string(h.Append(nil, "p")); got != want {
			t.Errorf("%+v: got %q, want %q", h, got, want)
		}
		d := newDictionary([]byte(strings.Replace(want, "p", "p=1", 1)))
		if _, more := d.next(); !more {
			t.Errorf("%q is no structured field", want)
		}
	}
}

// Every value of every enum has a name of its own.
func TestNames(t *testing.T) {
	check := func(count int, text func(int) fmt.Stringer) {
		seen := map[string]bool{}
		for i := range count {
			s := text(i).String()
			if s == "" || seen[s] {
				t.Errorf("%T %d: name %q is empty or taken", text(i), i, s)
			}
			seen[s] = true
		}
	}
	check(Refusals(), func(i int) fmt.Stringer { return Refusal(i) })
	check(Forwards(), func(i int) fmt.Stringer { return Forward(i) })
	check(int(useCount), func(i int) fmt.Stringer { return Use(i) })
	check(int(sourceCount), func(i int) fmt.Stringer { return Source(i) })
	check(int(methodCount), func(i int) fmt.Stringer { return Method(i) })
}
