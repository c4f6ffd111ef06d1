package health

import (
	"errors"
	"log/slog"
	"net"
	"time"

	"penstock/exchange"
	"penstock/lb"
)

// Status is the state of one endpoint with what led to it.
type Status struct {
	State       State     `json:"state"`
	Reason      Reason    `json:"reason,omitzero"`
	Since       time.Time `json:"since,omitzero"`        // when the state began; zero: with the process
	Until       time.Time `json:"until,omitzero"`        // when an ejection ends at the latest
	LastFailure *Failure  `json:"last_failure,omitzero"` // the latest attempt that failed, however the endpoint is now; nil: none
	LastCheck   *Check    `json:"last_check,omitzero"`   // the latest probe of the endpoint; nil: none
}

// Failure is one failed attempt, or one failed lookup of a name.
type Failure struct {
	At     time.Time `json:"at"`
	Fault  string    `json:"fault,omitempty"`  // name of the fault, as in the access log; empty when there was a response
	Status int       `json:"status,omitempty"` // status code of the response that counted as failed
	Cause  string    `json:"cause,omitempty"`  // what the system said: the text of a TLS, DNS or connection error
}

// LookupFailure describes a lookup of a name that failed at this time; nil when err
// is nil.
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

// Check is one probe of an endpoint.
type Check struct {
	At    time.Time `json:"at"`
	OK    bool      `json:"ok"`
	Cause string    `json:"cause,omitempty"` // why it failed
}

// Rotation is the place of an endpoint in the rotation, as configuration and
// operator have set it.
type Rotation struct {
	Weight   int       // in force; 0 drains the endpoint
	Operator bool      // an operator set the weight, or drained the endpoint
	Since    time.Time // when the operator did so
}

// Missing returns the status of a name that has no address: since when, and why the
// latest lookup failed (nil when it did not, or is not known).
func Missing(r Rotation, since time.Time, last *Failure) Status {
	return r.drain(Status{State: Down, Reason: NoAddress, Since: since, LastFailure: last})
}

// drain changes s to Drained when r has no weight.
func (r Rotation) drain(s Status) Status {
	if r.Weight != 0 {
		return s
	}
	s.State, s.Reason, s.Since, s.Until = Drained, ZeroWeight, time.Time{}, time.Time{}
	if r.Operator {
		s.Reason, s.Since = Operator, r.Since
	}
	return s
}

// judge changes s to what the attempts of requests have shown.
func (s Status) judge(l lb.Standing) Status {
	s.Since, s.Until = l.Since, l.Until
	switch {
	case l.Ejected:
		s.State, s.Reason = Ejected, reasonOf(l.Cause)
	case l.Failing:
		s.State, s.Reason = Down, reasonOf(l.Cause)
	}
	return s
}

func reasonOf(o lb.Outcome) Reason {
	switch o {
	case lb.ConnectFailure:
		return ConnectFailures
	case lb.Timeout:
		return Timeouts
	case lb.Cut:
		return Cuts
	}
	return NoReason
}

// Attrs returns s as attributes of a log line.
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
	if f := s.LastFailure; f != nil && s.State != Up && s.State != Drained {
		attrs = append(attrs, slog.String("fault", f.Fault))
		if f.Cause != "" {
			attrs = append(attrs, slog.String("cause", f.Cause))
		}
	}
	return attrs
}
