package metrics

import (
	"io"
	"maps"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
)

// maxShards bounds the memory of one handle; with more cores than this, cores share shards.
const maxShards = 16

// Defaults of Options.
const (
	DefaultBackends = 4096   // backends with series of their own
	DefaultSeries   = 50_000 // series of our own on one page
)

// Options configures a Registry. The zero value is usable.
type Options struct {
	Version  string           // for penstock_build_info; "" stays empty
	Revision string           // likewise, the source revision
	Backends int              // how many backends have series of their own, the others are unattributed; zero or less means DefaultBackends
	Series   int              // how many series of our own one page has, the others are omitted; zero or less means DefaultSeries
	Now      func() time.Time // nil means time.Now
}

// Registry holds every metric of one process. It is safe for concurrent use. Only New makes one.
type Registry struct {
	set     *vm.Set
	o       Options
	started time.Time
	shards  int

	mu        sync.Mutex // held to change the maps below, never by Observe
	routes    map[string]*Route
	upstreams map[string]*Upstream
	backends  map[backendKey]*backend
	sources   sources

	full atomic.Pointer[map[backendKey]*backend] // the backends while there is no room for more, and then not changed; else nil

	reloadOK, reloadFailed atomic.Uint64
	lastReloadOK           atomic.Bool
	lastReload             atomic.Int64 // Unix milliseconds of the last success
	unattributed           atomic.Uint64
	slowEnded              atomic.Uint64
	pageSize               atomic.Int64 // bytes of the last page
}

// New returns a registry that holds the series of requests without a route and
// those of the process, and nothing else.
func New(o Options) *Registry {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Backends <= 0 {
		o.Backends = DefaultBackends
	}
	if o.Series <= 0 {
		o.Series = DefaultSeries
	}
	r := &Registry{
		set: vm.NewSet(), o: o, started: o.Now(),
		shards:    min(1<<bits.Len(uint(runtime.GOMAXPROCS(0)-1)), maxShards),
		routes:    map[string]*Route{},
		upstreams: map[string]*Upstream{},
		backends:  map[backendKey]*backend{},
	}
	r.Route("")
	r.set.RegisterMetricsWriter(r.write)
	return r
}

// Route returns the handle of the route called name and makes it at the first call; later calls
// return the same one until Retain drops it, and then a new one that counts from zero. "" is the
// handle for requests that match no route, which is never dropped.
func (r *Registry) Route(name string) *Route {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.routes[name]
	if h == nil {
		h = newRoute(r, name)
		r.routes[name] = h
	}
	return h
}

// Upstream returns the handle of the upstream called name, and makes it at the first call;
// later calls return the same one until Retain drops it. Attempts are counted only for the
// backends of upstreams that have a handle, under the address in exchange.Attempt.Backend,
// and for at most Options.Backends backends.
func (r *Registry) Upstream(name string) *Upstream {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.upstreams[name]
	if u == nil {
		u = &Upstream{name: name, retries: newFaultCounts()}
		r.upstreams[name] = u
	}
	return u
}

// backend returns the counters of a backend, made when they are missing; nil when the
// upstream is not registered or too many are counted. r.mu is held.
func (r *Registry) backend(key backendKey) *backend {
	if b := r.backends[key]; b != nil {
		return b
	}
	u := r.upstreams[key.upstream]
	if u == nil || len(r.backends) >= r.o.Backends {
		return nil
	}
	b := newBackend(r, key, u)
	r.backends[key] = b
	if len(r.backends) == r.o.Backends {
		all := r.backends
		r.full.Store(&all)
	}
	return b
}

// Retain drops the routes and upstreams that are not named, with the backends of those upstreams;
// nil names none. It is called after a new configuration is in place. Dropped handles may still be
// used by requests under way but are not written any more; attempts at dropped backends count as
// unattributed.
func (r *Registry) Retain(routes, upstreams []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keep := setOf(routes)
	maps.DeleteFunc(r.routes, func(name string, _ *Route) bool { return name != "" && !keep[name] })
	keep = setOf(upstreams)
	maps.DeleteFunc(r.upstreams, func(name string, _ *Upstream) bool { return !keep[name] })
	r.dropBackends(func(k backendKey) bool { return r.upstreams[k.upstream] == nil })
}

// setOf returns the names as a set, because there may be thousands.
func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return set
}

// dropBackends removes the backends that gone names, here and from every route.
// r.mu is held.
func (r *Registry) dropBackends(gone func(backendKey) bool) {
	found := false
	for k := range r.backends {
		found = found || gone(k)
	}
	if !found {
		return
	}
	left := maps.Clone(r.backends) // routes may read the other
	maps.DeleteFunc(left, func(k backendKey, _ *backend) bool { return gone(k) })
	r.backends = left
	r.full.Store(nil)
	for _, route := range r.routes {
		route.dropLanes(gone)
	}
}

// Reloaded records the outcome of a load of the configuration, the first one included.
func (r *Registry) Reloaded(ok bool) {
	r.lastReloadOK.Store(ok)
	if !ok {
		r.reloadFailed.Add(1)
		return
	}
	r.reloadOK.Add(1)
	r.lastReload.Store(r.o.Now().UnixMilli())
}

// WritePrometheus writes every metric in the text format: ours with HELP and TYPE,
// then those of the process and of the Go runtime. Of ours it leaves out what exceeds
// Options.Series, histograms first. It ignores errors of w.
func (r *Registry) WritePrometheus(w io.Writer) {
	r.set.WritePrometheus(w)
	vm.WriteProcessMetrics(w)
	vm.WriteFDMetrics(w)
}

// lane makes the counters between a route and a backend. It returns nil when the
// backend cannot be counted.
func (r *Registry) lane(route *Route, key backendKey) *lane {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.backend(key)
	if b == nil {
		return nil
	}
	return route.addLane(key, b)
}
