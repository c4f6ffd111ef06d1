package gateway

import (
	"errors"
	"fmt"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/config"
	"penstock/downstream"
	"penstock/exchange"
	"penstock/httpcache"
	"penstock/ops"
	"penstock/policy"
)

// defaultCacheMemory is the size of a store for which nobody named one.
const defaultCacheMemory = 256 << 20

// openCache makes the store and its engine when the first route caches. They stay for the life
// of the process: a route that stops caching may start again.
func (g *Gateway) openCache(cfg *config.Config) error {
	if g.cache != nil || !caches(cfg) {
		return nil
	}
	o := cache.Options{Bytes: cfg.Cache.Memory, MaxObject: cfg.Cache.MaxObject, Admission: cfg.Cache.Admission, Now: g.proxy.clock}
	if o.Bytes == 0 {
		o.Bytes = g.cacheMemory
	}
	if o.Bytes == 0 {
		o.Bytes = defaultCacheMemory
	}
	store, err := cache.New(o)
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	g.cache = httpcache.New(httpcache.Options{Store: store, Waiters: cfg.Limits.Requests, Clock: g.proxy.clock, Log: g.log, Shared: g.shared})
	if cfg.Cache.Path != "" {
		g.saver = httpcache.NewSaver(httpcache.SaverOptions{Store: store, Path: cfg.Cache.Path, Log: g.log, Now: g.now})
		g.saver.Load()
	}
	return nil
}

// caches reports whether any route does.
func caches(cfg *config.Config) bool {
	for _, r := range cfg.Routes {
		if r.Cache != nil {
			return true
		}
	}
	return false
}

// CacheStatus returns the state of the response cache. When no route has cached yet, all is zero
// and Routes is empty, not nil.
func (g *Gateway) CacheStatus() ops.CacheStatus {
	s := g.proxy.current.Load()
	status := ops.CacheStatus{Routes: []ops.CacheRoute{}}
	if s.cache == nil {
		return status
	}
	s.cache.Describe(&status)
	if g.saver != nil {
		g.saver.Describe(&status)
	}
	for _, r := range s.routes {
		if counts, ok := r.metrics.CacheCounts(); ok && r.cache != nil {
			status.Routes = append(status.Routes, counts)
		}
	}
	return status
}

// CachePurge purges the stored responses that p selects, in the store that all routes share.
// Then nothing is purged: the error wraps ops.ErrNoCache when no route has cached yet, or for a URL
// when no route caches now, because routes say how URLs are keyed; and ops.ErrBadURL for a URL or
// prefix that no request can have. Any other error means that the purge was done but a restart may
// undo it.
func (g *Gateway) CachePurge(p ops.CachePurge) error { return g.proxy.cachePurge(p) }

func (g *proxy) cachePurge(p ops.CachePurge) error {
	s := g.current.Load()
	if s.cache == nil {
		return ops.ErrNoCache
	}
	q := httpcache.Purge{Scope: p.Scope, Tag: []byte(p.Tag), Soft: p.Soft, URL: cache.URL{Host: []byte(p.URL.Host)}}
	if p.URL.Scheme != "" {
		q.URL.Scheme = []byte(p.URL.Scheme)
	}
	if p.Scope == ops.CacheScopeURL || p.Scope == ops.CacheScopePrefix {
		if !httpcache.ReadTarget(&q.URL, []byte(p.URL.Target), s.table) {
			return fmt.Errorf("purge %s: %w", p.URL, ops.ErrBadURL)
		}
	}
	for _, r := range s.routes {
		if r.cache != nil {
			q.Rules = append(q.Rules, r.cache)
		}
	}
	if p.Scope == ops.CacheScopeURL && len(q.Rules) == 0 {
		return ops.ErrNoCache
	}
	return s.cache.Purge(&q)
}

// CacheLookup returns what is stored for a request and why it would or would not be
// used. It asks no origin and changes nothing. A request that no route takes, or whose route does
// not cache, is no error: Use and Why say so. The error wraps ops.ErrNoCache when no route caches, and
// ops.ErrBadURL when q describes no request that can be served.
func (g *Gateway) CacheLookup(q ops.CacheQuestion) (ops.CacheExplanation, error) {
	out := ops.CacheExplanation{Method: q.Method, URL: q.URL.String(), Why: []string{}}
	b := g.proxy.beginAlone(g.proxy.joinNewest())
	defer g.proxy.discard(b)
	if !caches(b.snap.config) {
		return out, ops.ErrNoCache
	}
	if err := b.newDryRun(q); err != nil {
		return out, fmt.Errorf("lookup %s: %w", q.URL, err)
	}
	if f := b.findRoute(); f != nil {
		out.Use, out.Why = rfc9111.Bypass.String(), append(out.Why, "no route takes this request: "+f.Name())
		return out, nil
	}
	out.Route = b.route.name
	if b.route.cache == nil {
		out.Use, out.Why = rfc9111.Bypass.String(), append(out.Why, "the route does not cache")
		return out, nil
	}
	b.beginCaching()
	b.snap.cache.Explain(&b.cache, &out)
	return out, nil
}

// newDryRun makes b the journey of the request that q describes, which is never sent.
func (b *journey) newDryRun(q ops.CacheQuestion) error {
	var fields []byte
	fields = append(fields, "Host: "+q.URL.Host+"\r\n"...)
	if q.URL.Scheme == "https" {
		fields = append(fields, "X-Forwarded-Proto: https\r\n"...)
		b.x.Trusted = true
	}
	for _, f := range q.Fields {
		fields = append(fields, f.Name+": "+f.Value+"\r\n"...)
	}
	head := downstream.Head{Version: downstream.HTTP11, Method: []byte(q.Method), Target: []byte(q.URL.Target), Scheme: "http", Fields: fields}
	limits := b.snap.limits.head
	limits.Target = len(q.URL.Target)
	if why := b.request.ReadDryRun(&head, limits, b.snap.table); why != exchange.NoReason || b.request.RawPath == nil {
		return ops.ErrBadURL
	}
	return nil
}

// purgeRequested purges the URL of a request with the method PURGE.
func (g *proxy) purgeRequested(c *policy.Call) {
	target := string(c.Path)
	if c.HasQuery {
		target += "?" + string(c.Query)
	}
	u := ops.CacheURL{Scheme: c.Scheme, Host: string(c.Host), Target: target}
	err := g.cachePurge(ops.CachePurge{URL: u})
	switch {
	case err == nil, errors.Is(err, ops.ErrNoCache), errors.Is(err, ops.ErrBadURL): // for the latter two nothing is stored
	default:
		g.log.Warn("a purge may be forgotten in a restart", "error", err)
	}
}
