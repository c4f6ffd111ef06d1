package upstream

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"penstock/health"
)

// ErrUnknownBackend is in the error of SetBackend for an address that the upstream does not
// have; test for it with errors.Is.
var ErrUnknownBackend = errors.New("no such backend")

// ErrNoSlowStart is in the error of Warm for a cluster without slow start; test for it with
// errors.Is.
var ErrNoSlowStart = errors.New("slow_start is off")

// overrideKey names what an operator changed: an entry, or a single address of
// a name.
type overrideKey struct {
	entry   entryID
	address string // equals entry.address when the whole entry is meant
}

// override is what an operator set at run time; nil leaves it as configured.
type override struct {
	weight *int
	drain  *bool
	since  time.Time // of the last change
}

// SetBackend changes a backend at run time, for every route: weight replaces the configured weight
// (routes with a weight of their own for the backend keep theirs, unless weight is zero), drain
// true takes it out, whatever its weight, and false brings it back; nil leaves either as it is.
// Requests under way there go on. address is an entry's as configured, "host:port" or "unix:/path",
// or a single address of a name. Settings of a single address precede those of its entry, whichever
// were made later: an entry's drain false does not bring back an address that was drained by
// itself. The change holds until the entry's weight or backup in the configuration changes, or the
// entry goes; a single address keeps it even while it is away. It fails with ErrUnknownBackend, or
// for a weight outside 0..1000, and changes nothing then.
func (c *Cluster) SetBackend(address string, weight *int, drain *bool) error {
	if weight != nil && (*weight < 0 || *weight > maxWeight) {
		return fmt.Errorf("upstreams.%s: weight of %s: got %d, want 0..%d", c.o.Name, address, *weight, maxWeight)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known, hadWeight := false, c.anyWeight()
	for i := range c.entries {
		if !c.has(i, address) {
			continue
		}
		known = true
		k := overrideKey{c.entries[i].id, address}
		o := c.overrides[k]
		if weight != nil {
			o.weight = new(*weight)
		}
		if drain != nil {
			o.drain = new(*drain)
		}
		o.since = c.o.Now()
		c.overrides[k] = o
	}
	if !known {
		return fmt.Errorf("upstreams.%s: %s: %w", c.o.Name, address, ErrUnknownBackend)
	}
	for _, v := range c.views {
		v.rebuild()
	}
	c.followDrains(address)
	if hadWeight && !c.anyWeight() {
		c.o.Log.Warn("the last backend of the upstream is drained: its requests get 503", "upstream", c.o.Name, "backend", address)
	}
	return nil
}

// Warm begins the slow start of the backends at address, which is as for SetBackend. It fails with
// ErrUnknownBackend, and with ErrNoSlowStart when the upstream has none.
func (c *Cluster) Warm(address string) error {
	if c.o.Eject.SlowStart <= 0 {
		return fmt.Errorf("upstreams.%s: %w", c.o.Name, ErrNoSlowStart)
	}
	known := false
	l := c.current()
	for _, p := range l.own {
		if p.key.address == address || p.key.entry.address == address {
			known = true
			l.group.Warm(p.backend, c.o.Now())
		}
	}
	if !known {
		return fmt.Errorf("upstreams.%s: %s: %w", c.o.Name, address, ErrUnknownBackend)
	}
	return nil
}

func (c *Cluster) has(entry int, address string) bool {
	return c.entries[entry].address == address || slices.Contains(c.addresses[entry], address)
}

// adopt takes over prev's overrides of entries whose configuration is the same
// in both. prev.mu is held; c is not shared yet.
func (c *Cluster) adopt(prev *Cluster) {
	kept := make(map[entryID]bool)
	for i := range c.entries {
		for j := range prev.entries {
			if c.entries[i].same(&prev.entries[j]) {
				kept[c.entries[i].id] = true
			}
		}
	}
	for k, o := range prev.overrides {
		if kept[k.entry] {
			c.overrides[k] = o
		}
	}
}

// same reports whether a reload changed nothing about the entry.
func (e *entry) same(f *entry) bool {
	return e.id == f.id && e.weight == f.weight && e.backup == f.backup
}

// rotation returns the place of one address of e in the rotation. Its weight is zero
// when drained, else an operator's, the single address before the entry, else the
// configured one. c.mu is held.
func (c *Cluster) rotation(e *entry, address string) health.Rotation {
	single, whole := c.overrides[overrideKey{e.id, address}], c.overrides[overrideKey{e.id, e.address}]
	r := health.Rotation{Weight: e.weight, Since: whole.since}
	if single.since.After(whole.since) {
		r.Since = single.since
	}
	if w := cmp.Or(single.weight, whole.weight); w != nil {
		r.Weight, r.Operator = *w, true
	}
	if drain := cmp.Or(single.drain, whole.drain); drain != nil && *drain {
		r.Weight, r.Operator = 0, true
	}
	return r
}
