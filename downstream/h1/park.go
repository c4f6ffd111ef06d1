package h1

import (
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// A connection that waits for its next request in fasthttp keeps a goroutine with a grown
// stack, a reader, a writer and a request context: about 21 KiB. One that was quiet for
// QuietTime leaves fasthttp, as if it had ended, and is parked: a goroutine with the smallest
// stack waits for its next byte, and then serves it again.

// QuietTime is how long an idle connection must have been silent before it is parked, and
// before a draining server closes it.
const QuietTime = time.Second

// await sets how long the connection may wait for the first byte of a head; zero means no limit.
// Where it is more than QuietTime, the connection may spend the rest of it parked.
func (g *gate) await(limit time.Duration) {
	g.mayPark = (limit == 0 || limit > QuietTime) && g.conn.CanAwait()
	if !g.mayPark {
		g.conn.SetReadDeadlineIn(limit)
		return
	}
	g.parkTime = max(0, limit-QuietTime)
	g.conn.SetReadDeadlineIn(QuietTime)
}

// silence is the error that fasthttp gets when err came instead of a head. After an io.EOF it
// leaves the connection without a word, which is right for one that will be parked, and for
// whatever ends between two requests.
func (g *gate) silence(err error) error {
	switch {
	case g.begun:
		return err
	case g.mayPark && errors.Is(err, os.ErrDeadlineExceeded):
		g.parked = true
		return io.EOF
	case g.heads > 0:
		return io.EOF
	}
	return err
}

// park waits for the next byte of a quiet connection and has fasthttp serve it again, also
// when none came in time on a new one, which is owed a response.
func (s *Server) park(g *gate) {
	s.noteParked()
	g.conn.SetReadDeadlineIn(g.parkTime)
	g.mayPark = false
	err := g.conn.Await()
	s.parked.now.Add(-1)
	if err == nil || g.heads == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		_ = s.http.ServeConn(g) // its requests have recorded how the connection ended
		return
	}
	_ = g.Close()
}

// Bounds of giving memory back.
const (
	manyParked = 256             // connections that were parked are worth it
	tidyAfter  = 3 * time.Second // fasthttp's workers, whom they had, have ended by then
	tidyEvery  = time.Minute     // at most, for it is a collection and every page is taken anew
)

// noteParked counts a connection that is being parked.
func (s *Server) noteParked() {
	s.parked.now.Add(1)
	s.parked.since.Add(1)
	s.wantTidy()
}

// wantTidy has the memory that many connections left given back a little later. The runtime
// by itself collects an idle heap every two minutes.
func (s *Server) wantTidy() {
	if s.parked.since.Load() >= manyParked && s.parked.pending.CompareAndSwap(false, true) {
		time.AfterFunc(tidyAfter, s.tidy)
	}
}

// tidy gives memory back to the system. Memory in pools is freed by the second
// collection, that of FreeOSMemory.
func (s *Server) tidy() {
	s.parked.since.Store(0)
	runtime.GC()
	debug.FreeOSMemory()
	time.AfterFunc(tidyEvery, func() {
		s.parked.pending.Store(false)
		s.wantTidy()
	})
}
