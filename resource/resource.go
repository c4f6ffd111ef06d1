// Package resource keeps what outlives a generation of the configuration: things whose
// state must survive a reload, such as the clusters of upstreams.
//
// A resource is found by what it is: its kind and the options that it was made from. A
// generation claims what it needs. When an earlier generation claims the same kind with
// the same options, both get the same instance; else a new one is built.
//
// A generation gives up what it claimed in two steps. Retire says that no new request
// will use it: a resource that no generation claims any more stops what it does on its
// own, and is not found again. Release says that the last request of the generation has
// ended: the resource is shut down once no generation uses it.
package resource

import (
	"context"
	"errors"
	"sync"
)

// Resource is something that survives reloads. A Keeper calls each method once at most,
// Retire first.
type Resource interface {
	// Retire is called when no generation claims the resource any more. It stops what
	// the resource does on its own, and must not block. Requests may still use it.
	Retire()
	// Shutdown is called when nobody uses the resource any more. It closes it and waits
	// for what runs, until ctx ends. Generation.Release returns its error.
	Shutdown(ctx context.Context) error
}

// Plain is a resource of a value that has nothing to stop, such as a table of counts.
type Plain[T any] struct{ Value T }

// Retire does nothing.
func (Plain[T]) Retire() {}

// Shutdown does nothing.
func (Plain[T]) Shutdown(context.Context) error { return nil }

// Keeper holds the resources of all generations. The zero value holds none and is ready; it
// must not be copied after the first Begin.
type Keeper struct {
	mu   sync.Mutex
	held map[identity]*holding // those that a generation claims
}

// identity is what makes two resources the same.
type identity struct {
	kind    string
	options any
}

// holding is one resource with the generations that hold it; Keeper.mu guards it.
type holding struct {
	id     identity
	value  Resource
	claims int // generations that have not retired
	users  int // generations that have not released it
}

// Generation is what one generation of the configuration has claimed. It is made by
// Keeper.Begin. Its methods may be called from different goroutines, one at a time; those of
// different generations at the same time.
type Generation struct {
	keeper   *Keeper
	holdings []*holding
	held     map[identity]bool
	retired  bool
	released bool
}

// Begin returns an empty generation, to be filled by Claim. Its Release must be called, also
// when a Claim has failed.
func (k *Keeper) Begin() *Generation {
	return &Generation{keeper: k, held: make(map[identity]bool)}
}

// Claim returns the resource of this kind and these options, which must be comparable, or it
// panics. build makes it when no generation claims it; its error and value are returned as they
// are, and nothing is claimed then. A kind has one type T: it panics when the resource has
// another one. A generation may claim the same resource several times, but none after its
// Retire. The generations of a keeper are filled one at a time.
func Claim[T Resource](g *Generation, kind string, options any, build func() (T, error)) (T, error) {
	id := identity{kind, options}
	if h := g.take(id); h != nil {
		return h.value.(T), nil
	}
	value, err := build()
	if err == nil {
		g.add(&holding{id: id, value: value})
	}
	return value, err
}

// take claims the resource that is held for id; nil when there is none.
func (g *Generation) take(id identity) *holding {
	g.keeper.mu.Lock()
	defer g.keeper.mu.Unlock()
	h := g.keeper.held[id]
	if h != nil && !g.held[id] {
		g.hold(h)
	}
	return h
}

// add claims a new resource.
func (g *Generation) add(h *holding) {
	g.keeper.mu.Lock()
	defer g.keeper.mu.Unlock()
	if g.keeper.held == nil {
		g.keeper.held = make(map[identity]*holding)
	}
	g.keeper.held[h.id] = h
	g.hold(h)
}

// hold counts g as claiming and using h. Keeper.mu is held.
func (g *Generation) hold(h *holding) {
	h.claims++
	h.users++
	g.holdings = append(g.holdings, h)
	g.held[h.id] = true
}

// Retire gives up the claims: Resource.Retire of those that no other generation claims is
// called before it returns. Further calls do nothing.
func (g *Generation) Retire() {
	if g.retired {
		return
	}
	g.retired = true
	for _, h := range g.drop(func(h *holding) bool {
		if h.claims--; h.claims > 0 {
			return false
		}
		delete(g.keeper.held, h.id)
		return true
	}) {
		h.value.Retire()
	}
}

// Release retires g if that has not been done, and ends its use: the resources that no
// other generation uses are shut down, one after the other. Each of them is, even when one before
// it has failed or ctx has ended; the errors are joined. Further calls do nothing and return nil.
func (g *Generation) Release(ctx context.Context) error {
	g.Retire()
	if g.released {
		return nil
	}
	g.released = true
	var errs []error
	for _, h := range g.drop(func(h *holding) bool { h.users--; return h.users == 0 }) {
		errs = append(errs, h.value.Shutdown(ctx))
	}
	g.holdings, g.held = nil, nil
	return errors.Join(errs...)
}

// drop returns the resources of g for which last is true.
func (g *Generation) drop(last func(*holding) bool) (gone []*holding) {
	g.keeper.mu.Lock()
	defer g.keeper.mu.Unlock()
	for _, h := range g.holdings {
		if last(h) {
			gone = append(gone, h)
		}
	}
	return gone
}
