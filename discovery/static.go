package discovery

import (
	"context"
	"time"

	"penstock/lb"
)

// Static is the source of addresses that never change. It has no goroutine. The zero value has no
// endpoint.
type Static struct {
	endpoints []lb.Endpoint
}

func newStatic(entries []entry) *Static {
	s := &Static{}
	for _, e := range entries {
		s.endpoints = append(s.endpoints, e.Endpoint)
	}
	s.endpoints = distinct(s.endpoints)
	return s
}

// Start calls update once, with a copy of the endpoints without repeated addresses, and returns nil.
func (s *Static) Start(_ context.Context, update func([]lb.Endpoint)) error {
	update(append([]lb.Endpoint(nil), s.endpoints...))
	return nil
}

// LastFailure returns zero and nil: there are no lookups.
func (s *Static) LastFailure() (at time.Time, cause error) { return time.Time{}, nil }

// Shutdown does nothing and returns nil.
func (s *Static) Shutdown(context.Context) error { return nil }
