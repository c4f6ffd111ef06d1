package config

import (
	"log/slog"
	"net/netip"
	"slices"
	"strings"

	"penstock/options"
)

// rootFields are the keys of a file. Routes come last because they start from
// what the other keys say.
var rootFields = []field[Config]{
	{key: "listen", read: readListen},
	{key: "admin", inside: under(".", adminFields), read: readAdmin},
	section("limits", limitFields, func(c *Config) *Limits { return &c.Limits }),
	section("timeouts", timeoutFields, func(c *Config) *Timeouts { return &c.Timeouts }),
	{key: "trusted_proxies", read: func(d *decoder, v value, c *Config) { c.TrustedProxies = d.networks(v) }},
	{key: "forwarded", read: func(d *decoder, v value, c *Config) { d.onOff(v, &c.Forwarded) }},
	{key: "upgrades", read: func(d *decoder, v value, c *Config) { c.Upgrades = d.unique(v, protocolName) }},
	{key: "trailers", read: func(d *decoder, v value, c *Config) { c.Trailers = d.unique(v, trailerName) }},
	section("paths", pathFields, func(c *Config) *Paths { return &c.Paths }),
	section("cache", storeFields, func(c *Config) *Store { return &c.Cache }),
	{key: "upstreams", inside: under(".*.", upstreamFields), read: readUpstreams},
	{key: "routes", inside: under("[].", routeFields), read: readRoutes},
	section("log", logFields, func(c *Config) *Log { return &c.Log }),
	section("answers", answerFields, func(c *Config) *Answers { return &c.Answers }),
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

var adminFields = []field[Admin]{
	{key: "listen", read: readAdminListen},
	{key: "token", read: func(d *decoder, v value, a *Admin) {
		s, ok := d.text(v)
		if ok && strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			d.problem(v, "want letters, digits and signs of ASCII, without blanks")
			return
		}
		a.Token = s
	}},
}

func readAdmin(d *decoder, v value, c *Config) {
	if v.node.Kind == mappingNode {
		mapping(d, v, adminFields, &c.Admin)
		return
	}
	readAdminListen(d, v, &c.Admin)
}

func readAdminListen(d *decoder, v value, a *Admin) {
	if off(v) {
		a.Listen = ""
		return
	}
	s, ok := d.line(v)
	if !ok {
		return
	}
	address, wrong := listenAddress(s)
	if wrong != "" {
		d.problem(v, "got %q, %s", s, wrong)
		return
	}
	a.Listen = address
}

const (
	maxConnections = 10_000_000
	maxCount       = 1_000_000
	maxHeaders     = 10_000
)

var limitFields = []field[Limits]{
	{key: "connections", read: func(d *decoder, v value, l *Limits) { d.count(v, 1, maxConnections, &l.Connections) }},
	{key: "per_ip", read: func(d *decoder, v value, l *Limits) { d.countOrOff(v, 1, maxConnections, &l.PerIP) }},
	{key: "requests", read: func(d *decoder, v value, l *Limits) { d.count(v, 1, maxConnections, &l.Requests) }},
	{key: "body", read: func(d *decoder, v value, l *Limits) { d.size(v, &l.Body) }},
	{key: "header_bytes", read: func(d *decoder, v value, l *Limits) { d.bounded(v, kib, mib, &l.HeaderBytes) }},
	{key: "headers", read: func(d *decoder, v value, l *Limits) { d.count(v, 1, maxHeaders, &l.Headers) }},
	{key: "uri", read: func(d *decoder, v value, l *Limits) { d.bounded(v, 64, mib, &l.URI) }},
	{key: "requests_per_connection", read: func(d *decoder, v value, l *Limits) {
		d.countOrOff(v, 1, maxConnections, &l.RequestsPerConnection)
	}},
}

var timeoutFields = []field[Timeouts]{
	{key: "header", read: func(d *decoder, v value, t *Timeouts) { d.duration(v, positive, &t.Header) }},
	{key: "connect", read: func(d *decoder, v value, t *Timeouts) { d.duration(v, positive, &t.Connect) }},
	{key: "first_byte", read: func(d *decoder, v value, t *Timeouts) { d.duration(v, orOff, &t.FirstByte) }},
	{key: "request", read: func(d *decoder, v value, t *Timeouts) { d.duration(v, orOff, &t.Request) }},
	{key: "body_idle", read: func(d *decoder, v value, t *Timeouts) { d.duration(v, orOff, &t.BodyIdle) }},
	{key: "idle", read: func(d *decoder, v value, t *Timeouts) { d.duration(v, orOff, &t.Idle) }},
	section("drain", drainFields, func(t *Timeouts) *Drain { return &t.Drain }),
}

