package gateway

import (
	"bytes"
	"slices"
	"time"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/config"
	"penstock/exchange"
	"penstock/headers"
	"penstock/health"
	"penstock/httpcache"
	"penstock/metrics"
	"penstock/upstream"
)

// lookup gives the request to the cache, if its route has one, see httpcache.Engine.Lookup.
func (g *proxy) lookup(j *journey) (httpcache.Outcome, *exchange.Fault) {
	if j.route.cache == nil {
		return httpcache.AskOrigin, nil
	}
	j.beginCaching()
	return j.snap.cache.Lookup(&j.cache)
}

// beginCaching opens the cache's transaction for the request.
func (j *journey) beginCaching() {
	r := &j.request
	q := httpcache.Request{
		Method: r.Method, Scheme: r.Scheme, Host: r.Host, Path: r.Path, Query: r.Query, HasQuery: r.HasQuery, Fields: &r.Head,
		Body:    r.Framing.Kind != headers.NoBody && (r.Framing.Kind != headers.Sized || r.Framing.Length > 0),
		Streams: r.Version.Streams(), Upgrade: j.wantedUpgrade() != nil,
		Record: j.x, Response: &j.response, Common: j.common(), Paths: j.snap.table, Origin: j,
	}
	if limit := j.route.times.Request; limit > 0 {
		q.Deadline = j.x.Start.Add(limit)
	}
	j.snap.cache.Begin(&j.cache, j.route.cache, &q)
}

// store gives the cache the backend's response, or the fault in its place, see
// httpcache.Engine.Store.
func (g *proxy) store(j *journey, f *exchange.Fault) (httpcache.Outcome, *exchange.Fault) {
	if j.route.cache == nil && f != nil {
		return httpcache.Refuse, f
	} else if j.route.cache == nil {
		return httpcache.Relay, nil
	}
	outcome, f := j.snap.cache.Store(&j.cache, j.received(), f)
	if outcome == httpcache.Serve {
		j.out.resp.Discard()
	}
	return outcome, f
}

// received is the backend's response as the cache sees it.
func (j *journey) received() httpcache.Received {
	r := &j.out.resp
	v := httpcache.Received{Status: r.Status, Fields: &r.Head, Framing: r.Framing, Body: r.Buffered, Streams: r.Body != nil}
	if j.out.attempt != nil {
		v.Began = j.out.attempt.Start
	}
	return v
}

// Fetch implements httpcache.Origin.
func (j *journey) Fetch() (httpcache.Received, *exchange.Fault) {
	j.out.resp.Discard()
	f := j.g.wait(j)
	if f == nil {
		f = j.g.forward(j)
	}
	return j.received(), f
}

// Detach implements httpcache.Origin.
func (j *journey) Detach() httpcache.Body {
	d := &detached{g: j.g, out: j.out, snap: j.snap.join(), backend: j.out.backend, record: *j.out.attempt}
	d.queue, d.member = j.turn.queue, j.turn.member
	d.out.resp.Record(&d.record)
	body := d.out.resp.Body
	body.Idle, body.OnClose = j.route.times.BodyIdle, d.closed
	j.out = j.g.outbounds.Get().(*outbound)
	return d
}

// detached is the body of a backend's response that outlives its journey.
type detached struct {
	g       *proxy
	out     *outbound
	snap    *Snapshot
	backend *health.Endpoint
	queue   *queue // of requests that wait for the backend, which is member
	member  *upstream.Member
	record  exchange.Attempt // in the place of the journey's
}

// Read implements httpcache.Body.
func (d *detached) Read(p []byte) (int, error) { return d.out.resp.Body.Read(p) }

// Close implements httpcache.Body.
func (d *detached) Close() {
	d.out.reset()
	d.g.outbounds.Put(d.out)
	d.snap.leave()
}

// closed reports the end of the body to the health of the backend.
func (d *detached) closed(_ bool, fault *exchange.Fault, _ int64) {
	now := d.g.now()
	d.backend.EndRest(fault, now.Sub(d.record.Start), now)
	d.queue.passOn(d.member, d.g.now)
}

