package gateway

import (
	"reflect"

	"penstock/config"
)

// reuse finds what the running generation has compiled already. A nil *reuse has nothing.
type reuse struct {
	prev  *Snapshot
	index map[string]int // of the routes of prev, by name
}

// reuseOf returns what prev has; prev may be nil.
func reuseOf(prev *Snapshot) *reuse {
	if prev == nil {
		return nil
	}
	u := &reuse{prev: prev, index: make(map[string]int, len(prev.routes))}
	for i, r := range prev.routes {
		u.index[r.name] = i
	}
	return u
}

// upstream returns the running upstream of that name; nil when there is none.
func (u *reuse) upstream(name string) *pooledUpstream {
	if u == nil {
		return nil
	}
	return u.prev.byName[name]
}

// route returns the running route that c describes: it is configured in the same way,
// and its upstreams are those of s. nil when there is none.
func (u *reuse) route(c *config.Route, s *Snapshot) *route {
	if u == nil || s.config.Answers.RateLimit != u.prev.config.Answers.RateLimit {
		return nil
	}
	i, ok := u.index[c.Name()]
	if !ok || !reflect.DeepEqual(c, u.prev.config.Routes[i]) {
		return nil
	}
	for _, t := range u.prev.routes[i].targets {
		if s.byName[t.up.name] != t.up {
			return nil
		}
	}
	return u.prev.routes[i]
}

// table reports whether s can use the running route table: the n-th route of both matches
// the same requests.
func (u *reuse) table(s *Snapshot) bool {
	if u == nil || len(s.routes) != len(u.prev.routes) || s.config.Paths != u.prev.config.Paths {
		return false
	}
	for i, r := range s.routes {
		if r != u.prev.routes[i] && !reflect.DeepEqual(routingOf(s.config.Routes[i]), routingOf(u.prev.config.Routes[i])) {
			return false
		}
	}
	return true
}
