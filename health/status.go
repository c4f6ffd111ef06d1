package health

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"penstock/exchange"
	"penstock/lb"
)

// Status is the state of one endpoint with what led to it. The zero value is an endpoint that
// has been up since the process began. Since is also zero when the configuration drains it; of a
// name without an address LastFailure is a lookup.
type Status struct {
	State       State     `json:"state"`
	Reason      Reason    `json:"reason,omitzero"`
	Since       time.Time `json:"since,omitzero"`        // when the state began; zero: with the process
	Until       time.Time `json:"until,omitzero"`        // when the pause of an ejection, an open breaker or a slow start ends; zero in other states and once a trial has begun
	Trial       bool      `json:"trial,omitzero"`        // ejected, and one request at a time finds out whether it works again
	Evidence    string    `json:"evidence,omitzero"`     // the figures that decided; empty when there were none
	LastFailure *Failure  `json:"last_failure,omitzero"` // the latest attempt that failed, however the endpoint is now; nil: none
	LastCheck   *Check    `json:"last_check,omitzero"`   // the latest probe of the endpoint; nil: none
}

// Failure is one failed attempt, or one failed lookup of a name.
type Failure struct {
	At     time.Time `json:"at"`
	Fault  string    `json:"fault,omitempty"`  // name of the fault, as in the access log; empty when there was a response
	Status int       `json:"status,omitempty"` // status code of the response that counted as failed; 0 when there was none
	Cause  string    `json:"cause,omitempty"`  // what the system said: the text of a TLS, DNS or connection error
}

// LookupFailure describes a lookup of a name that failed at this time: its fault is the name
// of exchange.DNSTimeout for a net.Error that is a timeout, else of exchange.DNSError. It
// returns nil when err is nil.
func LookupFailure(err error, at time.Time) *Failure {
	if err == nil {
		return nil
	}
	kind := exchange.DNSError
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		kind = exchange.DNSTimeout
	}
	return &Failure{At: at, Fault: kind.String(), Cause: exchange.CauseOf(err)}
}

// Rotation is the place of an endpoint in the rotation, as configuration and
// operator have set it. The zero value is drained by the configuration.
type Rotation struct {
	Weight   int       // in force; 0 drains the endpoint
	Operator bool      // an operator set the weight, or drained the endpoint
	Since    time.Time // when the operator did so; without meaning unless Operator is set
}

// Missing returns the status of a name that has no address: since when, and why the
// latest lookup failed (nil when it did not, or is not known). It is Down, or Drained when r
// has no weight.
func Missing(r Rotation, since time.Time, last *Failure) Status {
	return r.drain(Status{State: Down, Reason: NoAddress, Since: since, LastFailure: last})
}

// drain changes s to Drained when r has no weight.
func (r Rotation) drain(s Status) Status {
	if r.Weight != 0 {
		return s
	}
	s = Status{State: Drained, Reason: ZeroWeight, LastFailure: s.LastFailure, LastCheck: s.LastCheck}
	if r.Operator {
		s.Reason, s.Since = Operator, r.Since
	}
	return s
}

// judge changes s to what the attempts of requests have shown up to now.
func (s *Status) judge(l lb.Standing, now time.Time) {
	s.Since = l.Since
	switch {
	case l.Ejected:
		s.State, s.Reason, s.Evidence = Ejected, reasonOf(l.Verdict), evidenceOf(l.Verdict)
		if s.Trial = !now.Before(l.Until); !s.Trial {
			s.Until = l.Until
		}
	case l.Failing:
		s.State, s.Reason = Down, reasonOf(l.Verdict)
	case now.Before(l.Warming.Until):
		s.State, s.Reason, s.Since, s.Until = Warming, SlowStart, l.Warming.Since, l.Warming.Until
	}
}

// judgeBreaker adds what the breaker has decided up to now to s.
func (s *Status) judgeBreaker(b *lb.Breaking, now time.Time) {
	switch {
	case !b.Open:
		return
	case now.Before(b.Until):
		s.set(Open, Failures, b.Since)
		s.Until = b.Until
	default:
		s.set(HalfOpen, Failures, b.Since)
	}
	if s.Evidence = fmt.Sprintf("%d of %d failed", b.Failed, b.Of); b.Good > 0 {
		s.Evidence += fmt.Sprintf(", %d on trial succeeded", b.Good)
	}
}

// set replaces the state and what belongs to it.
func (s *Status) set(state State, why Reason, since time.Time) {
	*s = Status{State: state, Reason: why, Since: since, LastFailure: s.LastFailure, LastCheck: s.LastCheck}
}

func reasonOf(v lb.Verdict) Reason {
	switch v.Ground {
	case lb.ByErrors:
		return Errors
	case lb.BySilence:
		return Silent
	case lb.BySlowness:
		return Slow
	}
	switch v.Cause {
	case lb.ConnectFailure:
		return ConnectFailures
	case lb.Timeout:
		return Timeouts
	case lb.Cut:
		return Cuts
	case lb.Unavailable:
		return Unavailable
	}
	return NoReason
}

// evidenceOf writes the figures that decided about an ejection.
func evidenceOf(v lb.Verdict) string {
	switch {
	case v.Trial:
		return "the request on trial failed"
	case v.Ground == lb.ByErrors:
		return fmt.Sprintf("%d of %d failed, others %d of %d", v.Failed, v.Of, v.OthersFailed, v.OthersOf)
	case v.Ground == lb.BySilence:
		return fmt.Sprintf("%d wait, none has had a response for %v", v.Waiting, v.Took.Round(time.Millisecond))
	case v.Ground == lb.BySlowness:
		return fmt.Sprintf("median %v, others %v", v.Took.Round(time.Microsecond), v.OthersTook.Round(time.Microsecond))
	}
	return fmt.Sprintf("%d in a row failed", v.Failed)
}

// Attrs returns s as attributes of a log line, without what is empty. The last failure is
// among them only when requests have led to the state, the last check only when checks have.
func (s Status) Attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("state", s.State.String())}
	if s.Reason != NoReason {
		attrs = append(attrs, slog.String("reason", s.Reason.String()))
	}
	if !s.Since.IsZero() {
		attrs = append(attrs, slog.Time("since", s.Since))
	}
	if !s.Until.IsZero() {
		attrs = append(attrs, slog.Time("until", s.Until))
	}
	if s.Evidence != "" {
		attrs = append(attrs, slog.String("evidence", s.Evidence))
	}
	if c := s.LastCheck; c != nil && s.Reason == HealthChecks && c.Cause != "" {
		return append(attrs, slog.String("cause", c.Cause))
	}
	if f := s.LastFailure; f != nil && s.State.byRequests() {
		if f.Fault != "" {
			attrs = append(attrs, slog.String("fault", f.Fault))
		}
		if f.Status != 0 {
			attrs = append(attrs, slog.Int("status", f.Status))
		}
		if f.Cause != "" {
			attrs = append(attrs, slog.String("cause", f.Cause))
		}
	}
	return attrs
}
