package upstream

import (
	"log/slog"

	"penstock/health"
)

// anyWeight reports whether an address of the cluster has a weight. c.mu is held.
func (c *Cluster) anyWeight() bool {
	for _, p := range c.list.own {
		if c.rotation(&c.entries[c.list.members[p.backend.Index()].Entry], p.key.address).Weight > 0 {
			return true
		}
	}
	return false
}

// followDrains has one line logged for each drained backend when its last request
// ends; for those at the address that has just been changed also when none is under
// way. c.mu is held.
func (c *Cluster) followDrains(changed string) {
	for _, p := range c.list.own {
		e := &c.entries[c.list.members[p.backend.Index()].Entry]
		switch r := c.rotation(e, p.key.address); {
		case r.Weight > 0:
			p.place.health.OnEmpty(nil)
		case p.backend.InFlight() > 0, p.key.address == changed, e.address == changed:
			p.place.health.OnEmpty(func() { c.logEmpty(p, r) })
		}
	}
}

// logEmpty says that a drained backend may be stopped.
func (c *Cluster) logEmpty(p *endpoint, r health.Rotation) {
	c.logStatus(slog.LevelInfo, "drained backend is empty: no request is under way there", p.key.address, p.place.health.Status(r, c.o.Now()))
}