// Background implements httpcache.Origin. The origin sees the fields of the request that
// caused the background request.
func (j *journey) Background() (*httpcache.Transaction, func()) {
	g := j.g
	b := g.beginAlone(j.snap.join())
	if b.route = j.route; !b.copyRequest(j) {
		g.discard(b)
		return nil, nil
	}
	b.beginCaching()
	return &b.cache, func() {
		b.route.metrics.ObserveTries(b.x)
		if refusal, judged := b.cache.Refused(); judged {
			b.route.metrics.Judged(refusal)
		}
		g.discard(b)
	}
}

// beginAlone opens a journey that has no client, on a snapshot that was joined for it; discard
// ends it.
func (g *proxy) beginAlone(s *Snapshot) *journey {
	b := g.journeys.Get().(*journey)
	b.x, b.snap = exchange.Acquire(g.now()), s
	return b
}

// discard gives back a journey without a client.
func (g *proxy) discard(b *journey) {
	x, snap := b.x, b.snap
	b.reset()
	snap.leave()
	x.Release()
	g.journeys.Put(b)
}

// copyRequest makes j a journey of its own for the request of from, as a GET of the whole: nothing
// in it points into from or the client's connection. It is false when the fields cannot be read
// again.
func (j *journey) copyRequest(from *journey) bool {
	if !j.request.Copy(&from.request) {
		return false
	}
	j.x.Client, j.x.Peer, j.x.Trusted, j.x.Route = from.x.Client, from.x.Peer, from.x.Trusted, from.x.Route
	j.x.SetID(from.x.ID())
	j.x.Identify(from.x.Identity().Source, from.x.Identity().Name())
	for _, p := range from.x.Params {
		j.x.AddParam(p.Name, bytes.Clone(p.Value))
	}
	return true
}

// compileCache returns how a route caches, nil for a route that does not.
func (g *proxy) compileCache(c *config.Route, s *Snapshot, m *metrics.Route) (*httpcache.Rule, error) {
	o := c.Cache
	if o == nil {
		return nil, nil
	}
	query, err := cache.NewQueryRule(queryModes[o.Query.Mode], o.Query.Names...)
	if err != nil {
		return nil, err
	}
	r := &httpcache.Rule{
		Route: []byte(c.Name()), Query: query, Headers: o.Headers, Cookies: o.Cookies,
		Shadowed: byteLists(o.Headers), Wait: s.config.Cache.Wait,
		MaxVariants: o.MaxVariants, MaxObject: o.MaxObject,
		Get: slices.Contains(o.Methods, "GET"), Head: slices.Contains(o.Methods, "HEAD"), Post: slices.Contains(o.Methods, "POST"),
		Policy: rfc9111.Policy{
			Targets: o.Targets, TTL: o.TTL, Force: o.Force, NoHeuristic: !o.Heuristic,
			StoreSetCookie: o.StoreSetCookie, ClientControl: o.ClientControl,
			StaleWhileRevalidate: o.Stale, StaleUnreachable: o.StaleUnreachable, StaleServerError: o.StaleServerError,
		},
		OwnRequest: s.perRequest, OwnField: s.requestID, Explains: s.cacheStatus, Counters: &fills{g.now, m},
	}
	if o.Tags != "" {
		r.Tags = []byte(o.Tags)
	}
	for _, v := range o.ByStatus {
		r.Policy.ByStatus = append(r.Policy.ByStatus, rfc9111.StatusTTL{From: v.From, To: v.To, TTL: v.TTL, Off: v.Off})
	}
	m.CountCache(metrics.CacheNames{Forwards: httpcache.Forwards(), Refusals: httpcache.Refusals()})
	return r, nil
}

// queryModes translates the configuration's modes.
var queryModes = map[config.QueryMode]cache.QueryMode{
	config.QueryAll: cache.QueryAll, config.QuerySorted: cache.QuerySorted, config.QueryNone: cache.QueryNone,
	config.QueryOnly: cache.QueryOnly, config.QueryExcept: cache.QueryExcept,
}

// fills counts the responses of a route that were stored whole.
type fills struct {
	now   func() time.Time
	route *metrics.Route
}

// Filled implements httpcache.Counters.
func (f *fills) Filled(began time.Time) { f.route.Filled(f.now().Sub(began)) }
