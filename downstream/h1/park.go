package h1

import (
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// A connection that waits for its next request with a worker keeps a goroutine with a grown
// stack and the memory of a head. One that was quiet for QuietTime leaves its worker and is
// parked: a goroutine with the smallest stack waits for its next byte, and then serves it.

// QuietTime is how long an idle connection must have been silent before it is parked, and
// before a draining server closes it. Only connections whose CanAwait is true are parked, and not
// where Limits lets them wait no longer than QuietTime.
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

// waitsOn reports whether a connection waits on that was quiet for long enough to be parked, but
// cannot be, because half of an empty line has come. It keeps its worker for the rest of its time.
func (g *gate) waitsOn(err error) bool {
	if !g.mayPark || g.head.begun || g.head.line == g.head.got || !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	g.mayPark = false
	g.conn.SetReadDeadlineIn(g.parkTime)
	return true
}

// silence is the error of readHead when err came instead of a head: io.EOF for a connection
// that will be parked, and for whatever ends between two requests.
func (g *gate) silence(err error) error {
	switch {
	case g.mayPark && errors.Is(err, os.ErrDeadlineExceeded):
		g.parked = true
		return io.EOF
	case g.heads > 0:
		return io.EOF
	}
	return err
}

// park waits for the next byte of a quiet connection and serves it again, also when none came
// in time on a new one, which is owed a response.
func (s *Server) park(g *gate) {
	s.noteParked()
	began := s.o.Now()
	g.conn.SetReadDeadlineIn(g.parkTime)
	g.mayPark = false
	err := g.conn.Await()
	s.parked.now.Add(-1)
	switch {
	case err == nil:
		g.awaitRest(s.o.Now().Sub(began))
		s.serve(g)
	case g.heads == 0 && errors.Is(err, os.ErrDeadlineExceeded):
		s.serve(g)
	}
	_ = g.Close()
}

// awaitRest has a connection that was parked for a time wait for the rest of its limit. If it has
// received only an empty line, it is parked again.
func (g *gate) awaitRest(parked time.Duration) {
	if g.parkTime > 0 {
		g.await(max(g.parkTime-parked, 1))
	} else {
		g.await(0)
	}
}

// Bounds of giving memory back.
const (
	manyParked = 256             // connections that were parked are worth it
	tidyAfter  = 3 * time.Second // the workers that they had have ended by then
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
