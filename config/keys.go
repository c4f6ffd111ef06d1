package config

import (
	"penstock/options"
)

// rootFields are the keys of a file. Routes come last because they start from
// what the other keys say.
var rootFields = []field[Config]{
	{key: "listen", read: readListen},
	sectionKey("admin", func(c *Config) options.Declarer { return &c.Admin }),
	sectionKey("limits", func(c *Config) options.Declarer { return &c.Limits }),
	sectionKey("timeouts", func(c *Config) options.Declarer { return &c.Timeouts }),
	{key: "trusted_proxies", read: func(d *decoder, v value, c *Config) {
		d.declared(v, options.NetworksOf(&c.TrustedProxies))
	}},
	{key: "forwarded", read: func(d *decoder, v value, c *Config) { d.onOff(v, &c.Forwarded) }},
	{key: "upgrades", read: func(d *decoder, v value, c *Config) { c.Upgrades = d.unique(v, protocolName) }},
	{key: "trailers", read: func(d *decoder, v value, c *Config) { c.Trailers = d.unique(v, trailerName) }},
	sectionKey("paths", func(c *Config) options.Declarer { return &c.Paths }),
	sectionKey("cache", func(c *Config) options.Declarer { return &c.Cache }),
	declaredKey("upstreams", func(c *Config) options.Value { return &upstreams{c} }),
	{key: "routes", inside: below(Default().routes(nil)), read: func(d *decoder, v value, c *Config) { d.declared(v, c.routes(d.policies)) }},
	sectionKey("log", func(c *Config) options.Declarer { return &c.Log }),
	sectionKey("answers", func(c *Config) options.Declarer { return &c.Answers }),
}

// Keys returns the path of every key that a file may have, such as
// "routes[].retry.times" and "upstreams.*.pool.max", in the order of the
// documentation. `[]` is an item of a list, `*` a name that the file chooses;
// names of header fields and the like have no path of their own.
func Keys() []string { return under("", rootFields) }

func readListen(d *decoder, v value, c *Config) {
	if off(v) || v.node.Kind == sequenceNode && len(v.node.Content) == 0 {
		d.problem(v, "got no address, want at least one")
	}
	c.Listen = d.unique(v, listenAddress)
}
