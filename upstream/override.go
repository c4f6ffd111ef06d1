package upstream

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrUnknownBackend is what SetBackend reports for an address that the upstream
// does not have.
var ErrUnknownBackend = errors.New("no such backend")

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

// SetBackend changes a backend at run time, for every route: weight replaces
// the configured weight (routes with a weight of their own for it keep theirs,
// unless it is zero), drain true takes it out and false brings it back; nil
// leaves either as it is. address is an entry's as configured, "host:port" or
// "unix:/path", or a single address of a name. The change holds until the
// entry's weight or backup in the configuration changes, or the entry goes; a
// single address keeps it even while it is away.
// Errors: ErrUnknownBackend, or a weight outside 0..1000.
func (c *Cluster) SetBackend(address string, weight *int, drain *bool) error {
	if weight != nil && (*weight < 0 || *weight > maxWeight) {
		return fmt.Errorf("upstreams.%s: weight of %s: got %d, want 0..%d", c.o.Name, address, *weight, maxWeight)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known := false
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

// weight returns the weight in force for one address of e, and whether an
// operator set it: zero when drained, else an operator's, the single address
// before the entry, else the configured one. c.mu is held.
func (c *Cluster) weight(e *entry, address string) (weight int, set bool) {
	single, whole := c.overrides[overrideKey{e.id, address}], c.overrides[overrideKey{e.id, e.address}]
	drain := cmp.Or(single.drain, whole.drain)
	if drain != nil && *drain {
		return 0, true
	}
	if w := cmp.Or(single.weight, whole.weight); w != nil {
		return *w, true
	}
	return e.weight, false
}

// setSince returns when an operator last set something for the address. c.mu is held.
func (c *Cluster) setSince(e *entry, address string) time.Time {
	single, whole := c.overrides[overrideKey{e.id, address}], c.overrides[overrideKey{e.id, e.address}]
	if single.since.After(whole.since) {
		return single.since
	}
	return whole.since
}
