package config

import (
	"gopkg.in/yaml.v3"

	"penstock/options"
)

// namedUpstreams prints the upstreams of the file; inline ones stand in their routes.
func (c *Config) namedUpstreams() *node {
	n := tree()
	for _, u := range c.Upstreams {
		if !u.Inline {
			n.put(u.Name, u.tree())
		}
	}
	return n
}

func (u *Upstream) tree() *node {
	backends := list()
	for i := range u.Backends {
		b := &u.Backends[i]
		item := flow(tree()).put("url", free(b.URL())).put("weight", number(b.Weight))
		if b.Backup {
			item.put("backup", onOrOff(true))
		}
		backends.Content = append(backends.Content, (*yaml.Node)(item))
	}
	n := tree().put("balance", u.Balance.tree()).put("backends", backends).put("host", u.Host.tree()).
		put("pool", flow(tree().
			put("max", number(u.Pool.Max)).
			put("idle", number(u.Pool.Idle)).
			put("idle_timeout", plain(options.FormatDuration(u.Pool.IdleTimeout))).
			put("max_age", durationOrOff(u.Pool.MaxAge)).
			put("queue", number(u.Pool.Queue)).
			put("queue_timeout", plain(options.FormatDuration(u.Pool.QueueTimeout))))).
		put("retry_budget", u.RetryBudget.tree()).
		put("eject", u.Eject.tree()).
		put("dns", flow(tree().put("refresh", plain(options.FormatDuration(u.DNS.Refresh)))))
	if u.TLS != (TLS{}) {
		n.put("tls", u.TLS.tree())
	}
	return n
}

func (b *Balance) tree() *node {
	if b.Method != Hash {
		return plain(b.Method.String())
	}
	source := b.HashOn.String()
	if b.HashName != "" {
		source += " " + b.HashName
	}
	return flow(tree()).put("hash", free(source)).put("bound", plain(options.FormatShare(b.Bound)))
}

func (h *HostPolicy) tree() *node {
	switch h.Mode {
	case HostPreserve:
		return plain("preserve")
	case HostUpstream:
		return plain("upstream")
	}
	return free(h.Name)
}

func (b *RetryBudget) tree() *node {
	if b.Off {
		return plain("off")
	}
	return flow(tree()).put("ratio", plain(options.FormatShare(b.Ratio))).put("floor", plain(options.FormatRate(b.Floor)))
}

func (e *Eject) tree() *node {
	if e.Failures == 0 {
		return plain("off")
	}
	return flow(tree()).
		put("failures", number(e.Failures)).
		put("base", plain(options.FormatDuration(e.Base))).
		put("max", plain(options.FormatDuration(e.Max))).
		put("at_most", plain(options.FormatShare(e.AtMost)))
}

func (t *TLS) tree() *node {
	n := tree()
	for _, f := range []struct{ key, value string }{{"ca", t.CA}, {"name", t.Name}, {"cert", t.Cert}, {"key", t.Key}} {
		if f.value != "" {
			n.put(f.key, free(f.value))
		}
	}
	return n.put("insecure", onOrOff(t.Insecure))
}

// targets prints the upstreams of a route in the shortest form that says the same.
func (r *Route) targets(c *Config) *node {
	if len(r.Targets) != 1 || r.Targets[0].Weight != 1 {
		n := flow(tree())
		for _, t := range r.Targets {
			n.putText(t.Upstream, number(t.Weight))
		}
		return n
	}
	u := c.Upstream(r.Targets[0].Upstream)
	if u == nil || !u.Inline || len(u.Backends) == 1 {
		return free(r.Targets[0].Upstream)
	}
	n := flow(list())
	for i := range u.Backends {
		n.Content = append(n.Content, (*yaml.Node)(free(u.Backends[i].URL())))
	}
	return n
}
