package cache

import (
	"encoding/binary"
	"sync/atomic"
)

const (
	rewriteRatio = 4  // bytes rewritten for each byte stored, at most
	claimSlots   = 64 // bodies that are rewritten at the same time, at most
)

// rewriteBudget bounds what is written again to keep hot entries from the tail
// of fastcache's ring. Only fills push anything out, so only fills earn it:
// without them a hot store would push itself around.
type rewriteBudget struct {
	tokens atomic.Int64
	claims [claimSlots]atomic.Uint64 // ids of bodies being rewritten
}

// earn credits a fill.
func (r *rewriteBudget) earn(bytes int, capacity int64) {
	if r.tokens.Load() < capacity/4 {
		r.tokens.Add(int64(bytes) * rewriteRatio)
	}
}

// spend takes bytes from the budget, which may go below zero once.
func (r *rewriteBudget) spend(bytes int) bool {
	if r.tokens.Load() <= 0 {
		return false
	}
	r.tokens.Add(-int64(bytes))
	return true
}

// claim makes the caller the only one that rewrites a body.
func (r *rewriteBudget) claim(id uint64) bool {
	return r.claims[id%claimSlots].CompareAndSwap(0, id)
}

func (r *rewriteBudget) release(id uint64) {
	r.claims[id%claimSlots].CompareAndSwap(id, 0)
}

// rewriteEntry writes an entry that was just hit again, if it is worth it. A
// body in segments is rewritten by its reader, head last.
func (s *Store) rewriteEntry(e *Entry, k Key) {
	if e.Kind == Segments || e.Soft || e.Kind == Whole && e.usableUntil() <= s.now().UnixMilli() {
		return
	}
	if s.rewrite.claim(e.ID) {
		defer s.rewrite.release(e.ID)
		s.rewriteHead(&e.Head, k)
	}
}

// rewriteHead writes the record of an entry again as if it were new, provided
// that it is still there: a rewrite never brings back what was replaced.
func (s *Store) rewriteHead(h *Head, k Key) {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	lock := s.lock(k)
	defer lock.Unlock()
	if !s.holds(b, k, h.ID) || !s.rewrite.spend(len(b.value)) {
		return
	}
	v := b.value
	if word(v) != s.ring.secret.sum(tweakEntry, v[atVersion:]) || word(v[atWritten:]) != h.written {
		return // damaged, or someone was faster
	}
	id := s.ring.secret.urlID(&k)
	if !s.counts(&id, h.Seen) {
		return
	}
	s.ring.keepURL(&id, h.Seen)
	binary.LittleEndian.PutUint64(v[atWritten:], s.ring.odometer.Load())
	binary.LittleEndian.PutUint64(v, s.ring.secret.sum(tweakEntry, v[atVersion:]))
	s.ring.set(s.ring.shards.of(k), k.raw, v)
	s.count.rewrites.Add(1)
}

// rewriteSegment writes a segment again that was just read. value is as for
// setSegment.
func (s *Store) rewriteSegment(id uint64, index int64, value []byte) bool {
	if !s.rewrite.spend(len(value)) {
		return false
	}
	s.ring.setSegment(id, index, value)
	s.count.rewrites.Add(1)
	return true
}
