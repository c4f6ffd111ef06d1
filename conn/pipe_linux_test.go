package conn

import (
	"testing"
	"time"
)

func TestSpliceUsesPipesAndGivesThemBack(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	testExact(t, tcpLink(t, s), 1<<20)
	testExact(t, unixLink(t, s), 1<<20)
	s.pipes.mu.Lock()
	open, free := s.pipes.open, len(s.pipes.free)
	s.pipes.mu.Unlock()
	if open != 1 || free != 1 {
		t.Errorf("got %d pipes, %d of them free; want one, free", open, free)
	}
}

func TestSpliceCopiesWithoutPipes(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	var held []*pipe
	for range maxPipes {
		p := s.pipes.acquire()
		if p == nil {
			t.Fatalf("got %d pipes, want %d", len(held), maxPipes)
		}
		held = append(held, p)
	}
	if s.pipes.acquire() != nil {
		t.Fatalf("got more than %d pipes", maxPipes)
	}
	testExact(t, tcpLink(t, s), 3<<20)
	l := tcpLink(t, s)
	go func() { _, _ = l.from.Write([]byte("0123456789")) }()
	got := readN(l.into, 5)
	if n, err := Splice(l.dst, l.src, 5, nil); n != 5 || err != nil || <-got != "01234" {
		t.Errorf("limited: got %d, %v", n, err)
	}
	for _, p := range held {
		s.pipes.release(p)
	}
}

func TestCutTransferDiscardsItsPipe(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	l := tcpLink(t, s)
	go send(l.from, 64<<20, 1)
	ended := make(chan error)
	go func() { _, err := Splice(l.dst, l.src, -1, nil); ended <- err }()
	until(t, "the peer's window is full", func() bool { return l.dst.out.busy() && l.dst.BytesWritten() > 0 })
	s.CloseAll()
	if err := <-ended; err == nil {
		t.Error("got nil, want the closed socket")
	}
	s.pipes.mu.Lock()
	defer s.pipes.mu.Unlock()
	if s.pipes.open != len(s.pipes.free) {
		t.Errorf("got %d pipes open, %d free; want none lost", s.pipes.open, len(s.pipes.free))
	}
}

func TestPipesAreTrimmed(t *testing.T) {
	var ps pipes
	a, b, c := ps.acquire(), ps.acquire(), ps.acquire()
	ps.release(a)
	ps.release(b)
	ps.release(c)
	ps.trim() // all three were in use since the last trim
	if ps.open != 3 {
		t.Fatalf("got %d open, want 3", ps.open)
	}
	ps.release(ps.acquire())
	ps.trim() // one was in use
	if ps.open != 1 || len(ps.free) != 1 {
		t.Errorf("got %d open, %d free; want the one that was in use", ps.open, len(ps.free))
	}
	used := ps.acquire()
	ps.close()
	ps.release(used)
	if ps.open != 0 || len(ps.free) != 0 {
		t.Errorf("after close: got %d open, %d free; want none", ps.open, len(ps.free))
	}
}
