package accesslog

import "time"

// Condition names requests that are always logged. It holds when the status lies
// in StatusMin..StatusMax, or, with SlowerThan above zero, when the request took
// longer than that; either is enough. The zero value never holds.
type Condition struct {
	StatusMin, StatusMax int // 500, 599 for 5xx; StatusMax zero: not by status
	SlowerThan           time.Duration
}

// holds reports whether a finished request meets c.
func (c Condition) holds(status int, took time.Duration) bool {
	if c.SlowerThan > 0 && took > c.SlowerThan {
		return true
	}
	return c.StatusMax > 0 && status >= c.StatusMin && status <= c.StatusMax
}

// Rule decides which requests are logged. The zero value logs none. Log.Set checks Sample, Wanted
// does not.
type Rule struct {
	Sample float64     // share of all requests, 0..1; zero logs only what Always names
	Always []Condition // logged even if the sample does not select it
}

// Wanted reports whether a request with this status that took this long is logged.
// random is a number in [0,1) that decides the sample.
func (r *Rule) Wanted(status int, took time.Duration, random float64) bool {
	if random < r.Sample {
		return true
	}
	for i := range r.Always {
		if r.Always[i].holds(status, took) {
			return true
		}
	}
	return false
}
