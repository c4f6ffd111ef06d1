package origin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// downloadSize is the size of /download.
const downloadSize = 10 << 20

// slowness is how long /slow waits before it responds.
const slowness = 2 * time.Second

// handler returns the origin's handler: shaped responses first, then pages.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", s.serveIndex)
	mux.HandleFunc("/json", s.serveJSON)
	mux.HandleFunc("/slow", s.serveSlow)
	mux.HandleFunc("/flaky", s.serveFlaky)
	mux.HandleFunc("/pages/{n}", s.servePage)
	mux.HandleFunc("/download", s.download())
	mux.HandleFunc("/events", s.serveEvents)
	mux.HandleFunc("/ws", s.serveWebSocket)
	mux.HandleFunc("/echo", s.serveEcho)
	mux.HandleFunc("/upload", s.serveUpload)
	mux.HandleFunc("/upload/", s.serveUpload)
	mux.HandleFunc("/", s.serveEcho)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Origin", s.name)
		s.served.Add(1)
		if r.URL.RawQuery != "" {
			sh, asked, err := parseShape(r.URL.Query())
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			if asked {
				s.serveShape(w, r, sh)
				return
			}
		}
		if strings.Contains(r.URL.Path, "//") || strings.Contains(r.URL.Path, "/.") {
			s.serveEcho(w, r) // ServeMux would redirect; the origin shows the request as received
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// serveIndex lists the pages and parameters of the origin.
func (s *Server) serveIndex(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, indexText, s.name)
}

const indexText = `This is origin %s.

/json         quick JSON
/slow         answers after 2 s
/flaky        every third request fails: a 503, then a reset, in turn
/pages/{n}    cacheable HTML with ETag and Last-Modified, 1..1000
/download     10 MiB with a length and X-Content-Sha256; ranges work
/events       server-sent events: ?count=10 (0: endless) &interval=1s
/ws           a WebSocket that echoes
/echo         the request as this origin saw it, as JSON (so does any other path)
/upload       reads the body, answers its length and sha256 (so does all below it)

On any path, alone or together:
?size=64KiB        a body of that size
&delay=250ms       wait before the response head
&status=503        any final status
&cache=max-age=60  the Cache-Control field
&chunked=1         chunked instead of sized
&abort=1000        cut the connection after so many body bytes; "head": reset it before the head
`

// serveJSON is the quick page: it names the origin and counts its requests.
func (s *Server) serveJSON(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	body := fmt.Appendf(nil, "{\"origin\":%q,\"requests\":%d}\n", s.name, s.served.Load())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// serveSlow responds after slowness.
func (s *Server) serveSlow(w http.ResponseWriter, r *http.Request) {
	if s.wait(r.Context(), slowness) == nil {
		s.serveJSON(w, r)
	}
}

// serveFlaky fails every third request: with a 503, then with a reset before
// the response head, and so on.
func (s *Server) serveFlaky(w http.ResponseWriter, r *http.Request) {
	switch n := s.flaky.Add(1); {
	case n%6 == 0:
		reset(w)
	case n%3 == 0:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "origin "+s.name+" has a bad moment", http.StatusServiceUnavailable)
	default:
		s.serveJSON(w, r)
	}
}

// pagesDate is the Last-Modified of every page and of the download.
func pagesDate() time.Time { return time.Date(2025, time.January, 2, 3, 4, 5, 0, time.UTC) }

// servePage serves cacheable page n of 1..1000. Its bytes depend on n alone, so that its
// entity tag is the same at every origin; conditional and range requests work.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || n > 1000 {
		http.Error(w, fmt.Sprintf("page %q: want 1..1000", r.PathValue("n")), http.StatusNotFound)
		return
	}
	body := fmt.Sprintf("<!doctype html><title>Page %d</title>\n<h1>Page %d</h1>\n%s",
		n, n, strings.Repeat(fmt.Sprintf("<p>Paragraph of page %d.</p>\n", n), 1+n%40))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=60")
	h.Set("ETag", fmt.Sprintf("\"page-%d\"", n))
	http.ServeContent(w, r, "", pagesDate(), strings.NewReader(body))
}

// download returns the handler of /download; the checksum is made on first use.
func (s *Server) download() http.HandlerFunc {
	sum := sync.OnceValue(func() string {
		h := sha256.New()
		_, _ = io.Copy(h, io.NewSectionReader(pattern{}, 0, downloadSize)) // neither side can fail
		return hex.EncodeToString(h.Sum(nil))
	})
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/octet-stream")
		h.Set("X-Content-Sha256", sum())
		h.Set("ETag", "\""+sum()[:16]+"\"")
		http.ServeContent(w, r, "", pagesDate(), io.NewSectionReader(pattern{}, 0, downloadSize))
	}
}

// reset closes the client's connection with a reset and without a response.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// until returns a context that ends with the request or with the origin.
func (s *Server) until(r *http.Request) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(r.Context())
	forget := context.AfterFunc(s.life, cancel)
	return ctx, func() { forget(); cancel() }
}
