package h1

import (
	"context"
	"fmt"
	"time"

	"penstock/conn"
)

// sweepEvery is how often a draining server looks at its connections.
const sweepEvery = 100 * time.Millisecond

// Drain waits until none of the clients' connections is left but tunnels. Busy ones end with
// their response; idle ones are closed once they have been silent for QuietTime: a request
// that is on its way still gets its response. When ctx ends before, it returns an error that
// says how many are left, which the caller must close; it wraps that of ctx. Before Drain the
// caller closes the listeners, and Options.Draining must be true. clients is the sweeper of the
// connections that Serve accepts, and of no others.
func (s *Server) Drain(ctx context.Context, clients *conn.Sweeper) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	seen := make(map[*conn.Conn]silence)
	for {
		left := s.closeQuiet(clients, seen)
		if left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("drain: %d connections were cut: %w", left, ctx.Err())
		case <-tick.C:
		}
	}
}

// silence is since when an idle connection has received nothing.
type silence struct {
	bytes int64
	since time.Time
}

// closeQuiet closes the connections that were silent long enough and returns how many are
// left.
func (s *Server) closeQuiet(clients *conn.Sweeper, seen map[*conn.Conn]silence) int {
	now, left := s.o.Now(), 0
	var quiet []*conn.Conn
	clients.Each(func(c *conn.Conn) {
		if c.Phase().Load() == phaseTunnel {
			return
		}
		left++
		before, known := seen[c]
		if c.Phase().Load() == phaseBusy || !known || before.bytes != c.BytesRead() {
			seen[c] = silence{bytes: c.BytesRead(), since: now}
			return
		}
		if now.Sub(before.since) >= QuietTime {
			quiet = append(quiet, c)
		}
	})
	for _, c := range quiet {
		_ = c.Close()
		delete(seen, c)
	}
	return left
}
