package lb

// Set is a small set of backends: those that a request has already tried. The
// zero value is empty and ready; a nil *Set is empty, but Add and Reset panic on it. Up to 16
// members it does not allocate. It is not safe for concurrent use.
type Set struct {
	n      int
	inline [16]*Backend
	more   []*Backend
}

// Add puts b into the set; it does nothing when b is in it already.
func (s *Set) Add(b *Backend) {
	if s.Has(b) {
		return
	}
	if s.n < len(s.inline) {
		s.inline[s.n] = b
	} else {
		s.more = append(s.more, b)
	}
	s.n++
}

// Has reports whether b is in the set; false for a nil *Set.
func (s *Set) Has(b *Backend) bool {
	if s == nil || s.n == 0 {
		return false
	}
	for _, m := range s.inline[:min(s.n, len(s.inline))] {
		if m == b {
			return true
		}
	}
	for _, m := range s.more {
		if m == b {
			return true
		}
	}
	return false
}

// Len returns the number of members; zero for a nil *Set.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return s.n
}

// Reset empties the set and lets go of its members.
func (s *Set) Reset() {
	clear(s.inline[:min(s.n, len(s.inline))])
	clear(s.more)
	s.more = s.more[:0]
	s.n = 0
}
