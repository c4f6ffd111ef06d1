package origin

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ticks describe an event stream.
type ticks struct {
	count    int           // events before the end; zero means endless
	interval time.Duration // between two events; zero means at once
}

// parseTicks reads ?count= (default 10) and ?interval= (default 1s).
func parseTicks(q url.Values) (ticks, error) {
	t := ticks{count: 10, interval: time.Second}
	var err error
	if v := q.Get("count"); v != "" {
		if t.count, err = strconv.Atoi(v); err != nil || t.count < 0 {
			return ticks{}, fmt.Errorf("count: got %q, want 0 (endless) or more", v)
		}
	}
	if v := q.Get("interval"); v != "" {
		if t.interval, err = time.ParseDuration(v); err != nil || t.interval < 0 {
			return ticks{}, fmt.Errorf("interval: got %q, want a duration such as 250ms", v)
		}
	}
	return t, nil
}

// serveEvents streams one event per interval, each flushed on its own, until
// the count is reached, the client leaves or the origin ends.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	t, err := parseTicks(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := s.until(r)
	defer cancel()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	rc := http.NewResponseController(w)
	for n := 1; t.count == 0 || n <= t.count; n++ {
		if n > 1 && s.wait(ctx, t.interval) != nil {
			return
		}
		if _, err = fmt.Fprintf(w, "id: %d\nevent: tick\ndata: {\"origin\":%q,\"n\":%d}\n\n", n, s.name, n); err != nil {
			return
		}
		if rc.Flush() != nil || ctx.Err() != nil {
			return
		}
	}
}
