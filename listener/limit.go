package listener

import "sync/atomic"

// Limit bounds the connections that are open on all listeners that share it. A nil
// Limit bounds nothing, and the zero value only counts. It is safe for concurrent use.
type Limit struct {
	max  atomic.Int64
	open atomic.Int64
}

// NewLimit returns a limit of max open connections; zero or less is no limit.
func NewLimit(max int) *Limit {
	l := new(Limit)
	l.Set(max)
	return l
}

// Set changes the limit for later connections; open ones stay. Zero or less is no limit. It
// panics on a nil Limit.
func (l *Limit) Set(max int) { l.max.Store(int64(max)) }

// Open returns how many connections are open, those that Welcome refused included until they are
// closed; those refused above the limit do not count. It is 0 for a nil Limit.
func (l *Limit) Open() int {
	if l == nil {
		return 0
	}
	return int(l.open.Load())
}

// begin counts one more connection; false means that the limit is reached.
func (l *Limit) begin() bool {
	if l == nil {
		return true
	}
	open, limit := l.open.Add(1), l.max.Load()
	if limit > 0 && open > limit {
		l.open.Add(-1)
		return false
	}
	return true
}

func (l *Limit) end() {
	if l != nil {
		l.open.Add(-1)
	}
}
