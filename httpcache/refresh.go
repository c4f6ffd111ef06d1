package httpcache

import (
	"log/slog"
	"runtime/debug"

	"penstock/cache"
	"penstock/cache/rfc9111"
)

// refresh revalidates in the background what has just been served stale, one request a key at
// a time (RFC 5861 §3).
func (e *Engine) refresh(t *Transaction) {
	lead := e.flights.Lead(t.keys.key)
	if lead == nil {
		return
	}
	b, end := t.req.Origin.Background()
	if b == nil {
		lead.Abandon()
		return
	}
	e.background(func() {
		defer end()
		defer survive(e.log)
		e.refetch(b, lead)
	})
}

// survive ends a background request that panicked.
func survive(log *slog.Logger) {
	if cause := recover(); cause != nil {
		log.Error("panic in a background request", "panic", cause, "stack", string(debug.Stack()))
	}
}

// refetch asks the origin for a request that no client waits for. It leads a flight.
func (e *Engine) refetch(t *Transaction, lead *cache.Leader) {
	t.move(begun, asking)
	t.fill.lead = lead
	if t.role != roleFill {
		t.fill.fail(errLookAgain)
		return
	}
	if e.find(t); t.decision.Use == rfc9111.Fresh {
		t.fill.fail(errLookAgain) // another one was quicker
		return
	}
	t.role = roleRefresh
	t.validates = t.stored.found && t.stored.meta.Flags.Has(rfc9111.Validatable)
	received, f := t.req.Origin.Fetch()
	t.move(asking, settled)
	t.receive(received)
	switch {
	case f != nil:
		t.fill.fail(f)
	case rfc9111.IsServerError(received.Status):
		t.fill.fail(errServerError)
	case received.Status == statusNotModified && t.validates:
		e.revalidated(t)
	default:
		e.storeResponse(t)
	}
	if t.phase == detaching {
		e.detach(t).run()
	}
}
