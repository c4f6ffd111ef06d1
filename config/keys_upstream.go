package config

import (
	"path/filepath"
	"slices"
	"strings"

	"penstock/options"
)

var upstreamFields = []field[Upstream]{
	{key: "balance", inside: under(".", balanceFields), read: readBalance},
	{key: "backends", inside: under("[].", backendFields), read: readBackends},
	{key: "host", read: readHost},
	section("pool", poolFields, func(u *Upstream) *Pool { return &u.Pool }),
	{key: "retry_budget", inside: under(".", budgetFields), read: func(d *decoder, v value, u *Upstream) {
		if off(v) {
			u.RetryBudget = RetryBudget{Off: true}
		} else {
			mapping(d, v, budgetFields, &u.RetryBudget)
		}
	}},
	{key: "eject", inside: under(".", ejectFields), read: readEject},
	section("dns", dnsFields, func(u *Upstream) *DNS { return &u.DNS }),
	section("tls", tlsFields, func(u *Upstream) *TLS { return &u.TLS }),
}

// readUpstreams reads the named upstreams, each in its short or long form.
func readUpstreams(d *decoder, v value, c *Config) {
	pairs, ok := d.pairs(v)
	if !ok {
		return
	}
	for _, p := range pairs {
		if !upstreamName(p.key) {
			d.problemAt(p.place, p.value.path, "want a name of letters, digits, _, - and .")
		}
		u := DefaultUpstream()
		u.Name = p.key
		c.Upstreams = append(c.Upstreams, u)
		if !d.written(p.value) {
			continue
		}
		if p.value.node.Kind != mappingNode {
			readBackends(d, p.value, u)
			continue
		}
		if mapping(d, p.value, upstreamFields, u) {
			d.checkUpstream(p.value, u)
		}
	}
}

func upstreamName(s string) bool { return word(strings.ReplaceAll(s, ".", "_")) }

// readBackends reads one backend or a list of them, each a URL or a mapping.
func readBackends(d *decoder, v value, u *Upstream) {
	items := []value{v}
	if v.node.Kind == sequenceNode {
		items = d.list(v)
	}
	if len(items) == 0 {
		d.problem(v, "got no backend, want at least one URL")
	}
	for _, item := range items {
		b := Backend{Weight: 1}
		known := len(d.problems)
		if item.node.Kind == mappingNode {
			mapping(d, item, backendFields, &b)
			if !d.has(item, "url") {
				d.problem(item, "has no url")
			}
		} else {
			readBackend(d, item, &b)
		}
		if len(d.problems) > known {
			continue
		}
		same := func(o Backend) bool { return o.Address() == b.Address() }
		if slices.ContainsFunc(u.Backends, same) {
			d.problem(item, "backend %q stands twice; give it a weight instead", b.Address())
			continue
		}
		u.Backends = append(u.Backends, b)
	}
}

var backendFields = []field[Backend]{
	{key: "url", read: readBackend},
	{key: "weight", read: func(d *decoder, v value, b *Backend) { d.count(v, 0, maxWeight, &b.Weight) }},
	{key: "backup", read: func(d *decoder, v value, b *Backend) { d.onOff(v, &b.Backup) }},
}

// maxWeight is the largest weight of a backend or of a route's target.
const maxWeight = 1000

func readBackend(d *decoder, v value, b *Backend) {
	s, ok := d.line(v)
	if !ok {
		return
	}
	got, wrong := parseBackend(s)
	if wrong != "" {
		d.problem(v, "got %q, %s", shown(s), wrong)
		return
	}
	b.Scheme, b.Host, b.Port, b.Socket = got.Scheme, got.Host, got.Port, got.Socket
}

func readBalance(d *decoder, v value, u *Upstream) {
	if v.node.Kind == mappingNode {
		u.Balance = Balance{Method: Hash, Bound: defaultBound}
		if mapping(d, v, balanceFields, &u.Balance) && !d.has(v, "hash") {
			d.problem(v, `has no hash; write { hash: ip } or one of %s`, alternatives(methodText[:Hash]))
		}
		return
	}
	if v.node.Value == Hash.String() {
		d.problem(v, `got "hash", want what to hash, such as { hash: ip } or { hash: header X-Tenant }`)
		return
	}
	if i, ok := d.choice(v, methodText[:Hash]); ok {
		u.Balance = Balance{Method: Method(i)}
	}
}

var balanceFields = []field[Balance]{
	{key: "hash", read: readHash},
	{key: "bound", read: func(d *decoder, v value, b *Balance) {
		d.share(v, 101, 1000, &b.Bound)
	}},
}

