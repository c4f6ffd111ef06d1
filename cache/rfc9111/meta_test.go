package rfc9111

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The bytes on disk may be anybody's: what no Append wrote is refused.
func TestDecodeRefuses(t *testing.T) {
	m := Meta{Born: now, Lifetime: maxLifetime, StaleWhileRevalidate: Unnamed, StaleIfError: time.Second, Status: 200, Source: MaxAge, Flags: Shared}
	good := m.Append(nil)
	if len(good) != MetaSize {
		t.Fatalf("got %d bytes, want %d", len(good), MetaSize)
	}
	var kept Meta
	if !kept.Decode(good) || kept != m {
		t.Fatalf("got %+v, want %+v", kept, m)
	}
	if kept.Decode(good[1:]) || kept.Decode(append(good[:MetaSize:MetaSize], 0)) || kept.Decode(nil) {
		t.Error("a wrong length decodes")
	}
	for at, what := range map[int]string{37: "a lifetime", 43: "a stale-while-revalidate", 47: "a stale-if-error", 49: "a status", 50: "a source"} {
		bad := append([]byte(nil), good...)
		bad[at] |= 0x80
		if at == 43 {
			bad[40] = 0 // all ones means unnamed
		}
		if kept.Decode(bad) {
			t.Errorf("%s out of range decodes: %+v", what, kept)
		}
	}
}

// RFC 5861 §4 names the errors.
func TestIsServerError(t *testing.T) {
	for status, want := range map[int]bool{500: true, 501: false, 502: true, 503: true, 504: true, 505: false, 404: false, 200: false} {
		if got := IsServerError(status); got != want {
			t.Errorf("%d: got %v, want %v", status, got, want)
		}
	}
}

// Once the client wants validation, a failure of the origin gets it nothing stale.
func TestUsableOnErrorHearsTheClient(t *testing.T) {
	r, _ := respond(t, "200 Cache-Control: max-age=1, stale-if-error=60", now, &Policy{})
	m, q := NewMeta(&r, &Policy{}), request("GET Cache-Control: no-cache")
	later := now.Add(3 * time.Second)
	for honoured, want := range map[bool]bool{false: true, true: false} {
		if got := UsableOnError(&m, &q, &Policy{ClientControl: honoured}, Unreachable, later); got != want {
			t.Errorf("client honoured %v: got %v, want %v", honoured, got, want)
		}
	}
}

// The window is looked at when the origin has failed, not when it was asked.
func TestWindowClosesWhileWaiting(t *testing.T) {
	p := &Policy{}
	r, _ := respond(t, "200 Cache-Control: max-age=1, stale-if-error=10", now, p)
	m, q := NewMeta(&r, p), request("GET")
	asked, failed := now.Add(10*time.Second), now.Add(12*time.Second)
	if d := Decide(&m, &q, p, asked); d.Use != StaleIfError || d.Use.FromStore() {
		t.Fatalf("got %v, want %v", d.Use, StaleIfError)
	}
	if UsableOnError(&m, &q, p, ServerError, failed) {
		t.Error("stale for 11 s, allowed are 10")
	}
}

// Time is an argument: nothing here looks at a clock.
func TestNoClock(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range []string{"time.Now", "time.Since", "time.Until", "time.After", "time.NewTimer"} {
			if !strings.HasSuffix(name, "_test.go") && strings.Contains(string(text), call+"(") {
				t.Errorf("%s calls %s", name, call)
			}
		}
	}
}
