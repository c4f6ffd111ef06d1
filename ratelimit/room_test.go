package ratelimit

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// slots admits so many requests.
type slots struct {
	free int
	base time.Duration
}

func (s *slots) TryBegin(*Entry) bool {
	if s.free == 0 {
		return false
	}
	s.free--
	return true
}

func (s *slots) Base() time.Duration { return s.base }

func newTestRoom(size int) *Room {
	return NewRoom(RoomOptions{Seats: NewSeats(size), Wait: 250 * time.Millisecond})
}

// join lets a new request wait and fails the test if it does not.
func join(t *testing.T, r *Room, e *Entry, now int64) *Entry {
	t.Helper()
	if v, _ := r.Join(e, now, 0); v != Joined {
		t.Fatalf("%v: got verdict %d, want Joined", e.Owner, v)
	}
	return e
}

// of is a request with this name of a client.
func of(name string, p Priority, client uint64) *Entry {
	return &Entry{Priority: p, Client: client, Owner: name}
}

// order takes everything out and returns the names in this order.
func order(r *Room, now int64) string {
	var names string
	for {
		e := r.Next(now, &slots{free: 1})
		if e == nil {
			return names
		}
		names += e.Owner.(string) + " "
	}
}

func TestWhatWaitsInARoom(t *testing.T) {
	r := newTestRoom(100)
	for i, p := range []Priority{Normal, Low, Normal, High} {
		join(t, r, of(fmt.Sprint(i), p, 1), noon+int64(i))
	}
	if got, want := r.Waits(), [priorities]int{0, 1, 2, 1}; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	var oldest string
	r.Oldest(3, func(e *Entry) { oldest += e.Owner.(string) })
	if oldest != "012" {
		t.Errorf("got %s, want the three that came first", oldest)
	}
	order(r, noon+ms)
	if got := r.Waits(); got != [priorities]int{} {
		t.Errorf("an empty room: got %v", got)
	}
	r.Oldest(3, func(e *Entry) { t.Errorf("an empty room has %v", e.Owner) })
}

func TestRoomOrder(t *testing.T) {
	r := newTestRoom(100)
	for i, in := range []struct {
		name   string
		p      Priority
		client uint64
	}{
		{"n1a", Normal, 1}, {"n1b", Normal, 1}, {"n1c", Normal, 1}, {"n2a", Normal, 2},
		{"low", Low, 3}, {"n2b", Normal, 2}, {"high", High, 1}, {"crit", Critical, 9},
	} {
		join(t, r, of(in.name, in.p, in.client), noon+int64(i))
	}
	if got, want := order(r, noon+ms), "crit high n1a n2a n1b n2b n1c low "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if r.Waiting() != 0 || r.o.Seats.taken.Load() != 0 {
		t.Errorf("got %d waiting and %d seats taken, want none", r.Waiting(), r.o.Seats.taken.Load())
	}
}

func TestRoomGivesNothingWithoutASlot(t *testing.T) {
	r := newTestRoom(10)
	join(t, r, of("a", Normal, 1), noon)
	if e := r.Next(noon, &slots{}); e != nil || r.Waiting() != 1 {
		t.Errorf("got %v and %d waiting, want nil and 1", e, r.Waiting())
	}
}

func TestRoomFull(t *testing.T) {
	for _, tc := range []struct {
		name    string
		p       Priority
		client  uint64
		verdict Verdict
		dropped string
	}{
		{"drops the oldest of the client with most", Normal, 7, Joined, "b1"},
		{"drops the oldest of its own client", Normal, 2, Joined, "b1"},
		{"refuses a lower priority", Low, 7, Full, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newTestRoom(4)
			join(t, r, of("a", Normal, 1), noon)
			join(t, r, of("b1", Normal, 2), noon)
			join(t, r, of("b2", Normal, 2), noon)
			join(t, r, of("high", High, 3), noon)
			v, dropped := r.Join(&Entry{Priority: tc.p, Client: tc.client}, noon+ms, 0)
			if got := nameOf(dropped); v != tc.verdict || got != tc.dropped {
				t.Errorf("got verdict %d and %q dropped, want %d and %q", v, got, tc.verdict, tc.dropped)
			}
			if r.Waiting() != 4 || r.o.Seats.taken.Load() != 4 {
				t.Errorf("got %d waiting and %d seats taken, want 4", r.Waiting(), r.o.Seats.taken.Load())
			}
		})
	}
}

