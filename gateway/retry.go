package gateway

import (
	"time"

	"penstock/exchange"
	"penstock/health"
)

// verdict is what judge decides after an attempt.
type verdict uint8

const (
	giveUp  verdict = iota // the fault (or the response) is final
	refresh                // once more on a fresh connection: the pooled one was dead
	retry                  // another attempt, at another backend while one is left
)

// retryRule is a route's retry policy, compiled. The zero value never retries.
type retryRule struct {
	times   int
	connect bool // no connection came about: nothing was sent
	reset   bool // the connection broke before a response byte
	timeout bool // no response head within first_byte, or from a backend that is silent
	status  health.Statuses
	methods []string // methods that may be retried
	need    []byte   // the field that a non-idempotent one of them must carry
	minWait time.Duration
	maxWait time.Duration
}

// traits is what judge must know about the request.
type traits struct {
	safe       bool // sending it twice does no harm: idempotent, or listed and with the needed field
	listed     bool // the rule names its method
	replayable bool // the body is at hand, or not a byte of it has been read
	refreshed  bool // a dead pooled connection was met before
}

// judge decides whether to repeat an attempt that ended in f, or in a response with status
// when f is nil. left is the number of retries still allowed. judge has no side effects.
func judge(f *exchange.Fault, status int, t traits, rule *retryRule, left int) verdict {
	if f == nil {
		if left > 0 && t.safe && t.listed && t.replayable && rule.status.Has(status) {
			return retry // the rule names the status of the response
		}
		return giveUp
	}
	switch {
	case f.Source == exchange.Client || f.Source == exchange.Gateway:
		return giveUp // another backend would not change it
	case f.Begun:
		return giveUp // the response had begun, so the backend has executed the request
	case !f.Wrote: // nothing was sent: harmless for any method
		return ifAllowed(rule.connect || rule.timeout && f.Kind == exchange.ConnectionTimeout, left)
	case !t.safe || !t.replayable:
		return giveUp // it may have been executed (RFC 9110 §9.2.2)
	case f.Reused && !t.refreshed && f.Kind == exchange.ConnectionTerminated:
		return refresh // the backend closed an idle connection just as we used it (RFC 9112 §9.3.1)
	case !t.listed:
		return giveUp
	case f.Kind == exchange.ConnectionTerminated:
		return ifAllowed(rule.reset, left)
	case f.Reason == exchange.FirstByteTimeout, f.Reason == exchange.BackendSilent:
		return ifAllowed(rule.timeout, left)
	default:
		return giveUp // an invalid response or a full gateway: another attempt would not help
	}
}

func ifAllowed(allowed bool, left int) verdict {
	if allowed && left > 0 {
		return retry
	}
	return giveUp
}

// lists reports whether the rule names the method.
func (r *retryRule) lists(method []byte) bool {
	for _, m := range r.methods {
		if string(method) == m {
			return true
		}
	}
	return false
}

// wait returns how long to wait before retry number n (from 0): exponential from
// minWait, capped at maxWait, with full jitter; random is in [0, 1).
func (r *retryRule) wait(n int, random float64) time.Duration {
	ceiling := r.maxWait
	if n < 32 && r.minWait<<n < ceiling && r.minWait<<n > 0 {
		ceiling = r.minWait << n
	}
	return time.Duration(random * float64(ceiling))
}

// idempotent reports whether the method may be sent twice (RFC 9110 §9.2.2).
func idempotent(method []byte) bool {
	switch string(method) {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "QUERY":
		return true
	}
	return false
}
