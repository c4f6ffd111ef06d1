package window

import "time"

// Window keeps what a Histogram recorded in the last slots of time. It is made by New and
// belongs to one goroutine at a time.
type Window struct {
	each   int64    // length of a slot in nanoseconds
	slots  []Counts // slot number n is at n modulo the length
	now    int64    // number of the present slot
	reader Reader
}

// New returns a window of so many slots, each of this length. Smaller numbers count as one slot
// and 1 ns.
func New(slots int, each time.Duration) *Window {
	return &Window{each: max(int64(each), 1), slots: make([]Counts, max(slots, 1))}
}

// Advance moves the window to now (unix ns, not negative) and counts what h recorded since the
// last Advance into the present slot. Call it at least once a slot, always with the same h: what
// h recorded during a longer pause counts as recorded at its end. A now before that of an earlier
// call does not move the window back.
func (w *Window) Advance(h *Histogram, now int64) {
	n := now / w.each
	for range min(max(n-w.now, 0), int64(len(w.slots))) {
		w.now++
		w.slots[w.now%int64(len(w.slots))] = Counts{}
	}
	if n > w.now { // every slot has been emptied
		w.now = n
	}
	w.reader.Read(h, &w.slots[w.now%int64(len(w.slots))])
}

// Sum adds to c so many of the last slots, the present one included, as of the last Advance;
// at most as many as w has, and nothing for zero or less.
func (w *Window) Sum(c *Counts, slots int) {
	for i := range min(slots, len(w.slots)) {
		if n := w.now - int64(i); n >= 0 {
			c.Merge(&w.slots[n%int64(len(w.slots))])
		}
	}
}
