package listener

import (
	"sync"
	"time"

	"penstock/ratelimit"
)

// Rate bounds how many connections a second all listeners that share it accept. Those above it
// wait in the system's listen queue. A nil Rate bounds nothing. It is made by NewRate and safe for
// concurrent use.
type Rate struct {
	mu    sync.Mutex
	pace  ratelimit.Pace
	start time.Time
}

// NewRate returns a rate of so many connections a second; zero or less is no bound.
func NewRate(perSecond float64) *Rate {
	r := &Rate{start: time.Now()}
	r.Set(perSecond)
	return r
}

// Set changes the rate for later connections; zero or less is no bound. A tenth of a second's
// worth may come at once, at least one. It panics on a nil Rate.
func (r *Rate) Set(perSecond float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pace.Set(perSecond, time.Second, int(perSecond/10))
}

// next counts a connection and returns how long to wait before the next one is accepted.
func (r *Rate) next() time.Duration {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pace.Next(int64(time.Since(r.start)))
}
