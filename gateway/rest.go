package gateway

import (
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// A connection that waits for its next request in fasthttp keeps a goroutine with a
// grown stack, a reader, a writer and a request context: about 21 KiB. One that was
// quiet for quietTime leaves fasthttp, as if it had ended, and rests: a goroutine with
// the smallest stack waits for its next byte, and then serves it again.

// await sets how long the connection may wait for the first byte of a head; zero is
// for ever. Where it is more than quietTime, the connection may spend the rest of it
// at rest.
func (w *wire) await(limit time.Duration) {
	w.mayRest = (limit == 0 || limit > quietTime) && w.CanAwait()
	if !w.mayRest {
		w.SetReadDeadlineIn(limit)
		return
	}
	w.restTime = max(0, limit-quietTime)
	w.SetReadDeadlineIn(quietTime)
}

// silence is the error that fasthttp gets when err came instead of a head. Behind an
// io.EOF it leaves the connection without a word, which is right for one that will
// rest, and for whatever ends between two requests.
func (w *wire) silence(err error) error {
	switch {
	case w.begun:
		return err
	case w.mayRest && errors.Is(err, os.ErrDeadlineExceeded):
		w.resting = true
		return io.EOF
	case w.heads > 0:
		return io.EOF
	}
	return err
}

// rest waits for the next byte of a quiet connection and has fasthttp serve it again,
// also when none came in time on a new one, which is owed an answer.
func (g *Gateway) rest(w *wire) {
	g.noteRest()
	w.SetReadDeadlineIn(w.restTime)
	w.mayRest = false
	err := w.Await()
	g.resting.Add(-1)
	if err == nil || w.heads == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		_ = g.server.ServeConn(w) // how a connection ended is told by its requests
		return
	}
	_ = w.Close()
}

// Bounds of giving memory back.
const (
	manyRest  = 256             // connections that came to rest are worth it
	tidyAfter = 3 * time.Second // fasthttp's workers, whom they had, have ended by then
	tidyEvery = time.Minute     // at most, for it is a collection and every page is taken anew
)

// noteRest counts a connection that comes to rest.
func (g *Gateway) noteRest() {
	g.resting.Add(1)
	g.rested.Add(1)
	g.wantTidy()
}

// wantTidy has the memory that many connections left given back a little later. The
// runtime by itself collects an idle heap every two minutes.
func (g *Gateway) wantTidy() {
	if g.rested.Load() >= manyRest && g.tidying.CompareAndSwap(false, true) {
		time.AfterFunc(tidyAfter, g.tidy)
	}
}

// tidy gives memory back to the system. What waits in pools is freed by the second
// collection, that of FreeOSMemory.
func (g *Gateway) tidy() {
	g.rested.Store(0)
	runtime.GC()
	debug.FreeOSMemory()
	time.AfterFunc(tidyEvery, func() {
		g.tidying.Store(false)
		g.wantTidy()
	})
}
