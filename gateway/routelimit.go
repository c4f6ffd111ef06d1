package gateway

import (
	"sync/atomic"

	"penstock/exchange"
)

// routeLimit bounds the requests in flight of one route (limits.requests of a route). The zero
// value bounds nothing and counts nothing.
type routeLimit struct {
	most int64
	open *atomic.Int64 // shared with other generations of the route that have a limit
}

// enter counts the request, which leave gives back.
func (l *routeLimit) enter(j *journey) *exchange.Fault {
	if l.open == nil {
		return nil
	}
	if l.open.Add(1) > l.most {
		l.open.Add(-1)
		return exchange.Refuse(exchange.RouteFull)
	}
	j.taken.entered = l.open
	return nil
}

// leaveRoute gives back what enter counted.
func (j *journey) leaveRoute() {
	if j.taken.entered != nil {
		j.taken.entered.Add(-1)
		j.taken.entered = nil
	}
}
