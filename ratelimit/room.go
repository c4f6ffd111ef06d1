package ratelimit

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	shortWait = 20 * time.Millisecond   // least wait in a line that lasts
	saltEvery = int64(10 * time.Second) // after so long clients are distributed over flows anew
)

// Seats bounds the entries of one Room, or of several together. The zero value has no seat. It is
// safe for concurrent use.
type Seats struct {
	size  int64
	taken atomic.Int64
}

// NewSeats makes size seats; a negative size counts as zero.
func NewSeats(size int) *Seats { return &Seats{size: int64(max(size, 0))} }

func (s *Seats) take() bool {
	if s.taken.Add(1) <= s.size {
		return true
	}
	s.taken.Add(-1)
	return false
}

// Slots admits the requests of a room. The Room is locked while it calls the methods: they must
// not block or call it.
type Slots interface {
	// TryBegin reports whether the request of e may begin, and counts it if so. e still waits in the
	// room.
	TryBegin(e *Entry) bool
	// Base returns how long a response takes without a queue; zero is unknown.
	Base() time.Duration
}

// Verdict is the outcome of Room.Join. The zero value is Joined.
type Verdict uint8

// The outcomes.
const (
	Joined  Verdict = iota // the entry waits in the room
	Full                   // no seat is free or RoomOptions.Size entries wait, and all that wait in this room have a higher priority
	TooLate                // the deadline is less than the time of a response away
)

// Entry is a request that may wait in a Room. Its owner sets the exported fields before Join
// and does not change them, or reuse the entry, until it has left the room. The zero value is
// an entry of priority critical without a deadline.
type Entry struct {
	Priority Priority // must be one of the classes
	Client   uint64   // keyed hash of the client; entries with the same value share one turn
	Deadline int64    // unix nanoseconds at which the client gives up; 0 is none
	Owner    any      // whose entry it is; Room does not read it

	room         *Room // nil unless it waits there
	flow         int16
	since, until int64  // when it came and when it has to leave
	newer, older *Entry // in the flow
	after, prior *Entry // in the room, in the order of coming; after also links expired entries
}

// RoomOptions configures a Room. The zero value has no seat.
type RoomOptions struct {
	Seats *Seats        // may be shared; nil has no seat
	Size  int           // bound of this room; zero or less means that of Seats alone
	Wait  time.Duration // longest wait; with zero or less every entry is expired at once
}

// Room holds the requests that wait for a slot and decides which one is next: the highest
// priority first, within a priority one client after the other, and of one client the request
// that came first.
//
// When a priority has not been without a waiting request for a second, the newest request of a
// client is served first and none waits longer than max(20 ms, twice the base), because in
// overload that lasts all of them would wait the whole time otherwise. That ends when none has
// waited for 100 ms in all. It leaves clients out that ask for no more than their part: see
// fits.
//
// It starts no goroutine and no timer: the owner calls Next when a slot becomes free and after
// Join, and Expired every few milliseconds while Waiting is not 0, and then once more, because
// Next and Join leave entries to it. A Room is made by NewRoom and
// safe for concurrent use. It allocates when a priority is used for the first time.
type Room struct {
	o       RoomOptions
	waiting atomic.Int32

	mu      sync.Mutex
	lines   [priorities]*line
	first   *Entry // the oldest of the room
	last    *Entry
	expired *Entry // those that have to leave, newest first
	early   int    // entries that have to leave before the longest wait, because of their deadline
	base    time.Duration
}

// NewRoom makes an empty room. It never fails.
func NewRoom(o RoomOptions) *Room {
	if o.Seats == nil {
		o.Seats = NewSeats(0)
	}
	if o.Size <= 0 {
		o.Size = int(o.Seats.size)
	}
	return &Room{o: o}
}

// Waiting returns how many entries wait, without those that Expired is going to return. A request
// that finds it above 0 must join instead of taking a slot, so that it does not overtake.
func (r *Room) Waiting() int { return int(r.waiting.Load()) }

// Join lets e, which is in no room, wait from now (unix ns) on; it never blocks. base is how long
// a response takes without a queue; zero is unknown. When no seat is free or RoomOptions.Size
// entries wait, an entry of the lowest priority that waits, if that is not above the one of e,
// leaves for e and is returned: the oldest of the client with the most entries. Its request is to
// be refused as with Full. Otherwise the entry is nil. With Full and TooLate e is not in the room
// and may be used again.
func (r *Room) Join(e *Entry, now int64, base time.Duration) (Verdict, *Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.base = base
	if e.Deadline != 0 && e.Deadline-int64(base) < now {
		return TooLate, nil
	}
	var dropped *Entry
	if !r.takeSeat() {
		r.sweep(now)
		if !r.takeSeat() {
			if dropped = r.victim(e.Priority); dropped == nil {
				return Full, nil
			}
			r.unlink(dropped, now)
			r.o.Seats.taken.Add(1) // the seat passes to e
		}
	}
	e.since, e.until = now, now+int64(r.o.Wait)
	if e.Deadline != 0 {
		e.until = min(e.until, e.Deadline-int64(base))
	}
	r.link(e, now)
	return Joined, dropped
}

