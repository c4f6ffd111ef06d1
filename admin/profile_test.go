package admin

import (
	"context"
	"net/http"
	"runtime"
	"testing"
)

// Counting contention costs something, so it is on only while somebody asks for it.
func TestContentionIsCountedOnlyWhileAsked(t *testing.T) {
	s := serve(t, &gateway{}, nil)
	fraction := func() int { return runtime.SetMutexProfileFraction(-1) } // a negative one only reads
	if n := fraction(); n != 0 {
		t.Fatalf("before: one in %d is counted, want none", n)
	}
	answered := make(chan error, 1)
	go func() {
		r, err := http.Get(s.base + "/debug/pprof/mutex?seconds=60")
		if err == nil {
			err = r.Body.Close()
		}
		answered <- err
	}()
	for fraction() == 0 { // the test's own time limit ends it
		runtime.Gosched()
	}
	if err := s.s.Shutdown(context.Background()); err != nil { // ends the profile, not the connection
		t.Error(err)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if n := fraction(); n != 0 {
		t.Errorf("afterwards: one in %d is counted, want none", n)
	}
}
