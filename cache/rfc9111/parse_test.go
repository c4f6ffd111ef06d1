package rfc9111

import (
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	for _, r := range table(t, "dates.txt", 1) {
		got := "rejected"
		if at, ok := ParseDate([]byte(r.name), now); ok {
			got = at.Time().Format(time.RFC3339)
		}
		if got != r.cols[0] {
			t.Errorf("%q: got %s, want %s", r.name, got, r.cols[0])
		}
	}
}

func TestDictionary(t *testing.T) {
	for _, r := range table(t, "dictionary.txt", 1) {
		var field Targeted
		field.Parse([]byte(r.name))
		got := "ignored"
		if field.Applies() {
			got = "applies"
		}
		if got != r.cols[0] {
			t.Errorf("%q: got %s, want %s", r.name, got, r.cols[0])
		}
	}
}

// Arguments that are values, not only flags, come through both syntaxes alike.
func TestDirectiveValues(t *testing.T) {
	const line = `max-age=1, s-maxage=2, stale-while-revalidate=3, stale-if-error=99999999999, no-cache="a, B", ` +
		`public, immutable, no-transform, proxy-revalidate`
	var d Directives
	d.Parse([]byte(line))
	var field Targeted
	field.Parse([]byte(line))
	for name, got := range map[string]Directives{"Cache-Control": d, "a targeted field": field.Directives} {
		spans := [4]time.Duration{got.MaxAge.Span(), got.SMaxAge.Span(), got.StaleWhileRevalidate.Span(), got.StaleIfError.Span()}
		want := [4]time.Duration{time.Second, 2 * time.Second, 3 * time.Second, maxLifetime}
		if spans != want {
			t.Errorf("%s: got %v, want %v", name, spans, want)
		}
		if !got.Public || !got.Immutable || !got.NoTransform || !got.ProxyRevalidate || got.NoCache || got.Private {
			t.Errorf("%s: got %+v", name, got)
		}
		if !got.Withholds([]byte("A")) || !got.Withholds([]byte("b")) || got.Withholds([]byte("c")) {
			t.Errorf("%s: the list of no-cache was not kept", name)
		}
	}
}

// A list too many is stricter than none.
func TestManyListsOfFields(t *testing.T) {
	var d Directives
	d.Parse([]byte(`private="a", private="b", private="c", private="d"`))
	if d.Private || !d.Withholds([]byte("d")) {
		t.Errorf("four lists: got %+v", d)
	}
	d.Parse([]byte(`private="e"`))
	if !d.Private {
		t.Error("a fifth list must count as private for all")
	}
}

func TestLines(t *testing.T) {
	l := Lines("A: b\r\nnothing\r\nC:\t d \r\n:x\r\nE:f")
	want := [][2]string{{"A", "b"}, {"", ""}, {"C", "d"}, {"", "x"}, {"E", "f"}}
	var got [][2]string
	for name, value, pos := l.Next(0); pos >= 0; name, value, pos = l.Next(pos) {
		got = append(got, [2]string{string(name), string(value)})
	}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d: got %q, want %q", i, got[i], want[i])
		}
	}
}

func TestInstant(t *testing.T) {
	at := time.Date(2026, 10, 18, 8, 0, 0, 123_456_789, time.FixedZone("x", 3600))
	if got := At(at).Time(); !got.Equal(at.Truncate(time.Millisecond)) || got.Location() != time.UTC {
		t.Errorf("there and back: got %v, want %v in UTC", got, at.Truncate(time.Millisecond))
	}
	if got := Instant(-1).second(); got != -1000 {
		t.Errorf("second of -1 ms: got %d, want -1000", got)
	}
	const far = Instant(253_402_300_799_000) // the end of 9999
	if got := far.Sub(-far); got < 290*365*24*time.Hour {
		t.Errorf("far apart: got %v, want the longest there is", got)
	}
	if got := (-far).Sub(far); got > -290*365*24*time.Hour {
		t.Errorf("far apart, backwards: got %v", got)
	}
}

// The numbers that an Age field is made of: they grow, and add to what came in
// (RFC 9111 §4.2.3, §5.1).
func TestAgeGrows(t *testing.T) {
	for _, answer := range []string{"200 Cache-Control: max-age=3600 ~ Age: 30", "200 Age: 30 ~ Expires: {+3600}"} {
		p := &Policy{}
		r, _ := respond(t, dates(answer), now, p)
		m := NewMeta(&r, p)
		if got := m.Age(now); got != 30*time.Second+20*time.Millisecond {
			t.Errorf("%s: on arrival got %v, want 30.02s (20 ms on the way)", answer, got)
		}
		if got := m.Age(now.Add(3 * time.Second)); got/time.Second != 33 {
			t.Errorf("%s: 3 s later got %v, want 33 s", answer, got)
		}
		if got := m.Age(now.Add(-time.Hour)); got != 0 {
			t.Errorf("%s: an hour before, got %v, want 0", answer, got)
		}
	}
	if got := ParseAge(section("Age: 7 ~ Age: 9")); got != 7*time.Second {
		t.Errorf("ParseAge: got %v, want 7s", got)
	}
}

// A slow origin makes a response older (RFC 9111 §4.2.3).
func TestDelayCounts(t *testing.T) {
	f := section("Cache-Control: max-age=10")
	r := ReadResponse(200, f, Times{Sent: now, Received: now + 5000}, &Policy{})
	if got := r.InitialAge(); got != 5*time.Second {
		t.Errorf("got %v, want 5s", got)
	}
	r.Times.Sent = now + 9000 // a clock that went back
	if got := r.InitialAge(); got != 0 {
		t.Errorf("clock went back: got %v, want 0", got)
	}
}
