package config

import (
	"penstock/options"
)

const (
	kib = 1 << 10
	mib = 1 << 20
)

// Default returns a new Config with every default and no upstream or route. Parse would refuse it,
// because a file has at least one route.
func Default() *Config {
	c := &Config{Log: Log{Access: new(Access)}}
	c.section(nil).Reset()
	return c
}

// DefaultUpstream returns a new upstream with every default, no name and no backend. Name it and
// add a backend before use.
func DefaultUpstream() *Upstream {
	u := new(Upstream)
	u.section().Reset()
	return u
}

// DefaultCache returns a new Cache with the settings that `cache: on` means for a route: MaxObject is
// that of c.Cache.
func (c *Config) DefaultCache() *Cache {
	cache := new(Cache)
	keys := options.Section{Keys: func(k options.Keys) { cache.keys(k, c) }}
	keys.Reset()
	return cache
}

// cacheMethods returns the methods whose responses can be stored.
func cacheMethods() []string { return []string{"GET", "HEAD", "POST"} }

// DefaultRoute returns a new route with the defaults that c gives to its routes, no path and no
// target. Its Upgrades and Trailers are the slices of c.
func (c *Config) DefaultRoute() *Route {
	return &Route{
		Retry: DefaultRetry(),
		Timeouts: RouteTimeouts{
			Connect:   c.Timeouts.Connect,
			FirstByte: c.Timeouts.FirstByte,
			Request:   c.Timeouts.Request,
			BodyIdle:  c.Timeouts.BodyIdle,
			Body:      c.Timeouts.Body,
			BodyRate:  c.Timeouts.BodyRate,
		},
		MaxBody:  c.Limits.Body,
		Limited:  true,
		Upgrades: c.Upgrades,
		Trailers: c.Trailers,
		Paths:    c.Paths,
	}
}
