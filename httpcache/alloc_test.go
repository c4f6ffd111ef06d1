//go:build !race

package httpcache

import "testing"

func TestHitAllocatesNothing(t *testing.T) {
	s := newScene(t, "")
	r := hitScene(t, s)
	path := []byte("/a")
	req := Request{
		Method: []byte("GET"), Scheme: "http", Host: []byte("a.example"), Path: path, Fields: &r.fields, Streams: true,
		Record: r.x, Response: &r.resp, Paths: r, Origin: r,
	}
	once := func() {
		r.t.Reset()
		s.engine.Begin(&r.t, s.rule, &req)
		if outcome, _ := s.engine.Lookup(&r.t); outcome != Serve {
			t.Fatal("not a hit")
		}
	}
	for range 10 {
		once() // fills the pools
	}
	if n := testing.AllocsPerRun(1000, once); n != 0 {
		t.Errorf("%v allocations a hit, want 0", n)
	}
}