func nameOf(e *Entry) string {
	if e == nil {
		return ""
	}
	return e.Owner.(string)
}

func TestRoomsShareSeats(t *testing.T) {
	seats := NewSeats(2)
	one := NewRoom(RoomOptions{Seats: seats, Size: 1, Wait: time.Second})
	two := NewRoom(RoomOptions{Seats: seats, Wait: time.Second})
	join(t, one, of("a", High, 1), noon)
	if v, _ := one.Join(&Entry{Priority: Normal}, noon, 0); v != Full {
		t.Errorf("above the size of the room: got verdict %d, want Full", v)
	}
	e := join(t, two, of("b", Normal, 1), noon)
	if v, _ := two.Join(&Entry{Priority: Low}, noon, 0); v != Full {
		t.Errorf("above the seats: got verdict %d, want Full", v)
	}
	if !two.Leave(e, noon) || two.Leave(e, noon) {
		t.Error("an entry leaves once")
	}
	join(t, two, of("c", Low, 1), noon)
}

func TestRoomDeadlines(t *testing.T) {
	r := newTestRoom(10)
	if v, _ := r.Join(&Entry{Deadline: noon + 10*ms}, noon, 11*time.Millisecond); v != TooLate {
		t.Errorf("got verdict %d, want TooLate: the response takes longer than the client waits", v)
	}
	join(t, r, of("first", Normal, 1), noon)
	hasty := &Entry{Priority: Normal, Client: 2, Owner: "hasty", Deadline: noon + 60*ms}
	if v, _ := r.Join(hasty, noon, 10*time.Millisecond); v != Joined {
		t.Fatalf("got verdict %d, want Joined", v)
	}
	if e := r.Expired(noon + 49*ms); e != nil {
		t.Errorf("after 49 ms: %s expired", nameOf(e))
	}
	if e := r.Expired(noon + 50*ms); e != hasty {
		t.Errorf("after 50 ms: got %q, want hasty, whose response would come too late", nameOf(e))
	}
	if got := nameOf(r.Next(noon+250*ms, &slots{free: 1})); got != "" {
		t.Errorf("after the wait: %s is served", got)
	}
	if got := nameOf(r.Expired(noon + 250*ms)); got != "first" {
		t.Errorf("after the wait: got %q, want first", got)
	}
	if e := r.Expired(noon + 250*ms); e != nil || r.Waiting() != 0 {
		t.Errorf("got %v and %d waiting, want none", e, r.Waiting())
	}
}

// TestRoomServesNewestFirstWhenOverloadLasts keeps the room from being empty for a second, and
// empties it then for 100 ms.
func TestRoomServesNewestFirstWhenOverloadLasts(t *testing.T) {
	r := newTestRoom(100)
	now := noon
	join(t, r, of("0", Normal, 1), now)
	for i := 1; i <= 20; i++ { // never empty
		now += 50 * ms
		join(t, r, of(fmt.Sprint(i), Normal, 1), now)
		if got, want := nameOf(r.Next(now, &slots{free: 1})), fmt.Sprint(i-1); i < 20 && got != want {
			t.Fatalf("after %v: got %s, want the oldest, %s", time.Duration(now-noon), got, want)
		}
	}
	join(t, r, of("x", Normal, 1), now+ms)
	join(t, r, of("y", Normal, 1), now+2*ms)
	if got, want := order(r, now+3*ms), "y x "; got != want && got != want+"19 " {
		t.Errorf("after a second: got %s, want the newest first", got)
	}
	for e := r.Expired(now + 3*ms); e != nil; e = r.Expired(now + 3*ms) {
	}
	now += 50 * ms
	join(t, r, of("old", Normal, 1), now)
	if got := nameOf(r.Expired(now + 20*ms)); got != "old" {
		t.Errorf("while overload lasts: got %q expired after 20 ms, want old", got)
	}
	now += 220 * ms // empty for more than 100 ms in all
	join(t, r, of("a", Normal, 1), now)
	join(t, r, of("b", Normal, 1), now)
	if got, want := order(r, now+30*ms), "a b "; got != want {
		t.Errorf("after it was empty: got %s, want %s", got, want)
	}
}

