package rfc9111

import "time"

// Use says what a cache does with a request.
type Use uint8

// The uses.
const (
	Nothing              Use = iota // nothing is stored: ask the origin
	Fresh                           // serve from the store
	StaleAccepted                   // serve from the store: the client takes it stale (RFC 9111 §5.2.1.2)
	StaleWhileRevalidate            // serve from the store, and validate in the background (RFC 5861 §3)
	StaleIfError                    // ask the origin; UsableOnError once that goes wrong (RFC 5861 §4, RFC 9111 §4.2.4)
	MustRevalidate                  // ask the origin; the stored response counts only once validated
	Bypass                          // ask the origin; by its method or its Authorization the request cannot be served from the store
	Unsatisfiable                   // respond with 504: the client takes only what is stored (RFC 9111 §5.2.1.7)
	useCount
)

var useText = [useCount]string{
	Nothing: "nothing", Fresh: "fresh", StaleAccepted: "stale-accepted",
	StaleWhileRevalidate: "stale-while-revalidate", StaleIfError: "stale-if-error",
	MustRevalidate: "must-revalidate", Bypass: "bypass", Unsatisfiable: "unsatisfiable",
}

// String returns the name that the API shows. It panics for a number that is no use.
func (u Use) String() string { return useText[u] }

// FromStore reports whether the client is served without waiting for the origin.
func (u Use) FromStore() bool {
	return u == Fresh || u == StaleAccepted || u == StaleWhileRevalidate
}

// Decision is what Decide found.
type Decision struct {
	Use     Use
	Forward Forward       // why the request goes to the origin; ForwardNone when it does not
	Age     time.Duration // of the stored response; zero without one and with Bypass
	Left    time.Duration // freshness left; negative once stale; zero without a stored response and with Bypass
}

// Decide reports whether the stored response m may serve q (RFC 9111 §4). m is nil
// when nothing is stored for it: the result is then Nothing. The demands of q count only where
// the policy honours them; with OnlyIfCached every decision to ask the origin is Unsatisfiable. q
// must be the request of a variant that m was stored for. A method other than GET and HEAD gets
// Bypass, and so does a request with Authorization for which m is not Shared.
func Decide(m *Meta, q *Request, p *Policy, now Instant) Decision {
	d := Decision{Use: Nothing, Forward: ForwardMiss}
	switch {
	case q.Method != Get && q.Method != Head:
		d = Decision{Use: Bypass, Forward: ForwardMethod}
	case m != nil && q.Authorization && !m.Flags.Has(Shared):
		d = Decision{Use: Bypass, Forward: ForwardBypass}
	case m != nil:
		d = Decision{Age: m.Age(now), Left: m.Left(now)}
		d.Use, d.Forward = decide(m, q, p, now)
	}
	if p.ClientControl && q.Demands.OnlyIfCached && !d.Use.FromStore() {
		d.Use, d.Forward = Unsatisfiable, ForwardNone
	}
	return d
}

func decide(m *Meta, q *Request, p *Policy, now Instant) (Use, Forward) {
	left := m.Left(now)
	switch {
	case p.ClientControl && !q.Demands.accept(m, now):
		return MustRevalidate, ForwardRequest
	case m.Flags.Has(AlwaysValidate):
		return MustRevalidate, ForwardStale
	case left > 0:
		return Fresh, ForwardNone
	case p.ClientControl && !m.Flags.Has(NeverStale|NeverStaleAlone) && q.Demands.takesStale(-left):
		return StaleAccepted, ForwardNone
	case m.revalidates(p, -left):
		return StaleWhileRevalidate, ForwardStale
	case m.survives(q, p, -left, Unreachable), m.survives(q, p, -left, ServerError):
		return StaleIfError, ForwardStale
	}
	return MustRevalidate, ForwardStale
}

// accept reports whether the client may be given m without validation, as far as
// freshness and age go (RFC 9111 §5.2.1). A reload does not reach the origin for
// what does not change while fresh (RFC 8246 §2).
func (d *Demands) accept(m *Meta, now Instant) bool {
	left := m.Left(now)
	switch {
	case d.NoCache:
		return false
	case d.MinFresh.Named() && (!d.MinFresh.Valid() || left < d.MinFresh.Span()):
		return false
	case d.MaxAge.Named() && m.Age(now) > d.MaxAge.Span():
		reload := d.MaxAge.Valid() && d.MaxAge.Span() == 0
		return reload && m.Flags.Has(Unchanging) && left > 0
	}
	return true
}

// takesStale reports whether the client takes a response that has been stale for
// so long.
func (d *Demands) takesStale(stale time.Duration) bool {
	if d.MaxStale.Named() {
		return d.MaxStale.Valid() && stale <= d.MaxStale.Span()
	}
	return d.AnyStale
}

// revalidates reports whether m may be used while it is validated in the
// background. The route's time counts only for responses that had been fresh: one
// that asks for validation each time means it.
func (m *Meta) revalidates(p *Policy, stale time.Duration) bool {
	switch {
	case m.Flags.Has(NeverStale):
		return false
	case m.StaleWhileRevalidate != Unnamed:
		return stale <= m.StaleWhileRevalidate
	case m.Flags.Has(NeverStaleAlone), m.Lifetime == 0 && !m.Flags.Has(SoftPurged):
		return false
	}
	return stale <= p.StaleWhileRevalidate && p.StaleWhileRevalidate > 0
}

// Failure is how a request to the origin went wrong.
type Failure uint8

// The failures.
const (
	Unreachable Failure = iota // no response came, or none that is whole (RFC 9111 §4.2.4)
	ServerError                // 500, 502, 503 or 504 came (RFC 5861 §4)
)

// IsServerError reports whether a response counts as the error that a stale response
// may stand in for: 500, 502, 503 or 504 (RFC 5861 §4).
func IsServerError(status int) bool { return status == 500 || 502 <= status && status <= 504 }

// UsableOnError reports whether m may serve q although it is stale, after a request to
// the origin has failed in the way of how (RFC 5861 §4, RFC 9111 §4.2.4). m must not be
// nil. How long m may be stale is what m states as stale-if-error, else what q states if
// p honours clients, else the time of p for that failure; zero allows nothing. It
// returns false after that time, for a response that must always be validated or never
// be served stale, when q does not accept m, and wherever Decide returns MustRevalidate. It does
// not look at the method and the Authorization of q: do not call it where Decide returned Bypass.
func UsableOnError(m *Meta, q *Request, p *Policy, how Failure, now Instant) bool {
	if p.ClientControl && !q.Demands.accept(m, now) {
		return false
	}
	return m.survives(q, p, -m.Left(now), how)
}

// survives reports whether m may be used after having been stale for so long.
func (m *Meta) survives(q *Request, p *Policy, stale time.Duration, how Failure) bool {
	window := p.StaleUnreachable
	if how == ServerError {
		window = p.StaleServerError
	}
	switch {
	case m.Flags.Has(AlwaysValidate | NeverStale | NeverStaleAlone):
		return false
	case m.StaleIfError != Unnamed:
		window = m.StaleIfError
	case p.ClientControl && q.Demands.StaleIfError.Named():
		window = q.Demands.StaleIfError.Span()
	}
	return window > 0 && stale <= window
}
