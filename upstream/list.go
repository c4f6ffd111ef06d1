package upstream

import (
	"net/netip"
	"slices"
	"strings"

	"penstock/lb"
)

// list is one immutable state of a cluster's endpoints.
type list struct {
	members []*Member   // by Backend.Index; nil where this cluster has none
	own     []*endpoint // in the order of the configuration, as in group
	group   *lb.Group
}

func (l *list) endpoints() []*endpoint {
	if l == nil {
		return nil
	}
	return l.own
}

// Update replaces the addresses of one entry, an index into Options.Backends (it panics when
// there is none); an empty found takes every address away.
// Addresses that stay keep their backend, connections and health; new ones are
// added; those that vanished get no new requests, their idle connections are
// closed and their running requests finish. Only found's addresses count:
// weight and backup are the entry's; an address that would have to be resolved
// again is left out and logged. A cluster that was shut down ignores it.
func (c *Cluster) Update(entry int, found []lb.Endpoint) {
	addresses := make([]string, 0, len(found))
	for i := range found {
		address := found[i].Address
		if !dialable(address) {
			c.o.Log.Error("discovery gave no IP address and port", "upstream", c.o.Name, "address", address)
		} else if !slices.Contains(addresses, address) {
			addresses = append(addresses, address)
		}
	}
	if c.setAddresses(entry, addresses) {
		c.o.Log.Info("addresses changed", "upstream", c.o.Name, "backend", c.entries[entry].address, "now", addresses)
		c.shared.settle(c)
	}
}

// dialable reports whether address can be dialled without looking up a name.
func dialable(address string) bool {
	_, err := netip.ParseAddrPort(address)
	return err == nil || strings.HasPrefix(address, "unix:")
}

func (c *Cluster) setAddresses(entry int, addresses []string) (changed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || slices.Equal(addresses, c.addresses[entry]) {
		return false
	}
	c.addresses[entry] = addresses
	if len(addresses) == 0 {
		c.since[entry] = c.o.Now()
	}
	c.rebuild()
	return true
}

// rebuild makes a new list of the known addresses, shows it to every view and
// then gives the old list's endpoints back. c.mu is held.
func (c *Cluster) rebuild() {
	old := c.list
	c.list = c.newList()
	for _, v := range c.views {
		v.rebuild()
	}
	c.shared.release(old.endpoints())
	c.followDrains("")
	c.rouse() // an endpoint may have come with an ejection
	signal(c.relisted)
}

func (c *Cluster) newList() *list {
	l := new(list)
	for i := range c.entries {
		e := &c.entries[i]
		for _, address := range c.addresses[i] {
			p := c.shared.take(c.endpointKey(e, address), c)
			p.place.health.FailWith(&c.o.Failing)
			l.own = append(l.own, p)
			index := p.backend.Index()
			if index >= len(l.members) {
				l.members = append(l.members, make([]*Member, index+1-len(l.members))...)
			}
			l.members[index] = &Member{
				Client: p.client, Backend: p.backend, Health: p.place.health, Limiter: c.shared.limiterFor(p.place, c.o.Concurrency),
				Host: e.field, Entry: i, log: &p.place.log,
			}
		}
	}
	backends := make([]*lb.Backend, len(l.own))
	for i, p := range l.own {
		backends[i] = p.backend
	}
	eject := c.o.Eject
	eject.OnChange = func(b *lb.Backend, s lb.Standing) {
		m := l.members[b.Index()]
		c.onChange(m, m.Health.Changed(s))
	}
	l.group = lb.NewGroup(backends, eject)
	now := c.o.Now()
	for _, p := range l.own {
		fresh := p.place.known.CompareAndSwap(false, true)
		p.place.health.Follow(c.rule, fresh, now)
		if fresh && c.late {
			l.group.Warm(p.backend, now)
		}
	}
	return l
}