var drainFields = []field[Drain]{
	{key: "delay", read: func(d *decoder, v value, r *Drain) { d.duration(v, orZero, &r.Delay) }},
	{key: "deadline", read: func(d *decoder, v value, r *Drain) { d.duration(v, positive, &r.Deadline) }},
}

// networks reads a list of CIDRs and single addresses.
func (d *decoder) networks(v value) []netip.Prefix {
	var all []netip.Prefix
	for _, item := range d.list(v) {
		s, ok := d.line(item)
		if !ok {
			continue
		}
		p, wrong := parsePrefix(s)
		switch {
		case wrong != "":
			d.problem(item, "got %q, %s", s, wrong)
		case slices.Contains(all, p):
			d.problem(item, "%q stands twice", s)
		default:
			all = append(all, p)
		}
	}
	return all
}

// parsePrefix reads a CIDR or a single address.
func parsePrefix(s string) (p netip.Prefix, wrong string) {
	const want = `want a network such as "10.0.0.0/8" or one address`
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return p, want
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), ""
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil || p.Addr().Is4In6():
		return p, want
	case p != p.Masked():
		return p, "whose address has bits behind the mask; want " + p.Masked().String()
	}
	return p, ""
}

var logFields = []field[Log]{
	{key: "level", read: func(d *decoder, v value, l *Log) {
		levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
		if i, ok := d.choice(v, []string{"debug", "info", "warn", "error"}); ok {
			l.Level = levels[i]
		}
	}},
	{key: "access", inside: under(".", accessFields), read: readAccess},
}

func readAccess(d *decoder, v value, l *Log) {
	switch {
	case off(v):
		l.Access = nil
	case v.node.Kind == mappingNode:
		mapping(d, v, accessFields, l.Access)
	case !on(v):
		readAccessFile(d, v, l.Access)
	}
}

// readAccessFile reads one of the process's streams, or a file that begins in
// the folder of the configuration file like every other.
func readAccessFile(d *decoder, v value, a *Access) {
	switch s, ok := d.line(v); {
	case !ok:
	case s == "stdout" || s == "stderr":
		a.File = s
	default:
		d.file(v, &a.File)
	}
}

var accessFields = []field[Access]{
	{key: "file", read: readAccessFile},
	{key: "format", read: func(d *decoder, v value, a *Access) {
		if i, ok := d.choice(v, formatText[:]); ok {
			a.Format = AccessFormat(i)
		}
	}},
	{key: "sample", read: func(d *decoder, v value, a *Access) { d.share(v, 0, 100, &a.Sample) }},
	{key: "always", read: readAlways},
}

func readAlways(d *decoder, v value, a *Access) {
	a.Always = Always{}
	for _, item := range d.list(v) {
		s, ok := d.text(item)
		if !ok {
			continue
		}
		if limit, found := strings.CutPrefix(s, "slower than "); found {
			took, ok := options.ParseDuration(strings.TrimSpace(limit))
			if !ok || took == 0 || took > options.MaxDuration {
				d.problem(item, `got %q, want "slower than" and %s`, s, options.DurationForm)
			} else {
				a.Always.SlowerThan = took
			}
			continue
		}
		if r, ok := options.ParseStatuses(s); ok {
			a.Always.Statuses = append(a.Always.Statuses, r)
			continue
		}
		d.problem(item, `got %q, want a status such as 502, 5xx or 502-504, or "slower than 1s"`, s)
	}
}

var answerFields = []field[Answers]{
	{key: "cache_status", read: func(d *decoder, v value, a *Answers) { d.onOff(v, &a.CacheStatus) }},
	{key: "proxy_status", read: func(d *decoder, v value, a *Answers) { d.onOff(v, &a.ProxyStatus) }},
	{key: "request_id", read: func(d *decoder, v value, a *Answers) {
		if off(v) {
			a.RequestID = ""
		} else {
			d.fieldName(v, &a.RequestID)
		}
	}},
}
