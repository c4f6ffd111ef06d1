package health

import (
	"penstock/exchange"
	"penstock/lb"
)

// Outcome translates how an attempt ended for the balancer, which knows no HTTP:
// f is its fault, nil when there was a response with this status. failing are the statuses
// that count as failures of the backend; nil panics when f is nil. Of these, 502 to 504 are
// lb.Unavailable, all others lb.ServerError. A fault of the client or of our own limits is
// lb.Cancelled, and one before a byte of the request was written, or on a new connection that
// ended before any byte of a response, is lb.ConnectFailure. For the others see lb.Outcome.
func Outcome(f *exchange.Fault, status int, failing *Statuses) lb.Outcome {
	switch {
	case f == nil && !failing.Has(status):
		return lb.Success
	case f == nil && status >= 502 && status <= 504:
		return lb.Unavailable
	case f == nil:
		return lb.ServerError
	case f.Source != exchange.Upstream || f.Reason == exchange.QueueFull || f.Reason == exchange.QueueTimeout || f.Reason == exchange.TunnelsFull:
		return lb.Cancelled // the client's fault or our own limits
	case !f.Wrote, f.Kind == exchange.ConnectionTerminated && !f.Reused && !f.Begun:
		return lb.ConnectFailure
	case f.Reason == exchange.BodyIdleTimeout && f.Begun:
		return lb.Cut
	case f.Kind == exchange.HTTPResponseTimeout, f.Kind == exchange.ConnectionWriteTimeout:
		return lb.Timeout
	case f.Kind == exchange.ConnectionTerminated, f.Kind == exchange.HTTPResponseIncomplete:
		return lb.Cut
	default:
		return lb.ServerError // there was a response, but not a valid one
	}
}
