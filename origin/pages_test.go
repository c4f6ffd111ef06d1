package origin

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func newReader(text string) *bufio.Reader { return bufio.NewReader(strings.NewReader(text)) }

func TestJSONNamesTheOrigin(t *testing.T) {
	s := start(t)
	for want := 1; want <= 2; want++ {
		_, body := get(t, s, "/json")
		if body != fmt.Sprintf("{\"origin\":\"a\",\"requests\":%d}\n", want) {
			t.Errorf("request %d: got %q", want, body)
		}
	}
}

func TestIndexListsEveryPage(t *testing.T) {
	_, body := get(t, start(t), "/")
	for _, want := range strings.Fields("/json /slow /flaky /pages /download /events /ws /echo /upload " +
		"size= delay= status= cache= chunked= abort=") {
		if !strings.Contains(body, want) {
			t.Errorf("index: want %s in it, got\n%s", want, body)
		}
	}
}

func TestSlowWaits(t *testing.T) {
	s := New(Options{Name: "a"})
	waited := recordWaits(s)
	run(t, s)
	if resp, _ := get(t, s, "/slow"); resp.StatusCode != http.StatusOK || time.Duration(waited.Load()) != slowness {
		t.Errorf("got %d after %v, want 200 after %v", resp.StatusCode, time.Duration(waited.Load()), slowness)
	}
}

func TestFlakyFailsEveryThird(t *testing.T) {
	s := start(t)
	for n := 1; n <= 12; n++ {
		text, err := raw(t, s, "/flaky")
		want := "HTTP/1.1 200 "
		switch {
		case n%6 == 0:
			if text != "" || err == nil {
				t.Errorf("request %d: got %q, error %v; want a reset", n, text, err)
			}
			continue
		case n%3 == 0:
			want = "HTTP/1.1 503 "
		}
		if !strings.HasPrefix(text, want) {
			t.Errorf("request %d: got %q, want %s", n, text, want)
		}
	}
}

func TestPagesAreCacheable(t *testing.T) {
	a, b := start(t), New(Options{Name: "b"})
	run(t, b)
	resp, body := get(t, a, "/pages/7")
	if got := resp.Header.Get("Cache-Control"); got != "public, max-age=60" {
		t.Errorf("Cache-Control: got %q", got)
	}
	again, same := get(t, b, "/pages/7")
	if tag := resp.Header.Get("ETag"); tag == "" || tag != again.Header.Get("ETag") || body != same {
		t.Errorf("two origins disagree about page 7: %q and %q", tag, again.Header.Get("ETag"))
	}
	for _, condition := range []string{"If-None-Match", "If-Modified-Since"} {
		value := resp.Header.Get(map[string]string{"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}[condition])
		if r, body := get(t, a, "/pages/7", condition, value); r.StatusCode != http.StatusNotModified || body != "" {
			t.Errorf("%s: %s: got %d with %d bytes, want 304 with none", condition, value, r.StatusCode, len(body))
		}
	}
	if r, _ := get(t, a, "/pages/0"); r.StatusCode != http.StatusNotFound {
		t.Errorf("page 0: got %d, want 404", r.StatusCode)
	}
}

func TestDownloadMatchesItsChecksum(t *testing.T) {
	s := start(t)
	resp, body := get(t, s, "/download")
	sum := sha256.Sum256([]byte(body))
	if len(body) != downloadSize || resp.Header.Get("X-Content-Sha256") != hex.EncodeToString(sum[:]) {
		t.Errorf("got %d bytes with checksum %x, header says %s", len(body), sum, resp.Header.Get("X-Content-Sha256"))
	}
	part, piece := get(t, s, "/download", "Range", "bytes=1000-1999")
	if part.StatusCode != http.StatusPartialContent || piece != body[1000:2000] {
		t.Errorf("range 1000-1999: got %d with %d bytes", part.StatusCode, len(piece))
	}
}

func TestEchoShowsTheRequest(t *testing.T) {
	s := start(t)
	for _, target := range []string{"/echo?a=1&b", "/unknown/path", "/a//b", "/a/../b%2Fc"} {
		_, r := dial(t, s, "GET "+target+" HTTP/1.1\r\nHost: name.example\r\nX-One: 1\r\nX-One: 2\r\nConnection: close\r\n\r\n")
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got echo
		if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		if got.Target != target || got.Method != "GET" || got.Host != "name.example" || len(got.Headers["X-One"]) != 2 {
			t.Errorf("%s: got %+v", target, got)
		}
	}
}

func TestUploadAnswersChecksum(t *testing.T) {
	s := start(t)
	body := strings.Repeat("penstock", 100_000)
	sum := sha256.Sum256([]byte(body))
	for name, path := range map[string]string{"sized": "/upload", "chunked": "/upload/any/name"} {
		var src io.Reader = strings.NewReader(body)
		if name == "chunked" {
			src = io.MultiReader(src) // hides the length
		}
		resp, err := http.Post("http://"+s.Addr().String()+path, "text/plain", src)
		if err != nil {
			t.Fatal(err)
		}
		var got upload
		err = json.NewDecoder(resp.Body).Decode(&got)
		_ = resp.Body.Close()
		if want := (upload{Origin: "a", Length: int64(len(body)), SHA256: hex.EncodeToString(sum[:])}); err != nil || got != want {
			t.Errorf("%s: got %+v, error %v; want %+v", name, got, err, want)
		}
	}
}

func TestEvents(t *testing.T) {
	s := New(Options{Name: "a"})
	waited := recordWaits(s)
	run(t, s)
	resp, body := get(t, s, "/events?count=3&interval=250ms")
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type: got %q", got)
	}
	if want := "id: 3\nevent: tick\ndata: {\"origin\":\"a\",\"n\":3}\n\n"; strings.Count(body, "event: tick\n") != 3 || !strings.HasSuffix(body, want) {
		t.Errorf("got %q, want three ticks ending in %q", body, want)
	}
	if got := time.Duration(waited.Load()); got != 500*time.Millisecond {
		t.Errorf("waited %v in all, want 500ms: between events only", got)
	}
	for _, target := range []string{"/events?count=-1", "/events?interval=fast"} {
		if resp, body := get(t, s, target); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %d %q, want 400", target, resp.StatusCode, body)
		}
	}
}

func TestEventsArriveOneByOneAndEndWithTheOrigin(t *testing.T) {
	s := New(Options{Name: "a"})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, r := dial(t, s, "GET /events?count=0&interval=1h HTTP/1.1\r\nHost: o\r\n\r\n")
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, err := bufio.NewReader(resp.Body).ReadString('\n')
	if err != nil || first != "id: 1\n" {
		t.Fatalf("first line: got %q, error %v, while the stream is open", first, err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("shutdown with an endless stream open: %v", err)
	}
}
