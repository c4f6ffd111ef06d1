package upstream

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"penstock/health"
	"penstock/lb"
	"penstock/ratelimit"
)

// Member is one backend as a View hands it out, and valid for as long as the caller keeps it. It
// is immutable: callers must not write to it or to its Host, which for a Unix socket is localhost.
type Member struct {
	Client  *Client            // does the round trip; shared by every route and generation
	Backend *lb.Backend        // the same as Client.Backend(); shared likewise
	Health  *health.Endpoint   // takes reports of how each attempt ends; shared likewise
	Limiter *ratelimit.Limiter // bounds the attempts that wait for a response head; shared likewise, nil for no bound
	Host    []byte             // Host field for a backend that wants its own name: the URL's authority, without a default port
	Entry   int                // index into Options.Backends of the cluster that made the View

	log *stateLog // of the same address as Health
}

// View is what one route sees of a Cluster: all of its backends with the
// route's own weights, over shared in-flight counts, health and connections. It is made by
// Cluster.View and safe for concurrent use.
type View struct {
	cluster *Cluster
	key     viewKey
	weights map[string]int
	users   int // guarded by cluster.mu
	current atomic.Pointer[selection]
}

// selection keeps a pool and the members its backends belong to together, so
// that one load sees both from the same list.
type selection struct {
	pool    *lb.Pool
	members []*Member // by Backend.Index; nil where the list has none
}

// viewKey is the identity of a view: the same route with the same weights is one.
type viewKey struct{ route, weights string }

// View returns the view for key, which names the route; weights replaces the
// weight of single backends for it, by "host:port" or "unix:/path" as
// configured (a name's weight holds for each of its addresses) or by a single
// address of a name, which wins. Zero or less takes a backend out; addresses that no backend
// has are ignored, and nil replaces none. It copies weights and never returns nil. The same key and
// weights give the same view, while one is not yet released, so that its place in the rotation
// survives a reload. Each call needs one Release.
func (c *Cluster) View(key string, weights map[string]int) *View {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := viewKey{key, canonical(weights)}
	v := c.views[k]
	if v == nil {
		v = &View{cluster: c, key: k, weights: maps.Clone(weights)}
		c.views[k] = v
		v.rebuild()
	}
	v.users++
	return v
}

// Pick chooses a backend for a request that has tried those in tried; key is
// used by hashing only, now is in Unix nanoseconds. tried may be nil. An ejected backend
// is picked only when no other is left, or when too few are usable (lb.InPanic). It returns
// nil when all backends with a weight were tried, or none has one. It counts nothing: the caller
// calls Begin of the Member's Health. It takes no lock and allocates nothing.
func (v *View) Pick(key uint64, tried *lb.Set, now int64) *Member {
	s := v.current.Load()
	b := s.pool.Pick(key, tried, now)
	if b == nil {
		return nil
	}
	return s.members[b.Index()]
}

// PickTrial chooses a backend that is on trial after an ejection and has no trial under way, for
// an attempt that finds out whether it works again; nil when there is none. safe says that the
// request may be sent twice without harm. The caller must begin and end that attempt with the
// Member's Health. See lb.Pool.PickTrial. It takes no lock and allocates nothing.
func (v *View) PickTrial(tried *lb.Set, safe bool, now int64) *Member {
	s := v.current.Load()
	b := s.pool.PickTrial(tried, safe, now)
	if b == nil {
		return nil
	}
	return s.members[b.Index()]
}

// BreakerOpen reports whether Pick returns nil because the breakers of all backends are open, and
// when (unix ns) the first lets a request pass, see lb.Pool.BreakerOpen.
func (v *View) BreakerOpen(now int64) (until int64, open bool) {
	return v.current.Load().pool.BreakerOpen(now)
}

// LookupError returns why a name of the cluster has no address: the latest failed lookup
// of the first such name of which one has failed. nil when every name has an address, or no
// lookup of the others has failed.
func (v *View) LookupError() error {
	c := v.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.entries {
		if source := c.o.Backends[i].Source; source != nil && len(c.addresses[i]) == 0 {
			if _, err := source.LastFailure(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Release ends one use of the view. After the last, the view no longer follows
// the cluster, but requests that hold it may still Pick. There must not be more calls than of
// Cluster.View.
func (v *View) Release() {
	c := v.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	if v.users--; v.users == 0 {
		delete(c.views, v.key)
	}
}

// rebuild makes the view follow the cluster's current list and weights.
// The cluster's mu is held.
func (v *View) rebuild() {
	l := v.cluster.list
	weights := make([]int, len(l.own))
	backup := make([]bool, len(l.own))
	for i, p := range l.own {
		e := &v.cluster.entries[l.members[p.backend.Index()].Entry]
		weights[i] = v.weight(e, p.key.address)
		backup[i] = e.backup
	}
	v.current.Store(&selection{
		pool:    lb.NewPool(l.group, weights, backup, v.cluster.o.Balance),
		members: l.members,
	})
}

// weight is what the view gives to one address of an entry: nothing when an
// operator drained it, else the route's own weight, else the one in force.
func (v *View) weight(e *entry, address string) int {
	r := v.cluster.rotation(e, address)
	if r.Operator && r.Weight == 0 {
		return 0
	}
	if own, ok := v.weights[address]; ok {
		return own
	}
	if own, ok := v.weights[e.address]; ok {
		return own
	}
	return r.Weight
}

// canonical writes weights as a string that is equal for equal maps.
func canonical(weights map[string]int) string {
	var b strings.Builder
	for _, address := range slices.Sorted(maps.Keys(weights)) {
		fmt.Fprintf(&b, "%q=%d ", address, weights[address])
	}
	return b.String()
}
