package upstream

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"penstock/lb"
	"penstock/ratelimit"
)

// TakeSlot takes the right to use one connection, of which there are PoolOptions.Max, and
// reports false when all are in use. It never waits. A round trip with Request.Slot gives the slot
// back; without one GiveSlot has to.
func (c *Client) TakeSlot() bool { return c.pool.slots.take() }

// GiveSlot gives back what TakeSlot took and no round trip has used.
func (c *Client) GiveSlot() { c.pool.slots.leave() }

// Reserved reports whether the last slots are not for this client: it has many slow transfers,
// and one had to be ended lately for another client. The zero address is no client.
func (c *Client) Reserved(from netip.Addr, now time.Time) bool {
	return c.pool.slots.reserved(now, from)
}

// Yield ends a slow transfer of the client with the most of them, when all slots are in use and
// from has much fewer, and reports whether it did. The slot becomes free soon, for whoever takes
// it. It does not wait.
func (c *Client) Yield(from netip.Addr, now time.Time) bool {
	s := c.pool.slots
	if s.count() < cap(s.used) || !s.slow.Yield(from) {
		return false
	}
	s.crowded.Store(now.Add(crowdedTime).UnixNano())
	return true
}

// Yield has the first backend that can do so end a slow transfer, see Client.Yield.
func (v *View) Yield(from netip.Addr, now time.Time) bool {
	for _, m := range v.current.Load().members {
		if m != nil && m.Client.Yield(from, now) {
			return true
		}
	}
	return false
}

// Ask is a question for a backend that has room for one more attempt, see View.PickAdmitted. It
// is kept by its owner, so that asking allocates nothing, and not safe for concurrent use.
type Ask struct {
	Key   uint64             // used by hashing only
	Tried *lb.Set            // backends that are left out; may be nil
	Now   int64              // Unix nanoseconds
	Room  func(*Member) bool // reports whether an attempt may begin there, and counts it if so; it must not call the View

	members []*Member
}

// Admit implements lb.Gate.
func (a *Ask) Admit(b *lb.Backend) bool { return a.Room(a.members[b.Index()]) }

// PickAdmitted is Pick among the backends that have room, see lb.Pool.PickAdmitted. nil with
// full false means that Pick would have returned nil.
func (v *View) PickAdmitted(a *Ask) (m *Member, full bool) {
	s := v.current.Load()
	a.members = s.members
	b, full := s.pool.PickAdmitted(a.Key, a.Tried, a.Now, a)
	if b == nil {
		return nil, full
	}
	return s.members[b.Index()], false
}

// Offer returns the member of the view at the address of another view's m, or of a cluster that
// came from this one's; nil when Pick would not return it.
func (v *View) Offer(m *Member, tried *lb.Set) *Member {
	s, i := v.current.Load(), m.Backend.Index()
	if i >= len(s.members) || s.members[i] == nil || s.members[i].Backend != m.Backend || !s.pool.Offers(m.Backend, tried) {
		return nil
	}
	return s.members[i]
}

// Own reports whether the view has weights of its own, by which it may leave backends out.
func (v *View) Own() bool { return len(v.weights) > 0 }

// limiterFor returns the limiter of a place, which outlives clusters: the one that it has, while
// the options are the same, else a new one; nil when o switches it off.
func (r *registry) limiterFor(p *place, o ratelimit.LimiterOptions) *ratelimit.Limiter {
	if o.Mode == ratelimit.Off {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.limiter == nil || p.limits != o {
		seeded := o
		seeded.Seed = rand.Uint64()
		p.limiter, p.limits = ratelimit.NewLimiter(seeded), o
	}
	return p.limiter
}
