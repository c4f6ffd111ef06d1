package conn

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// address returns the n-th of some clients.
func address(n byte) netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, n}) }

// slowOf is slowPeer for a transfer of the n-th client.
func slowOf(t *testing.T, s *Sweeper, l *SlowLimit, n byte) *Conn {
	t.Helper()
	c := slowPeer(t, s)
	c.Pace().HoldFor(l, address(n))
	return c
}

func TestYieldEndsTheSlowestOfTheClientWithTheMost(t *testing.T) {
	s, ended := stillSweeper(t), 0
	l := NewSlowLimit(100, func() { ended++ })
	one := slowOf(t, s, l, 1)
	three := []*Conn{slowOf(t, s, l, 2), slowOf(t, s, l, 2), slowOf(t, s, l, 2)}
	s.sweep(time.Duration(s.now.Load()) + s.tick)
	if l.Yield(address(3)) {
		t.Error("one was ended that has only begun to wait")
	}
	seconds(s, 1)
	three[0].out.bytes.Add(300)
	three[2].out.bytes.Add(200)
	seconds(s, 1)
	if l.Yield(address(2)) {
		t.Error("the client with the most took the place of another")
	}
	if !l.Yield(address(1)) || isEnded(one) || isEnded(three[0]) || !isEnded(three[1]) || isEnded(three[2]) || ended != 1 {
		t.Errorf("ended: the only one %v, of three %v %v %v; %d counted", isEnded(one), isEnded(three[0]), isEnded(three[1]), isEnded(three[2]), ended)
	}
	three[1].Pace().Release(l)
	if l.Yield(address(1)) {
		t.Error("two were too many beside one")
	}
	if !l.Yield(address(3)) || !isEnded(three[2]) || isEnded(one) {
		t.Error("a client without any got no place of one with two")
	}
}

// A transfer that moves, or that waits for its origin, is left alone.
func TestYieldEndsOnlyWhatWaitsForItsPeer(t *testing.T) {
	s := stillSweeper(t)
	l := NewSlowLimit(100, nil)
	moving, quiet := slowOf(t, s, l, 1), slowOf(t, s, l, 1)
	quiet.out.leave(0)
	for range 5 {
		moving.out.bytes.Add(2 * slowBytes)
		seconds(s, 1)
	}
	if l.Yield(address(2)) {
		t.Errorf("ended: the one that moves %v, the one whose origin is quiet %v", isEnded(moving), isEnded(quiet))
	}
	gone := slowOf(t, s, l, 3)
	for range 2 {
		moving.out.bytes.Add(2 * slowBytes)
		seconds(s, 1)
	}
	gone.Pace().Release(l)
	if l.Yield(address(2)) || isEnded(gone) {
		t.Error("ended after Release")
	}
}

// A peer that has taken much at first, as much as fits into its socket, yields when Yield has
// looked at it twice.
func TestYieldEndsWhatHasMovedOnlyAtFirst(t *testing.T) {
	s := stillSweeper(t)
	l := NewSlowLimit(100, nil)
	c := slowOf(t, s, l, 1)
	seconds(s, 2)
	c.out.bytes.Add(100 << 20)
	if l.Yield(address(2)) {
		t.Fatal("ended although it has just moved")
	}
	seconds(s, 1)
	if !l.Yield(address(2)) || !isEnded(c) {
		t.Error("not ended although it moves no more")
	}
}

// Yield does not wait for the first second: two ticks from its own first look are enough.
func TestYieldLooksBeforeTheFirstSecond(t *testing.T) {
	s := stillSweeper(t)
	l := NewSlowLimit(100, nil)
	c := slowOf(t, s, l, 1)
	for look := range 3 {
		for range yieldTicks {
			s.sweep(time.Duration(s.now.Load()) + s.tick)
		}
		if got, want := l.Yield(address(2)), look == 1; got != want || isEnded(c) != (look > 0) {
			t.Errorf("look %d: ended %v, want %v", look, got, want)
		}
	}
}

func TestHeavyClients(t *testing.T) {
	s := stillSweeper(t)
	l := NewSlowLimit(100, nil)
	for n, transfers := range []int{0, 1, 2, 5} {
		for range transfers {
			slowOf(t, s, l, byte(n))
		}
	}
	for n, want := range []bool{false, false, false, true} {
		if got := l.Heavy(address(byte(n))); got != want {
			t.Errorf("client %d: got %v", n, got)
		}
	}
}

func TestHoldingForAClientCostsNoAllocation(t *testing.T) {
	s := stillSweeper(t)
	near, _ := net.Pipe()
	c, l := New(near, s), NewSlowLimit(1, nil)
	if n := testing.AllocsPerRun(100, func() { c.Pace().HoldFor(l, address(1)); c.Pace().Release(l) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(l.holders.all) != 0 || len(l.holders.count) != 0 {
		t.Errorf("%d transfers of %d clients are left", len(l.holders.all), len(l.holders.count))
	}
}
