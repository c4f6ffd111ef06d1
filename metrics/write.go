package metrics

import (
	"cmp"
	"io"
	"maps"
	"runtime"
	"slices"

	"penstock/health"
	"penstock/ops"
)

// snapshot is the sorted list of handles that one output contains.
type snapshot struct {
	routes    []routeView
	upstreams []*Upstream
	backends  []*backend
	gauges    []backendView
	panics    map[string]bool       // by upstream; nil without a callback
	queues    map[string]*ops.Queue // by upstream, of those that have one
}

// snapshot collects the handles to write. New backends from discovery get their series here,
// and backends that discovery has removed lose theirs for the next output.
func (r *Registry) snapshot() *snapshot {
	s, live := &snapshot{}, map[backendKey]bool{}
	list := r.sources.upstreams.Load()
	if list != nil {
		s.panics, s.queues = map[string]bool{}, map[string]*ops.Queue{}
		for _, u := range (*list)() {
			s.panics[u.Name] = u.Panic
			if u.Queue != nil {
				s.queues[u.Name] = u.Queue
			}
			for _, b := range u.Backends {
				if k := (backendKey{u.Name, b.Address}); !live[k] { // the format forbids a series twice
					live[k] = true
					s.gauges = append(s.gauges, backendView{k, b})
				}
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range live {
		r.backend(k)
	}
	s.upstreams = slices.Collect(maps.Values(r.upstreams))
	s.backends = slices.Collect(maps.Values(r.backends))
	for _, route := range r.routes {
		s.routes = append(s.routes, routeView{route, *route.lanes.Load(), route.cache.Load()})
	}
	if list != nil {
		r.dropBackends(func(k backendKey) bool { return !live[k] })
	}
	slices.SortFunc(s.routes, func(a, b routeView) int { return cmp.Compare(a.name, b.name) })
	slices.SortFunc(s.upstreams, func(a, b *Upstream) int { return cmp.Compare(a.name, b.name) })
	slices.SortFunc(s.backends, func(a, b *backend) int { return a.key.compare(b.key) })
	return s
}

// routeView is a route with the lanes and the cache that it had when the snapshot
// was taken.
type routeView struct {
	*Route
	lanes  map[backendKey]*lane
	cached *routeCache
}

// backendView is the present state of one backend.
type backendView struct {
	key backendKey
	ops.Backend
}

func (k backendKey) compare(o backendKey) int {
	return cmp.Or(cmp.Compare(k.upstream, o.upstream), cmp.Compare(k.address, o.address))
}

// write is the set's metrics writer. When there are more series than may be written, the
// later ones are omitted: histograms before all others.
func (r *Registry) write(w io.Writer) {
	s := r.snapshot()
	p := &page{limit: r.o.Series, buf: make([]byte, 0, r.pageSize.Load()+r.pageSize.Load()/8)}
	p.process(r)
	p.store(r)
	p.gauges(s.gauges)
	p.ejections(s.gauges)
	p.checks(s.gauges)
	p.panics(s.panics)
	p.limiters(s.gauges)
	p.queues(s)
	p.routes(s.routes)
	p.upstreams(s.upstreams, r.slowEnded.Load())
	p.backends(s.backends)
	p.caches(s.routes)
	p.lanes(s.routes)
	p.rateLimits(r)
	p.free = p.limit - p.series - histogramSeries*s.written()
	p.times(s)
	p.open(omitted)
	p.limit = p.series + 1 // this one always fits
	p.level(omitted, float64(p.omitted))
	r.pageSize.Store(int64(len(p.buf)))
	w.Write(p.buf) // the caller owns w and gets its errors from it
}

func (p *page) routes(routes []routeView) {
	p.open(requests)
	for _, r := range routes {
		for slot := range codeSlots {
			if n := r.sum(func(c *routeCell) uint64 { return c.codes[slot].Load() }); n > 0 {
				code, class := slotLabels(slot)
				p.count(requests, n, "route", r.name, "code", code, "class", class)
			}
		}
	}
	p.open(inFlight)
	for _, r := range routes {
		if r.name == "" {
			continue // see Route.Begin
		}
		var n int64
		for i := range r.cells {
			n += r.cells[i].inFlight.Load()
		}
		p.level(inFlight, float64(n), "route", r.name)
	}
	p.open(requestBytes)
	for _, r := range routes {
		p.count(requestBytes, r.sum(func(c *routeCell) uint64 { return c.received.Load() }), "route", r.name)
	}
	p.open(responseBytes)
	for _, r := range routes {
		p.count(responseBytes, r.sum(func(c *routeCell) uint64 { return c.sent.Load() }), "route", r.name)
	}
	p.open(faults)
	for _, r := range routes {
		r.faults.each(func(name string, n uint64) { p.count(faults, n, "route", r.name, "fault", name) })
	}
}

func (p *page) lanes(routes []routeView) {
	p.open(backendRequests)
	for _, r := range routes {
		for _, k := range slices.SortedFunc(maps.Keys(r.lanes), backendKey.compare) {
			var n uint64
			for i := range r.lanes[k].cells {
				n += r.lanes[k].cells[i].requests.Load()
			}
			p.count(backendRequests, n, "upstream", k.upstream, "backend", k.address, "route", r.name)
		}
	}
}

func (p *page) backends(backends []*backend) {
	p.open(attempts)
	for _, b := range backends {
		p.count(attempts, b.sum(func(c *backendCell) uint64 { return c.ok.Load() }), b.key.labels("outcome", "ok")...)
		b.faults.each(func(name string, n uint64) { p.count(attempts, n, b.key.labels("outcome", name)...) })
	}
	for _, of := range []struct {
		family family
		value  func(*backendCell) uint64
	}{
		{reused, func(c *backendCell) uint64 { return c.reused.Load() }},
		{sentBytes, func(c *backendCell) uint64 { return c.sent.Load() }},
		{receivedBytes, func(c *backendCell) uint64 { return c.received.Load() }},
	} {
		p.open(of.family)
		for _, b := range backends {
			p.count(of.family, b.sum(of.value), b.key.labels()...)
		}
	}
}

func (p *page) gauges(gauges []backendView) {
	if len(gauges) == 0 {
		return
	}
	p.open(connections)
	for _, g := range gauges {
		p.level(connections, float64(g.Active), g.key.labels("state", "active")...)
		p.level(connections, float64(g.Idle), g.key.labels("state", "idle")...)
	}
	p.open(backendState)
	for _, g := range gauges {
		p.level(backendState, 1, g.key.labels("state", g.State.String())...)
	}
	for _, of := range []struct {
		family family
		value  func(backendView) float64
	}{
		{backendUp, func(g backendView) float64 { return truth(g.State == health.Up || g.State == health.Warming) }},
		{backendInFlight, func(g backendView) float64 { return float64(g.InFlight) }},
		{waiting, func(g backendView) float64 { return float64(g.Waiting) }},
		{ejectRefused, func(g backendView) float64 { return float64(g.Refused) }},
	} {
		p.open(of.family)
		for _, g := range gauges {
			p.level(of.family, of.value(g), g.key.labels()...)
		}
	}
}

func (p *page) ejections(gauges []backendView) {
	p.open(ejections)
	for _, g := range gauges {
		for _, reason := range slices.Sorted(maps.Keys(g.EjectionsBy)) {
			p.count(ejections, g.EjectionsBy[reason], g.key.labels("reason", reason)...)
		}
	}
}

// checks writes the health checks and breakers of the backends that have them.
func (p *page) checks(gauges []backendView) {
	p.open(healthChecks)
	for _, g := range gauges {
		if g.Checks != nil {
			p.count(healthChecks, g.Checks.OK, g.key.labels("result", "success")...)
			p.count(healthChecks, g.Checks.Failed, g.key.labels("result", "failure")...)
		}
	}
	p.open(healthTime)
	for _, g := range gauges {
		if g.Checks != nil {
			p.level(healthTime, g.Checks.Took, g.key.labels()...)
		}
	}
	p.open(breakerOpened)
	for _, g := range gauges {
		if g.Opened != nil {
			p.count(breakerOpened, *g.Opened, g.key.labels()...)
		}
	}
}

func (p *page) panics(panics map[string]bool) {
	if len(panics) == 0 {
		return
	}
	p.open(upstreamPanic)
	for _, name := range slices.Sorted(maps.Keys(panics)) {
		p.level(upstreamPanic, truth(panics[name]), "upstream", name)
	}
}

// upstreams writes what is counted of each upstream; all is slowEnded of no particular one.
func (p *page) upstreams(upstreams []*Upstream, all uint64) {
	p.open(retries)
	for _, u := range upstreams {
		if n := u.status.Load(); n > 0 {
			p.count(retries, n, "upstream", u.name, "cause", "status")
		}
		u.retries.each(func(name string, n uint64) { p.count(retries, n, "upstream", u.name, "cause", name) })
	}
	p.open(retriesRefused)
	for _, u := range upstreams {
		p.count(retriesRefused, u.refused.Load(), "upstream", u.name)
	}
	p.open(slowEnded)
	p.count(slowEnded, all, "upstream", "")
	for _, u := range upstreams {
		p.count(slowEnded, u.slow.Load(), "upstream", u.name)
	}
}

func (p *page) process(r *Registry) {
	single := func(f family, v float64, labels ...string) {
		p.open(f)
		p.level(f, v, labels...)
	}
	if f := r.sources.process.Load(); f != nil {
		g := (*f)()
		single(clientConnections, float64(g.Connections))
		single(clientsParked, float64(g.Parked))
		single(clientsResting, float64(g.Parked))
		single(bufferedBodies, float64(g.BufferedBodies))
		single(clientsRefused, float64(g.Refused))
		single(tunnels, float64(g.Tunnels))
		single(generations, float64(g.Generations))
		single(accessDropped, float64(g.AccessLogLines))
	}
	if f := r.sources.log.Load(); f != nil {
		single(logDropped, float64((*f)()))
	}
	single(reloadOK, truth(r.lastReloadOK.Load()))
	single(reloadTime, float64(r.lastReload.Load())/1e3)
	p.open(reloads)
	p.count(reloads, r.reloadOK.Load(), "result", "success")
	p.count(reloads, r.reloadFailed.Load(), "result", "failure")
	single(unattributed, float64(r.unattributed.Load()))
	single(buildInfo, 1, "version", r.o.Version, "revision", r.o.Revision, "goversion", runtime.Version())
	single(uptime, r.o.Now().Sub(r.started).Seconds())
}

// labels returns the labels of the backend, followed by more.
func (k backendKey) labels(more ...string) []string {
	return append([]string{"upstream", k.upstream, "backend", k.address}, more...)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// sum adds a counter over the shards.
func (r *Route) sum(of func(*routeCell) uint64) (n uint64) {
	for i := range r.cells {
		n += of(&r.cells[i])
	}
	return n
}

// sum adds a counter over the shards.
func (b *backend) sum(of func(*backendCell) uint64) (n uint64) {
	for i := range b.cells {
		n += of(&b.cells[i])
	}
	return n
}

// each calls f with every fault that was counted.
func (c faultCounts) each(f func(name string, n uint64)) {
	for i := range c {
		if n := c[i].Load(); n > 0 {
			f(faultNames[i], n)
		}
	}
}
