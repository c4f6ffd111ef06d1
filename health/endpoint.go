package health

import (
	"sync"
	"sync/atomic"
	"time"

	"penstock/exchange"
	"penstock/lb"
)

// Endpoint keeps what is known of one address. Attempts are reported to it, and it
// reports them to the balancer. It is made by NewEndpoint. All methods are safe for concurrent
// use. An attempt that succeeds allocates nothing, and takes a lock only when it may change the
// standing of a backend (see lb.Backend).
type Endpoint struct {
	backend *lb.Backend
	failing atomic.Pointer[Statuses] // those that count as failures
	drained atomic.Pointer[func()]   // called when no attempt is left; nil unless the endpoint is drained

	mu       sync.Mutex // guards what follows
	failed   time.Time
	fault    *exchange.Fault // of the latest failure; nil: a response with status
	status   int
	check    Check
	observed bool // check has been set
	checks   checkup
}

// NewEndpoint returns the record of the address that the balancer knows as b, which must not
// be nil. Statuses of 5xx count as failures until FailWith sets others.
func NewEndpoint(b *lb.Backend) *Endpoint {
	e := &Endpoint{backend: b}
	failing := new(Statuses)
	failing.Add(500, 599)
	e.failing.Store(failing)
	return e
}

// FailWith sets which statuses count as failures from now on. It keeps the pointer, which must
// not be nil; the set must not change afterwards.
func (e *Endpoint) FailWith(statuses *Statuses) { e.failing.Store(statuses) }

// Backend returns what the balancer knows the address as.
func (e *Endpoint) Backend() *lb.Backend { return e.backend }

// Begin counts an attempt as under way. Each Begin needs exactly one End, Abandon or EndRest.
func (e *Endpoint) Begin() { e.backend.Begin() }

// End reports that an attempt has ended: with f, or when that is nil with a response
// of this status, which is ignored with a fault. took is the time from Begin to the response, or
// to the fault. A fault of the client or of our own limits is no verdict.
func (e *Endpoint) End(f *exchange.Fault, status int, took time.Duration, now time.Time) {
	o := Outcome(f, status, e.failing.Load())
	e.note(o, f, status, now)
	e.backend.End(o, took, now)
	e.leave()
}

// Abandon reports that an attempt has ended because its client left, in place of End. It is no
// verdict. took is the time from Begin, in which the backend did not respond.
func (e *Endpoint) Abandon(took time.Duration, now time.Time) {
	e.backend.End(lb.Abandoned, took, now)
	e.leave()
}

// Responded reports the head of a response whose body or tunnel goes on: its verdict
// counts at once. took is the time from Begin to the head. EndRest must follow.
func (e *Endpoint) Responded(status int, took time.Duration, now time.Time) {
	o := Outcome(nil, status, e.failing.Load())
	e.note(o, nil, status, now)
	e.backend.BeginTransfer()
	e.backend.Report(o, took, now)
}

// EndRest reports that a body or tunnel announced by Responded has ended: with f, or
// well when that is nil. Only a fault of the backend (exchange.Upstream) is a verdict, lb.Cut.
// took is the time from Begin to now.
func (e *Endpoint) EndRest(f *exchange.Fault, took time.Duration, now time.Time) {
	o := lb.Cancelled // the verdict was given at the head
	if f != nil && f.Source == exchange.Upstream {
		o = lb.Cut
	}
	e.note(o, f, 0, now)
	e.backend.EndTransfer()
	e.backend.End(o, took, now)
	e.leave()
}

// note remembers a failure.
func (e *Endpoint) note(o lb.Outcome, f *exchange.Fault, status int, now time.Time) {
	if o == lb.Success || o == lb.Cancelled {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed, e.fault, e.status = now, f, status
}

// leave calls what waits for the last attempt at a drained endpoint.
func (e *Endpoint) leave() {
	if e.drained.Load() == nil || e.backend.InFlight() > 0 {
		return
	}
	if f := e.drained.Swap(nil); f != nil {
		(*f)()
	}
}

// OnEmpty calls f once, as soon as no attempt is under way: before it returns when none is,
// else on the goroutine of the last one, so f must be quick. f replaces an earlier one that has
// not been called; nil only forgets that one.
func (e *Endpoint) OnEmpty(f func()) {
	if f == nil {
		e.drained.Store(nil)
		return
	}
	e.drained.Store(&f)
	e.leave() // the last attempt may have ended before f was stored
}

// Unreachable reports whether the endpoint is ejected or down because it
// could not be connected to: what a probe can disprove. A backend that is down because
// it takes connections and then closes them is not unreachable; one that is ejected for that is.
func (e *Endpoint) Unreachable() bool {
	switch s := e.backend.Standing(); {
	case s.Ejected:
		return s.Verdict.Ground == lb.ByFailures && s.Verdict.Cause == lb.ConnectFailure
	case s.Failing && s.Verdict.Cause == lb.ConnectFailure:
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.fault != nil && !e.fault.Wrote
	}
	return false
}

// Checked records the result of a probe for Status: err is why it failed, nil when it did not.
// It does not end an ejection; lb.Group.Restore does. An endpoint with active checks shows those
// instead.
func (e *Endpoint) Checked(err error, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.checks.rule != nil {
		return
	}
	e.check = Check{At: now, OK: err == nil, Cause: exchange.CauseOf(err)}
	e.observed = true
}

// Status puts together what is known of the endpoint at this time, given its place
// in the rotation. Without weight it is Drained, whatever attempts have shown.
func (e *Endpoint) Status(r Rotation, now time.Time) Status {
	return r.drain(e.with(e.backend.Standing(), now))
}

// Changed returns the status of an endpoint whose standing has just changed to l. It knows no
// rotation, so it is never Drained, and no trial has begun in it.
func (e *Endpoint) Changed(l lb.Standing) Status { return e.with(l, l.Since) }

func (e *Endpoint) with(l lb.Standing, now time.Time) Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	var s Status
	if !e.failed.IsZero() {
		s.LastFailure = &Failure{At: e.failed, Status: e.status}
		if f := e.fault; f != nil {
			s.LastFailure.Fault, s.LastFailure.Status, s.LastFailure.Cause = f.Name(), 0, f.Cause()
		}
	}
	if e.observed {
		s.LastCheck = new(e.check)
	}
	s.judge(l, now)
	e.checks.judge(&s)
	s.judgeBreaker(&l.Breaker, now)
	return s
}
