package config

import (
	"fmt"
	"slices"
	"strings"

	"penstock/options"
)

// check notes what only shows when the whole file was read.
func (d *decoder) check(root report, c *Config) {
	d.checkListeners(root, c)
	c.Limits.checkURI(root)
	c.Cache.checkSizes(root)
	if !root.Has("routes") {
		root.Problem("", "has no routes; the shortest is: routes: [{ path: \"/*\", upstream: \"http://localhost:3000\" }]")
	}
	d.checkDuplicates(c)
	d.warn(c)
}

// reported reports whether a problem at path or below it is noted.
func (d *decoder) reported(path string) bool {
	return slices.ContainsFunc(d.problems, func(p Problem) bool { return strings.HasPrefix(p.Path, path) })
}

// checkListeners notes addresses that cannot be listened on together.
func (d *decoder) checkListeners(root report, c *Config) {
	for i, a := range c.Listen {
		for _, b := range c.Listen[:i] {
			if clash(a, b) {
				d.problemAt(d.listenPlace(root, i), "listen", "%q and %q need the same port", b, a)
			}
		}
		if c.Admin.Listen == "" || !clash(a, c.Admin.Listen) {
			continue
		}
		if root.Has("admin") {
			root.Problem("admin.listen", "%q needs the same port as listen %q", c.Admin.Listen, a)
		} else {
			d.problemAt(d.listenPlace(root, i), "listen", "%q needs the same port as admin %q", a, c.Admin.Listen)
		}
	}
}

// listenPlace returns the place of the i-th address; the top of the file when it is the default.
func (d *decoder) listenPlace(root report, i int) place {
	for _, path := range []string{index("listen", i), "listen"} {
		if p, found := d.at[path]; found {
			return p
		}
	}
	return root.v.place
}

// checkURI notes a target that no request head could hold; a default gives way.
func (l *Limits) checkURI(root options.Report) {
	if l.URI <= l.HeaderBytes {
		return
	}
	if root.Has("limits.uri") {
		root.Problem("limits.uri", "got %s, which is above header_bytes %s", options.FormatSize(int64(l.URI)), options.FormatSize(int64(l.HeaderBytes)))
	}
	l.URI = l.HeaderBytes
}

// check reports problems between the keys of an upstream.
func (u *Upstream) check(r options.Report) {
	if u.Pool.Idle > u.Pool.Max {
		if r.Has("pool.idle") {
			r.Problem("pool.idle", "got %d, which is above max %d", u.Pool.Idle, u.Pool.Max)
		}
		u.Pool.Idle = u.Pool.Max
	}
	https := func(b Backend) bool { return b.Scheme == HTTPS }
	if r.Has("tls") && len(u.Backends) > 0 && !slices.ContainsFunc(u.Backends, https) {
		r.Problem("tls", "no backend is https://")
	}
	u.TLS.check(r)
	unix := func(b Backend) bool { return b.Scheme == Unix }
	if u.Health.Port != 0 && slices.ContainsFunc(u.Backends, unix) {
		r.Problem("health.port", "a backend is a Unix socket, which has no port")
	}
}

// warn collects warnings about settings that are valid but probably not intended.
func (d *decoder) warn(c *Config) {
	used := make(map[string]bool)
	for _, r := range c.Routes {
		for _, t := range r.Targets {
			used[t.Upstream] = true
		}
	}
	for _, u := range c.Upstreams {
		path := join("upstreams", u.Name)
		if !used[u.Name] {
			d.warning(path, "no route uses it")
		}
		if u.TLS.Insecure {
			d.warning(path+".tls.insecure", "the backends' certificates are not verified")
		}
	}
	d.warnQueues(c)
	d.warnPaths(c)
	d.warnCache(c)
	d.warnAddresses(c)
	if c.Admin.Listen != "" && !loopback(c.Admin.Listen) && c.Admin.Token == "" {
		d.warning("admin", "%q is not loopback and there is no token: only health and metrics are served there", c.Admin.Listen)
	}
}

// warnAddresses warns once of limits that count the addresses of clients, while no proxy is trusted.
func (d *decoder) warnAddresses(c *Config) {
	if len(c.TrustedProxies) > 0 {
		return
	}
	remark := func(path string, all []Policy) bool {
		for _, p := range all {
			if one, ok := p.Value.(interface{ ByAddress() bool }); ok && !p.general && one.ByAddress() {
				d.warning(join(path, p.Name), "counts by the address of the peer, because trusted_proxies lists none; if a proxy forwards to this one, all its clients count as one")
				return true
			}
		}
		return false
	}
	if remark("", c.Policies) {
		return
	}
	for i, r := range c.Routes {
		if remark(index("routes", i), r.Policies) {
			return
		}
	}
}

// warnPaths notes paths that end with a slash and take nothing below it, which in nginx,
// Traefik and others they do.
func (d *decoder) warnPaths(c *Config) {
	paths := make([]string, len(c.Routes))
	for i, r := range c.Routes {
		paths[i] = r.Path
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	below := func(path string) bool {
		i, _ := slices.BinarySearch(paths, path) // what begins with it follows it
		return i+1 < len(paths) && strings.HasPrefix(paths[i+1], path)
	}
	for i, r := range c.Routes {
		if len(r.Targets) > 0 && strings.HasSuffix(r.Path, "/") && !below(r.Path) {
			d.warning(index("routes", i)+".path", "takes %q alone; write %q for all that is below it", r.Path, r.Path+"*")
		}
	}
}

func (d *decoder) warning(path, format string, args ...any) {
	d.warningAt(d.at[path], path, format, args...)
}

func (d *decoder) warningAt(p place, path, format string, args ...any) {
	if len(d.warnings) >= maxProblems {
		return
	}
	w := Problem{File: d.name, Line: p.line, Column: p.column, Path: path, Text: fmt.Sprintf(format, args...)}
	d.warnings = append(d.warnings, w.Error())
}
