package health

// Statuses is a set of status codes, 100 to 599. The zero value is empty.
type Statuses [8]uint64

// Add adds the codes from first to last, both included; none when last is below first. Both
// must be in range, or it can panic.
func (s *Statuses) Add(first, last int) {
	for code := first; code <= last; code++ {
		s[(code-100)/64] |= 1 << ((code - 100) % 64)
	}
}

// Has reports whether the set contains code; false for a code out of range.
func (s *Statuses) Has(code int) bool {
	return code >= 100 && code < 100+8*64 && s[(code-100)/64]&(1<<((code-100)%64)) != 0
}
