package ratelimit

import "time"

const (
	flowBits = 10
	flows    = 1 << flowBits

	none = int16(-1) // no flow

	lastsFrom = int64(time.Second)            // a line that was not empty for so long lasts
	calmAfter = int64(100 * time.Millisecond) // until it was empty for so long in all
	calmShare = 10                            // one part in so many of the time that counts as if it was not
)

// line holds the entries of one priority, divided into flows by client. The flows that have
// entries form a ring in which each gets one turn after the other.
type line struct {
	head    int16 // the flow whose turn it is, or none
	active  int32 // flows in the ring
	entries int
	most    int32 // entries of the longest flow
	lasting bool
	turned  int64 // when the line became empty or not empty
	calm    int64 // how long it has been empty since lasting was set, less a tenth of the time it was not
	served  int64 // time of the last turn
	pause   int64 // moving average of the time between turns

	flows [flows]flow
	count [flows]int32 // entries of each flow, side by side because longest reads them all
	sizes []int32      // flows by their number of entries
}

// flow holds the entries of the clients that hash to it.
type flow struct {
	oldest, newest *Entry
	next, prev     int16 // in the ring
}

// newLine makes a line for at most size entries.
func newLine(size int) *line { return &line{head: none, sizes: make([]int32, size+1)} }

// lasts reports whether overload lasts: the line has not been empty for a second, and not for
// more than a tenth of the time since.
func (l *line) lasts(now int64) bool {
	if !l.lasting && l.head != none && now-l.turned >= lastsFrom {
		l.lasting, l.calm = true, 0
	}
	return l.lasting
}

// round returns how long it takes until each flow of the ring has had a turn.
func (l *line) round(now int64) int64 {
	return int64(l.active) * max(l.pause, now-max(l.served, l.turned))
}

// push adds e as the newest of flow f. A flow without entries gets its turn after all others.
func (l *line) push(e *Entry, f int16, now int64) {
	if l.head == none {
		if l.lasting {
			l.calm += now - l.turned
			l.lasting = l.calm < calmAfter
		}
		l.turned = now
	}
	e.flow = f
	l.entries++
	fl := &l.flows[f]
	if fl.newest == nil {
		fl.oldest = e
		l.enter(f)
	} else {
		fl.newest.newer, e.older = e, fl.newest
	}
	fl.newest = e
	l.sizes[l.count[f]]--
	l.count[f]++
	l.sizes[l.count[f]]++
	l.most = max(l.most, l.count[f])
}

// remove takes e out of its flow.
func (l *line) remove(e *Entry, now int64) {
	l.lasts(now)
	l.entries--
	fl := &l.flows[e.flow]
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		fl.oldest = e.newer
	}
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		fl.newest = e.older
	}
	e.newer, e.older = nil, nil
	l.sizes[l.count[e.flow]]--
	if l.count[e.flow] == l.most && l.sizes[l.most] == 0 {
		l.most--
	}
	l.count[e.flow]--
	l.sizes[l.count[e.flow]]++
	if fl.newest == nil {
		l.leave(e.flow)
	}
	if l.head == none {
		l.calm = max(l.calm-(now-l.turned)/calmShare, 0)
		l.turned = now
	}
}

// turn gives the next flow its turn, after the present one has had its. The line is not empty.
func (l *line) turn(now int64) {
	l.pause += (now - max(l.served, l.turned) - l.pause) / 16
	l.served = now
	l.head = l.flows[l.head].next
}

// longest returns the oldest entry of a flow with the most entries. The line is not empty.
func (l *line) longest() *Entry {
	for i, n := range &l.count {
		if n == l.most {
			return l.flows[i].oldest
		}
	}
	return nil
}

// enter adds f at the end of the ring, which is before its head.
func (l *line) enter(f int16) {
	l.active++
	fl := &l.flows[f]
	if l.head == none {
		fl.next, fl.prev = f, f
		l.head = f
		return
	}
	head := &l.flows[l.head]
	fl.next, fl.prev = l.head, head.prev
	l.flows[head.prev].next = f
	head.prev = f
}

// leave takes f, which has no entries, out of the ring.
func (l *line) leave(f int16) {
	l.active--
	fl := &l.flows[f]
	switch {
	case fl.next == f:
		l.head = none
		return
	case l.head == f:
		l.head = fl.next
	}
	l.flows[fl.prev].next = fl.next
	l.flows[fl.next].prev = fl.prev
}
