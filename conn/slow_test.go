package conn

import (
	"io"
	"net"
	"testing"
	"time"
)

// slowPeer is a connection in which a write waits for a peer, of which the test says how much
// it has moved.
func slowPeer(t *testing.T, s *Sweeper, limits ...*SlowLimit) *Conn {
	t.Helper()
	near, far := tcpPair(t)
	c := New(near, s)
	go func() { _, _ = io.Copy(io.Discard, far) }()
	c.out.calls.Add(oneCall)
	for _, l := range limits {
		c.Pace().Hold(l)
	}
	return c
}

// seconds lets time pass.
func seconds(s *Sweeper, n int) {
	for range n * perSecond {
		s.sweep(time.Duration(s.now.Load()) + s.tick)
	}
}

func isEnded(c *Conn) bool { return c.pace.ended.Load() != nil }

func TestSlowestTransferIsEnded(t *testing.T) {
	s, ended := stillSweeper(t), 0
	l := NewSlowLimit(2, func() { ended++ })
	fast, slow := slowPeer(t, s, l), []*Conn{slowPeer(t, s, l), slowPeer(t, s, l), slowPeer(t, s, l)}
	for range 11 {
		fast.out.bytes.Add(64 << 10)
		for i, c := range slow {
			c.out.bytes.Add(int64(2-i) * 100) // the last one moves nothing
		}
		seconds(s, 1)
	}
	if isEnded(fast) || isEnded(slow[0]) || isEnded(slow[1]) || !isEnded(slow[2]) || ended != 1 {
		t.Errorf("ended: fast %v, slow %v %v, slowest %v; %d counted", isEnded(fast), isEnded(slow[0]), isEnded(slow[1]), isEnded(slow[2]), ended)
	}
	if _, err := slow[2].Write([]byte("x")); err != ErrSlowest {
		t.Errorf("the slowest one's write returns %v", err)
	}
	fast.out.leave(0)
	seconds(s, 25)
	if isEnded(slow[0]) || isEnded(slow[1]) || ended != 1 {
		t.Error("one was ended although there are not more slow ones than allowed")
	}
}

// An ordinary transfer that pauses is not the slowest beside some that never moved much.
func TestPauseIsNotTheSlowest(t *testing.T) {
	s := stillSweeper(t)
	l := NewSlowLimit(1, nil)
	c := slowPeer(t, s, l)
	seconds(s, 1)
	c.out.bytes.Add(10 << 20)
	seconds(s, 1)
	attacker := slowPeer(t, s, l)
	for range 30 {
		attacker.out.bytes.Add(100)
		seconds(s, 1)
	}
	if isEnded(c) || !isEnded(attacker) {
		t.Errorf("ended: the one that pauses %v, the one that creeps %v", isEnded(c), isEnded(attacker))
	}
}

func TestOnlyTransfersWhosePeerIsWaitedForAreSlow(t *testing.T) {
	s := stillSweeper(t)
	l := NewSlowLimit(0, nil)
	quiet := slowPeer(t, s, l)
	for range 60 {
		quiet.out.leave(0) // an event has been taken, and the origin is quiet
		seconds(s, 1)
		quiet.out.calls.Add(oneCall)
		s.sweep(time.Duration(s.now.Load()) + s.tick)
	}
	if isEnded(quiet) {
		t.Error("ended although nobody waits for the peer")
	}
	released := slowPeer(t, s, l)
	seconds(s, 5)
	released.Pace().Release(l)
	seconds(s, 10)
	if isEnded(released) {
		t.Error("ended after Release")
	}
}

// A transfer leaves the slow ones when it moves again, and when it ends.
func TestTransfersDoNotStaySlow(t *testing.T) {
	s := stillSweeper(t)
	l := NewSlowLimit(2, nil)
	faster, done, quiet := slowPeer(t, s, l), slowPeer(t, s, l), slowPeer(t, s, NewSlowLimit(1, nil))
	seconds(s, 11)
	if len(l.slow) != 2 {
		t.Fatalf("%d are slow, want 2", len(l.slow))
	}
	done.Pace().Release(l)
	faster.out.bytes.Add(1 << 20)
	quiet.out.leave(0)
	seconds(s, 11)
	if len(l.slow) != 0 || faster.pace.marked.Load() || done.pace.marked.Load() || quiet.pace.marked.Load() || isEnded(faster) || isEnded(done) {
		t.Errorf("%d are slow, want none", len(l.slow))
	}
}

// When a peer sends too little the read returns. Its connection can still be written.
func TestReadOfTheSlowestReturns(t *testing.T) {
	s := stillSweeper(t)
	near, far := tcpPair(t)
	c := New(near, s)
	all, l := NewSlowLimit(5, nil), NewSlowLimit(0, nil)
	c.Pace().Hold(all)
	c.Pace().Hold(l)
	ended := make(chan error, 1)
	go func() { _, err := c.Read(make([]byte, 1)); ended <- err }()
	until(t, "the read waits", c.in.busy)
	seconds(s, 11)
	if err := <-ended; err != ErrSlowest {
		t.Fatalf("got %v, want ErrSlowest", err)
	}
	if _, err := c.Write([]byte("503")); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(far, make([]byte, 3)); err != nil {
		t.Error(err)
	}
	c.SetReadDeadlineIn(time.Hour) // as one does who did not notice
	go func() { _, err := c.Read(make([]byte, 1)); ended <- err }()
	until(t, "the read waits", c.in.busy)
	seconds(s, 1)
	if err := <-ended; err != ErrSlowest {
		t.Fatalf("got %v, want ErrSlowest", err)
	}
	if len(all.slow) != 0 {
		t.Error("it still counts as slow elsewhere")
	}
}

func TestHoldingCostsNoAllocation(t *testing.T) {
	s := stillSweeper(t)
	near, _ := net.Pipe()
	c, l := New(near, s), NewSlowLimit(1, nil)
	if n := testing.AllocsPerRun(100, func() { c.Pace().Hold(l); c.Pace().Release(l) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Where transfers take more than an eighth of a limit, each is looked at from its first tick on.
func TestCrowdedLimitsLookAtOnce(t *testing.T) {
	for n, want := range map[int]bool{8: false, 9: true} {
		s := stillSweeper(t)
		l := NewSlowLimit(64, nil)
		var last *Conn
		for range n {
			last = slowOf(t, s, l, 1)
		}
		if s.sweep(time.Duration(s.now.Load()) + s.tick); last.pace.begun != want {
			t.Errorf("%d of 64: looked at %v, want %v", n, last.pace.begun, want)
		}
	}
}

// The kernel is not asked about a transfer that ends within a second.
func TestShortTransfersAreNotLookedAt(t *testing.T) {
	s := stillSweeper(t)
	c := slowPeer(t, s)
	c.Pace().Hold(NewSlowLimit(1, nil))
	c.SetMinRate(1, 5*time.Second)
	for range firstLook/s.tick - 1 {
		s.sweep(time.Duration(s.now.Load()) + s.tick)
	}
	if c.pace.looked || c.pace.begun {
		t.Errorf("looked for the rate %v, for slowness %v", c.pace.looked, c.pace.begun)
	}
	if seconds(s, 1); !c.pace.looked || !c.pace.begun {
		t.Error("not looked at after it")
	}
}
