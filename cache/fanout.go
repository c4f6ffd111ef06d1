package cache

import (
	"fmt"
	"io"
	"sync"
)

// fanout keeps the last segments of a body that is being fetched. Followers read
// older ones from the store, where the leader's fill has put them before. So a slow
// follower takes no memory and delays no other. Its flight's mu guards it.
type fanout struct {
	flights *Flights
	store   *Store // nil: nothing was ever stored
	filling bool   // what comes next is stored too
	id      uint64
	total   int64     // bytes so far
	first   int64     // index of the oldest segment that is kept
	kept    []*[]byte // segments, of segmentSize bytes each but the last
	readers int       // those who have not left, the leader included
	paced   bool      // the leader waits for one reader, who must not lose what is kept
}

var fanoutSegments = sync.Pool{New: func() any { b := make([]byte, 0, segmentSize); return &b }}

// append adds the next bytes, letting go of the oldest.
func (f *fanout) append(p []byte) {
	for len(p) > 0 {
		if n := len(f.kept); n == 0 || len(*f.kept[n-1]) == segmentSize {
			f.grow()
		}
		last := f.kept[len(f.kept)-1]
		n := min(segmentSize-len(*last), len(p))
		*last = append(*last, p[:n]...)
		p = p[n:]
		f.total += int64(n)
	}
}

// grow adds an empty segment, within the window and the memory of all fanouts. As
// long as nobody follows, only so many are kept as the fill may not have filed.
func (f *fanout) grow() {
	window := fanoutWindow
	if f.readers <= 1 {
		window = partSegments
	}
	for len(f.kept) >= window || len(f.kept) >= partSegments && !f.paced && f.flights.held.Load() >= f.flights.memory {
		f.drop()
	}
	f.flights.held.Add(segmentSize)
	f.kept = append(f.kept, fanoutSegments.Get().(*[]byte))
}

func (f *fanout) drop() {
	old := f.kept[0]
	*old = (*old)[:0]
	fanoutSegments.Put(old)
	f.flights.held.Add(-segmentSize)
	copy(f.kept, f.kept[1:])
	f.kept = f.kept[:len(f.kept)-1]
	f.first++
}

// free lets go of all of it.
func (f *fanout) free() {
	for len(f.kept) > 0 {
		f.drop()
	}
}

// unstore notes that the fill was refused; what it has put into the store stays
// readable for a while.
func (f *fanout) unstore() { f.filling = false }

// copyAt copies what is kept at this place of the body. ok is false when the
// place comes before what is kept.
func (f *fanout) copyAt(p []byte, at int64) (n int, ok bool) {
	if at < f.first*segmentSize {
		return 0, false
	}
	for n < len(p) && at < f.total {
		segment := *f.kept[at/segmentSize-f.first]
		c := copy(p[n:], segment[at%segmentSize:])
		n, at = n+c, at+int64(c)
	}
	return n, true
}

// Read copies the next bytes of the body, as soon as there are some. It returns
// io.EOF at the end of a complete body, the leader's error when it failed,
// ErrBehind when what comes next is neither kept nor stored, and ErrWait when
// done was closed while nothing came; a nil done is never closed. After Decline it
// returns an error that wraps ErrAbandoned. An error comes with 0 bytes, and the bytes
// that were read before are right. After ErrWait it may be called again.
func (f *Follower) Read(p []byte, done <-chan struct{}) (int, error) {
	fl := f.flight
	for {
		fl.mu.Lock()
		if f.seen != f.at {
			f.seen = f.at
			fl.room.Signal()
		}
		n, kept := fl.fanout.copyAt(p, f.at)
		state, err, changed := fl.state, fl.err, fl.changed
		store, id := fl.fanout.store, fl.fanout.id
		fl.waited = fl.waited || kept && n == 0 && state <= Streaming
		fl.mu.Unlock()
		switch {
		case n > 0 || len(p) == 0:
			f.at += int64(n)
			return n, nil
		case !kept:
			return f.readStored(p, store, id)
		case state == Complete:
			return 0, io.EOF
		case state == Failed:
			return 0, err
		case state == Declined:
			return 0, fmt.Errorf("the response was declined within its body: %w", ErrAbandoned)
		}
		select {
		case <-changed:
		case <-done:
			return 0, ErrWait
		}
	}
}

// readStored copies from a full segment of the leader's fill.
func (f *Follower) readStored(p []byte, store *Store, id uint64) (int, error) {
	index := f.at / segmentSize
	if store == nil {
		return 0, ErrBehind
	}
	if len(f.buf) == 0 || f.segment != index {
		value, ok := store.ring.appendSegment(segmentBuffer(f.buf), id, index, segmentSize)
		if !ok {
			f.buf = value[:0]
			return 0, ErrBehind
		}
		f.buf, f.segment = value, index
	}
	n := copy(p, f.buf[segmentSumSize+f.at%segmentSize:])
	f.at += int64(n)
	return n, nil
}
