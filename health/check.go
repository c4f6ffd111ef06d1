package health

import (
	"fmt"
	"time"

	"penstock/lb"
)

// Rule says what active checks of an endpoint are and how their results are counted. The zero
// value is not valid. Endpoints keep a pointer to it, so it must not change.
type Rule struct {
	Target  string        // of the checks, in any form: results of another target start a new row
	Every   time.Duration // pause between two checks
	Fast    time.Duration // the same while a verdict changes; more than Every means Every
	Up      int           // checks in a row that must succeed before an endpoint that is down is up, 1 or more
	Down    int           // checks in a row that must fail before an endpoint is down, 1 or more
	Start   lb.Health     // verdict on a new endpoint before the first check
	Replies bool          // a check that succeeds has had a response, not only a connection
}

// Result is how one check has ended. The zero value is a success at no time.
type Result struct {
	Began time.Time
	Took  time.Duration
	Cause string // why it has failed; empty: it succeeded
}

// Check is one check or probe of an endpoint.
type Check struct {
	At    time.Time     `json:"at"` // when it ended
	OK    bool          `json:"ok"`
	Cause string        `json:"cause,omitempty"` // why it failed; empty when OK
	Took  time.Duration `json:"-"`
}

// Checks is how many checks of an endpoint have succeeded and failed.
type Checks struct {
	On     bool // the endpoint is checked
	OK     uint64
	Failed uint64
	Took   time.Duration // by the latest; zero before
}

// checkup is what checks have shown of an endpoint. The mu of the Endpoint guards it.
type checkup struct {
	rule    *Rule // nil: it is not checked
	verdict lb.Health
	row     int       // results in a row against the verdict
	decided int       // the row that led to the verdict
	since   time.Time // when the verdict was reached; zero: with the process
	seen    bool      // there has been a result
	counts  Checks
}

// Follow has the endpoint checked by r from now on; nil ends its checks. fresh says that the
// endpoint is new: its verdict is then that of Rule.Start, else it is healthy until its checks
// say otherwise. While there was a rule before, its verdict stays; other targets and bounds
// begin a new row. The backend must be a member of a group.
func (e *Endpoint) Follow(r *Rule, fresh bool, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := &e.checks
	old := c.rule
	switch c.rule = r; {
	case r == nil && old == nil:
		return
	case r == nil:
		c.verdict, c.row, c.seen = lb.Healthy, 0, false
	case old == nil && fresh:
		c.verdict, c.since = r.Start, now
	case old != nil && old.Target != r.Target:
		c.row = 0
	}
	e.backend.SetHealth(c.verdict, now)
}

// Examined takes the result of a check by r and reports whether the verdict has changed. A
// result by another rule than that of Follow is ignored.
func (e *Endpoint) Examined(r *Rule, result *Result) (changed bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := &e.checks
	if c.rule != r {
		return false
	}
	now := result.Began.Add(result.Took)
	e.check = Check{At: now, OK: result.Cause == "", Cause: result.Cause, Took: result.Took}
	e.observed, c.seen = true, true
	c.counts.Took = result.Took
	if result.Cause == "" {
		c.counts.OK++
	} else {
		c.counts.Failed++
	}
	verdict := c.take(result.Cause == "")
	if verdict == c.verdict {
		return false
	}
	c.decided, c.row = c.row, 0
	c.verdict, c.since = verdict, now
	e.backend.SetHealth(verdict, now)
	return true
}

// take counts a result and returns the verdict that follows from it.
func (c *checkup) take(ok bool) lb.Health {
	switch {
	case ok && c.verdict == lb.Unchecked:
		return lb.Healthy
	case ok == (c.verdict != lb.Unhealthy): // it agrees; a new one that fails does not
		c.row = 0
		return c.verdict
	}
	switch c.row++; {
	case ok && c.row >= c.rule.Up:
		return lb.Healthy
	case !ok && c.row >= c.rule.Down:
		return lb.Unhealthy
	}
	return c.verdict
}

// Presume makes an endpoint healthy of which no check has had a result yet.
func (e *Endpoint) Presume(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := &e.checks; c.rule != nil && c.verdict == lb.Unchecked && !c.seen {
		c.verdict, c.since = lb.Healthy, now
		e.backend.SetHealth(lb.Healthy, now)
	}
}

// Awaited reports whether the endpoint waits for the result of its first check.
func (e *Endpoint) Awaited() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.checks.rule != nil && e.checks.verdict == lb.Unchecked && !e.checks.seen
}

// NextCheck returns how long to wait after a check by r before the next one, without jitter, and
// when the latest check ended; zero when there was none since r or a rule before it came.
func (e *Endpoint) NextCheck(r *Rule) (pause time.Duration, latest time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := &e.checks
	pause = r.Every
	if c.row > 0 || c.verdict == lb.Unchecked {
		pause = min(r.Every, r.Fast)
	}
	if c.seen {
		latest = e.check.At
	}
	return pause, latest
}

// Checks returns the counts of the checks.
func (e *Endpoint) Checks() Checks {
	e.mu.Lock()
	defer e.mu.Unlock()
	counts := e.checks.counts
	counts.On = e.checks.rule != nil
	return counts
}

// judge adds what the checks have shown to s.
func (c *checkup) judge(s *Status) {
	if c.rule == nil {
		return
	}
	switch c.verdict {
	case lb.Unchecked:
		s.set(Checking, Unchecked, c.since)
	case lb.Unhealthy:
		s.set(Down, HealthChecks, c.since)
		if c.decided > 0 {
			s.Evidence = fmt.Sprintf("%d checks in a row failed", c.decided)
		}
	}
}
