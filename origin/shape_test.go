package origin

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestShapes(t *testing.T) {
	s := start(t)
	for _, tc := range []struct {
		name, target        string
		status, size        int
		length, cacheHeader string
	}{
		{"size alone is a sized 200", "/any/path?size=5", 200, 5, "5", ""},
		{"units are binary", "/?size=64KiB", 200, 65536, "65536", ""},
		{"chunked has no length", "/?size=70000&chunked=1", 200, 70000, "", ""},
		{"status keeps the body", "/?status=503&size=2", 503, 2, "2", ""},
		{"204 has neither body nor length", "/?status=204&size=9", 204, 0, "", ""},
		{"cache sets the field", "/?cache=public,max-age=60", 200, 0, "0", "public,max-age=60"},
		{"a knob wins over the page", "/download?size=1", 200, 1, "1", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp, body := get(t, s, tc.target)
			if resp.StatusCode != tc.status || len(body) != tc.size {
				t.Errorf("%s: got %d with %d bytes, want %d with %d", tc.target, resp.StatusCode, len(body), tc.status, tc.size)
			}
			if got := resp.Header.Get("Content-Length"); got != tc.length {
				t.Errorf("%s: Content-Length: got %q, want %q", tc.target, got, tc.length)
			}
			if got := resp.Header.Get("Cache-Control"); got != tc.cacheHeader {
				t.Errorf("%s: Cache-Control: got %q, want %q", tc.target, got, tc.cacheHeader)
			}
			if got := resp.Header.Get("X-Origin"); got != "a" {
				t.Errorf("%s: X-Origin: got %q, want a", tc.target, got)
			}
		})
	}
}

func TestUnreadableKnobIsRefusedByName(t *testing.T) {
	s := start(t)
	for _, tc := range []struct{ target, want string }{
		{"/?size=big", `size: got "big", want bytes`},
		{"/?size=-1", `size: got "-1"`},
		{"/?size=99999999999GiB", `size: got "99999999999GiB"`},
		{"/?delay=5", `delay: got "5", want a duration`},
		{"/?status=101", `status: got "101", want 200..599`},
		{"/?chunked=often", `chunked: got "often", want 1 or 0`},
		{"/?abort=tail", `abort: got "tail", want the body bytes`},
	} {
		resp, body := get(t, s, tc.target)
		if resp.StatusCode != http.StatusBadRequest || !strings.HasPrefix(body, tc.want) {
			t.Errorf("%s: got %d %q, want 400 %q", tc.target, resp.StatusCode, body, tc.want)
		}
	}
}

func TestDelayComesBeforeTheHead(t *testing.T) {
	s := New(Options{Name: "a"})
	waited := recordWaits(s)
	run(t, s)
	get(t, s, "/?delay=1500ms&size=1")
	if got := time.Duration(waited.Load()); got != 1500*time.Millisecond {
		t.Errorf("waited %v, want 1.5s", got)
	}
}

func TestAbort(t *testing.T) {
	s := start(t)
	for _, tc := range []struct{ name, target, want string }{
		{"sized body ends early", "/?size=100&abort=10", "\r\nContent-Length: 100\r\n"},
		{"chunked body misses its end", "/?size=100&abort=10&chunked=1", "\r\nTransfer-Encoding: chunked\r\n"},
		{"cut right after the head", "/?size=100&abort=0", "\r\nContent-Length: 100\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text, err := raw(t, s, tc.target)
			if err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Fatal(err)
			}
			if !strings.Contains(text, tc.want) {
				t.Fatalf("head of %q: want %q in it", text, tc.want)
			}
			resp, err := http.ReadResponse(newReader(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("body of %d bytes ended with %v, want unexpected EOF", len(body), err)
			}
			if want := int(10); tc.name != "cut right after the head" && len(body) != want {
				t.Errorf("body: got %d bytes before the cut, want %d", len(body), want)
			}
		})
	}
}

func TestAbortBeforeTheHeadIsAReset(t *testing.T) {
	text, err := raw(t, start(t), "/?abort=head")
	if text != "" || err == nil {
		t.Errorf("got %q, error %v; want nothing but a reset", text, err)
	}
}

func TestPatternIsTheSameFromEveryOffset(t *testing.T) {
	whole := make([]byte, 4096)
	if _, err := (pattern{}).ReadAt(whole, 0); err != nil {
		t.Fatal(err)
	}
	for off := range int64(64) {
		piece := make([]byte, 1000-off)
		if _, err := (pattern{}).ReadAt(piece, off); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(piece, whole[off:1000]) {
			t.Errorf("bytes from offset %d differ from those read as a whole", off)
		}
	}
	if bytes.Equal(whole[:1024], whole[1024:2048]) {
		t.Error("content repeats after 1024 bytes")
	}
}
