package upstream

import (
	"fmt"
	"strings"
	"time"

	"penstock/conn"
	"penstock/lb"
	"penstock/ratelimit"
)

// Plan is a checked description of a cluster, with the files read that it names. It is made by
// NewPlan and immutable.
type Plan struct {
	o       Options  // defaults filled in
	secrets *secrets // nil when no backend is https
	entries []entry
}

// Identity is what makes two clusters the same. Identities are compared with ==. TLS counts only
// when a backend is https, its files by their contents; Options.OnSlow, Log, Now, the Sources and
// the functions of Eject do not count.
type Identity struct {
	name    string
	entries string // all of them, with weight and backup
	secrets [32]byte
	balance lb.Options
	pool    PoolOptions
	refresh time.Duration
	sweeper *conn.Sweeper
	eject   string // the options of ejection, and which statuses are failures
	limits  ratelimit.LimiterOptions
	check   string // the options of active checks
}

// NewPlan checks o, except Balance, Eject, Failing and Refresh, fills its defaults in and, only
// when a backend is https, reads the files of o.TLS; it does no other I/O. It returns nil and an
// error, which names the upstream and the key at fault, when a value is not valid or a file that
// it reads cannot be used. Without an https backend o.TLS is not checked at all.
func NewPlan(o Options) (*Plan, error) {
	entries, err := o.check()
	if err != nil {
		return nil, fmt.Errorf("upstreams.%s.%w", o.Name, err)
	}
	p := &Plan{o: o.withDefaults(), entries: entries}
	if usesTLS(entries) {
		if p.secrets, err = readTLS(o.TLS); err != nil {
			return nil, fmt.Errorf("upstreams.%s.%w", o.Name, err)
		}
	}
	return p, nil
}

// Identity returns what makes the planned cluster the same as another.
func (p *Plan) Identity() Identity {
	e := p.o.Eject
	e.OnChange, e.Random = nil, nil
	id := Identity{
		name: p.o.Name, balance: p.o.Balance, pool: p.o.Pool, refresh: p.o.Refresh,
		sweeper: p.o.Sweeper, eject: fmt.Sprint(e, p.o.Failing), limits: p.o.Concurrency, check: fmt.Sprintf("%#v", p.o.Check),
	}
	var text strings.Builder
	for i := range p.entries {
		e := &p.entries[i]
		fmt.Fprintf(&text, "%s %q %d %t\n", e.id.scheme, e.id.address, e.weight, e.backup)
	}
	id.entries = text.String()
	if p.secrets != nil {
		id.secrets = p.secrets.digest
	}
	return id
}

// Build makes the cluster. It shares the unchanged endpoints of prev, the cluster that
// had the upstream before, starts with the addresses that the names of prev had, and
// keeps the overrides of entries that did not change. prev nil carries nothing over. It does no
// I/O, cannot fail and leaves prev at work, but the shared endpoints follow the new Eject and
// Failing at once, until this cluster is shut down. Start and, in the end, Shutdown must follow.
func (p *Plan) Build(prev *Cluster) *Cluster {
	c := &Cluster{
		o:         p.o,
		secrets:   p.secrets,
		entries:   p.entries,
		wake:      make(chan struct{}, 1),
		rule:      p.o.Check.rule(),
		relisted:  make(chan struct{}, 1),
		examined:  make(chan struct{}, 1),
		late:      prev != nil,
		addresses: make([][]string, len(p.entries)),
		since:     make([]time.Time, len(p.entries)),
		overrides: make(map[overrideKey]override),
		views:     make(map[viewKey]*View),
	}
	if prev == nil {
		c.shared = newRegistry()
	} else {
		prev.passOn(c)
	}
	if c.insecure() && (prev == nil || !prev.insecure()) {
		c.o.Log.Warn("INSECURE: the certificates of this upstream's backends are NOT verified (tls.insecure)", "upstream", c.o.Name)
	}
	for i := range c.entries {
		if c.entries[i].literal {
			c.addresses[i] = []string{c.entries[i].address}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rebuild()
	c.shared.join(c)
	return c
}

func (c *Cluster) insecure() bool { return c.secrets != nil && c.secrets.config.InsecureSkipVerify }

// passOn gives the state of c to its successor, which is not shared yet.
func (c *Cluster) passOn(next *Cluster) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next.shared = c.shared
	for i := range next.entries {
		for j := range c.entries {
			if next.entries[i].id == c.entries[j].id {
				next.addresses[i], next.since[i] = c.addresses[j], c.since[j]
			}
		}
	}
	next.adopt(c)
}