// Next takes the entry whose turn it is at now (unix ns) out of the room, after slots has
// admitted it; nil when none waits or the first one is not admitted. Its owner has the slot.
// Entries that have waited too long are left to Expired.
func (r *Room) Next(now int64, slots Slots) *Entry {
	if r.waiting.Load() == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.base = slots.Base()
	for p := range r.lines {
		e := r.peek(r.lines[p], now)
		if e == nil {
			continue
		}
		if !slots.TryBegin(e) {
			return nil // a lower priority has no larger share
		}
		r.lines[p].turn(now)
		r.unlink(e, now)
		return e
	}
	return nil
}

// Waits returns how many entries of each priority wait. Like Waiting it leaves out those that
// Expired is going to return.
func (r *Room) Waits() (n [priorities]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p, l := range r.lines {
		if l != nil {
			n[p] = l.entries
		}
	}
	return n
}

// Oldest calls f with the entries that have waited longest, at most limit of them. The Room is
// locked meanwhile: f must not block or call it.
func (r *Room) Oldest(limit int, f func(*Entry)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for e := r.first; e != nil && limit > 0; e, limit = e.after, limit-1 {
		f(e)
	}
}

// Expired takes one entry that has waited too long at now (unix ns) out of the room; nil when
// there is none. Call it until it returns nil.
func (r *Room) Expired(now int64) *Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(now)
	e := r.expired
	if e != nil {
		r.expired, e.after = e.after, nil
	}
	return e
}

// Leave takes e out of the room because its client has left. It reports false when e is no
// longer there: then Next, Join or Expired has returned it, or Expired will. An entry that never
// joined is not there either.
func (r *Room) Leave(e *Entry, now int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.room != r {
		return false
	}
	r.unlink(e, now)
	return true
}

// takeSeat takes a seat, and reports false when there is none or this room has its own number.
func (r *Room) takeSeat() bool {
	return int(r.waiting.Load()) < r.o.Size && r.o.Seats.take()
}

// victim returns the entry that leaves a full room for one of priority p.
func (r *Room) victim(p Priority) *Entry {
	for q := priorities - 1; q >= int(p); q-- {
		if l := r.lines[q]; l != nil && l.head != none {
			return l.longest()
		}
	}
	return nil
}

// peek returns the entry of a priority whose turn it is. Those that have waited too long leave.
func (r *Room) peek(l *line, now int64) *Entry {
	for l != nil && l.head != none {
		e := l.flows[l.head].oldest
		if l.lasts(now) && !r.fits(l, l.head, now) {
			e = l.flows[l.head].newest
		}
		if !r.late(e, now) {
			return e
		}
		r.expire(e, now)
	}
	return nil
}

// late reports whether e has waited too long.
func (r *Room) late(e *Entry, now int64) bool {
	if now >= e.until {
		return true
	}
	if now-e.since < r.short() {
		return false
	}
	l := r.lines[e.Priority]
	return l.lasts(now) && !r.fits(l, e.flow, now)
}

// short returns the longest wait in a line that lasts.
func (r *Room) short() int64 { return int64(max(shortWait, 2*r.base)) }

// fits reports whether the client of flow f asks for no more than its part: another one has
// more entries, and each client that waits gets a turn within a quarter of the longest wait.
func (r *Room) fits(l *line, f int16, now int64) bool {
	return l.count[f] < l.most && l.round(now) <= int64(r.o.Wait)/4
}

// sweep moves the entries that have waited too long to r.expired. The oldest come first, so it
// ends at one that is late under no rule, unless some have a deadline of their own.
func (r *Room) sweep(now int64) {
	for e := r.first; e != nil; {
		after := e.after
		switch {
		case r.late(e, now):
			r.expire(e, now)
		case r.early == 0 && now-e.since < r.short():
			return
		}
		e = after
	}
}

func (r *Room) expire(e *Entry, now int64) {
	r.unlink(e, now)
	e.after, r.expired = r.expired, e
}

// link adds e, which has a seat, as the newest of the room.
func (r *Room) link(e *Entry, now int64) {
	if r.first == nil {
		r.first = e
	} else {
		r.last.after, e.prior = e, r.last
	}
	r.last = e
	if e.until < e.since+int64(r.o.Wait) {
		r.early++
	}
	e.room = r
	if r.lines[e.Priority] == nil {
		r.lines[e.Priority] = newLine(min(r.o.Size, int(r.o.Seats.size)))
	}
	r.lines[e.Priority].push(e, flowOf(e.Client, now), now)
	r.waiting.Add(1)
}

// unlink takes e out of every list and frees its seat.
func (r *Room) unlink(e *Entry, now int64) {
	if e.prior != nil {
		e.prior.after = e.after
	} else {
		r.first = e.after
	}
	if e.after != nil {
		e.after.prior = e.prior
	} else {
		r.last = e.prior
	}
	e.after, e.prior, e.room = nil, nil, nil
	if e.until < e.since+int64(r.o.Wait) {
		r.early--
	}
	r.lines[e.Priority].remove(e, now)
	r.waiting.Add(-1)
	r.o.Seats.taken.Add(-1)
}

// flowOf returns the flow of a client. The distribution changes from time to time, so that a
// client does not share its turns with the same other client for long.
func flowOf(client uint64, now int64) int16 {
	h := client + uint64(now/saltEvery)*0x9E3779B97F4A7C15
	h = (h ^ h>>32) * 0xD6E8FEB86659FD93
	return int16((h ^ h>>32) * 0xD6E8FEB86659FD93 >> (64 - flowBits))
}