// readHash reads "ip", "path", "header NAME" or "cookie NAME".
func readHash(d *decoder, v value, b *Balance) {
	s, ok := d.line(v)
	if !ok {
		return
	}
	source, name, named := strings.Cut(s, " ")
	i := slices.Index(hashOnText[:], source)
	wantsName := i == int(HashHeader) || i == int(HashCookie)
	if i < 0 || named != wantsName || named && !token(name) {
		d.problem(v, "got %q, want ip, path, header NAME or cookie NAME", s)
		return
	}
	b.HashOn, b.HashName = HashOn(i), name
}

func readHost(d *decoder, v value, u *Upstream) {
	s, ok := d.line(v)
	if !ok {
		return
	}
	lower := strings.ToLower(s)
	switch {
	case s == "preserve":
		u.Host = HostPolicy{Mode: HostPreserve}
	case s == "upstream":
		u.Host = HostPolicy{Mode: HostUpstream}
	case !authority(lower):
		d.problem(v, "got %q, want preserve, upstream or a fixed host", s)
	default:
		u.Host = HostPolicy{Mode: HostFixed, Name: lower}
	}
}

var poolFields = []field[Pool]{
	{key: "max", read: func(d *decoder, v value, p *Pool) { d.count(v, 1, maxCount, &p.Max) }},
	{key: "idle", read: func(d *decoder, v value, p *Pool) { d.count(v, 0, maxCount, &p.Idle) }},
	{key: "idle_timeout", read: func(d *decoder, v value, p *Pool) { d.duration(v, positive, &p.IdleTimeout) }},
	{key: "max_age", read: func(d *decoder, v value, p *Pool) { d.duration(v, orOff, &p.MaxAge) }},
	{key: "queue", read: func(d *decoder, v value, p *Pool) { d.countOrOff(v, 0, maxCount, &p.Queue) }},
	{key: "queue_timeout", read: func(d *decoder, v value, p *Pool) { d.duration(v, positive, &p.QueueTimeout) }},
}

var budgetFields = []field[RetryBudget]{
	{key: "ratio", read: func(d *decoder, v value, b *RetryBudget) { d.share(v, 0, 100, &b.Ratio) }},
	{key: "floor", read: func(d *decoder, v value, b *RetryBudget) { d.rate(v, &b.Floor) }},
}

func readEject(d *decoder, v value, u *Upstream) {
	if off(v) {
		u.Eject = Eject{}
		return
	}
	if mapping(d, v, ejectFields, &u.Eject) && u.Eject.Base > u.Eject.Max {
		d.problemIn(v, "base", "got %s, which is above max %s", options.FormatDuration(u.Eject.Base), options.FormatDuration(u.Eject.Max))
	}
}

var ejectFields = []field[Eject]{
	{key: "failures", read: func(d *decoder, v value, e *Eject) { d.count(v, 1, maxCount, &e.Failures) }},
	{key: "base", read: func(d *decoder, v value, e *Eject) { d.duration(v, positive, &e.Base) }},
	{key: "max", read: func(d *decoder, v value, e *Eject) { d.duration(v, positive, &e.Max) }},
	{key: "at_most", read: func(d *decoder, v value, e *Eject) { d.share(v, 0, 100, &e.AtMost) }},
}

var dnsFields = []field[DNS]{
	{key: "refresh", read: func(d *decoder, v value, n *DNS) { d.duration(v, positive, &n.Refresh) }},
}

var tlsFields = []field[TLS]{
	{key: "ca", read: func(d *decoder, v value, t *TLS) { d.file(v, &t.CA) }},
	{key: "name", read: func(d *decoder, v value, t *TLS) {
		s, ok := d.line(v)
		if ok && !hostname(strings.ToLower(s)) {
			d.problem(v, "got %q, want a host name", s)
			return
		}
		t.Name = strings.ToLower(s)
	}},
	{key: "cert", read: func(d *decoder, v value, t *TLS) { d.file(v, &t.Cert) }},
	{key: "key", read: func(d *decoder, v value, t *TLS) { d.file(v, &t.Key) }},
	{key: "insecure", read: func(d *decoder, v value, t *TLS) { d.onOff(v, &t.Insecure) }},
}

// file reads the name of a file, which is taken from the folder of the
// configuration file and stored as an absolute path.
func (d *decoder) file(v value, to *string) {
	s, ok := d.line(v)
	if !ok {
		return
	}
	if !filepath.IsAbs(s) {
		s = filepath.Join(filepath.Dir(d.name), s)
	}
	absolute, err := filepath.Abs(s)
	if err != nil {
		d.problem(v, "got %q: %v", s, err)
		return
	}
	*to = absolute
}