func TestClientsAreDistributedAnewAfterAWhile(t *testing.T) {
	together, still := 0, 0
	for c := range uint64(20_000) {
		if flowOf(c, noon) == flowOf(c+20_000, noon) {
			together++
			if flowOf(c, noon+saltEvery) == flowOf(c+20_000, noon+saltEvery) {
				still++
			}
		}
	}
	if together < 5 || together > 60 { // 20 are to be expected
		t.Errorf("got %d pairs in one flow, want about 20", together)
	}
	if still > 2 {
		t.Errorf("%d of %d pairs stay together", still, together)
	}
}

// TestRoomKeepsItsBooks does at random what may be done and compares with a simple model.
func TestRoomKeepsItsBooks(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	r := newTestRoom(20)
	inside := map[*Entry]bool{}
	now := noon
	leaves := func(e *Entry, how string) {
		if e != nil && !inside[e] {
			t.Fatalf("%s: an entry that is not in the room", how)
		}
		delete(inside, e)
	}
	for range 200_000 {
		now += random.Int64N(20 * ms)
		switch random.IntN(6) {
		case 0, 1, 2:
			e := &Entry{Priority: Priority(random.IntN(priorities)), Client: random.Uint64N(5)}
			if random.IntN(3) == 0 {
				e.Deadline = now + random.Int64N(300*ms)
			}
			v, dropped := r.Join(e, now, time.Millisecond)
			leaves(dropped, "Join")
			if v == Joined {
				inside[e] = true
			}
		case 3:
			leaves(r.Next(now, &slots{free: random.IntN(3)}), "Next")
		case 4:
			leaves(r.Expired(now), "Expired")
		case 5:
			for e := range inside {
				if r.Leave(e, now) {
					delete(inside, e)
				}
				break
			}
		}
		if n := r.o.Seats.taken.Load(); n != int64(r.Waiting()) || n > 20 {
			t.Fatalf("got %d seats taken and %d waiting", n, r.Waiting())
		}
	}
	now += second
	for e := r.Expired(now); e != nil; e = r.Expired(now) {
		leaves(e, "Expired at the end")
	}
	if len(inside) != 0 || r.Waiting() != 0 || r.early != 0 || r.first != nil || r.last != nil {
		t.Errorf("got %d entries that never left, %d waiting, %d early", len(inside), r.Waiting(), r.early)
	}
	for _, l := range r.lines {
		if l.head != none || l.active != 0 || l.most != 0 {
			t.Errorf("an empty line has head %d, %d flows, %d entries in the longest", l.head, l.active, l.most)
		}
	}
}

func BenchmarkRoom(b *testing.B) {
	r := newTestRoom(1000)
	var entries [1100]Entry
	s := &slots{}
	b.ReportAllocs()
	for i, now := 0, noon; b.Loop(); i, now = i+1, now+1000 {
		e := &entries[i%len(entries)]
		r.Leave(e, now)
		*e = Entry{Priority: Normal, Client: uint64(i)}
		r.Join(e, now, time.Millisecond) // full: each drops another
		s.free = i & 1
		r.Next(now, s)
		for r.Expired(now) != nil {
		}
	}
}
