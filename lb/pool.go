package lb

import (
	"math/rand/v2"
	"sync/atomic"
)

// Options says how a pool chooses. The zero value is round robin. NewPool checks nothing.
type Options struct {
	Method Method  // a value that is none of the methods means RoundRobin
	Bound  float64 // ConsistentHash only: how far above its fair share of the requests in flight a backend may go, 1 or more; 0 = 1.25, negative = no bound
	Panic  float64 // while less than this share of the primaries' weight is not ejected, and every backup is ejected, ejections are ignored, 0..1; 0 = while nothing is left
	Seed   uint64  // makes the random choices repeatable, for tests; 0 = unpredictable
}

// Pool is what one route sees of a group: the route's own weights, its method
// and its cursor, over the shared state of the backends. It is made by NewPool. Only the
// cursor changes; other weights need a new Pool. All methods are safe for concurrent use.
type Pool struct {
	group   *Group
	panics  float64 // Options.Panic
	primary tier
	backup  tier
}

// NewPool makes the view of g, which must not be nil, with one weight for each of its
// backends, in their order. Missing and negative weights count as 0: never picked. nil weights
// are all 1. backup says in the same order which are backups; missing ones are not. Surplus
// elements are ignored, and the slices are not kept.
func NewPool(g *Group, weights []int, backup []bool, o Options) *Pool {
	p := &Pool{group: g, panics: o.Panic}
	var primary, spare []member
	for i, b := range g.backends {
		w := 1
		if weights != nil {
			w = 0
			if i < len(weights) {
				w = weights[i]
			}
		}
		switch {
		case w <= 0:
		case i < len(backup) && backup[i]:
			spare = append(spare, member{b, int64(w), float64(w)})
		default:
			primary = append(primary, member{b, int64(w), float64(w)})
		}
	}
	p.primary.build(primary, g, o)
	p.backup.build(spare, g, o)
	return p
}

// Group returns the group that the pool is a view of.
func (p *Pool) Group() *Group { return p.group }

// Pick returns the backend for the next attempt; nil when all that have a weight
// were tried, or none has a weight. It skips those in tried (which may be nil) and, unless
// Options.Panic says otherwise, those that are ejected, on trial or not. Backups are used when no primary is left. When all that are
// left are ejected it picks one of them nevertheless, rather than fail. key matters to
// ConsistentHash only, now (unix ns) to Latency only. It counts nothing: the caller calls Begin.
// It never blocks and never allocates.
func (p *Pool) Pick(key uint64, tried *Set, now int64) *Backend {
	a := ask{key: key, tried: tried, now: now, plain: tried.Len() == 0}
	if p.panics > 0 && !p.group.quiet() {
		a.open = p.inPanic()
	}
	if b := p.primary.pick(a); b != nil {
		return b
	}
	if b := p.backup.pick(a); b != nil {
		return b
	}
	a.open = true
	if b := p.primary.pick(a); b != nil {
		return b
	}
	return p.backup.pick(a)
}

// PickTrial returns a backend that is on trial and has no trial under way, for one
// attempt that finds out whether it works again; nil when there is none. The pause after
// an ejection leads to the trial. The caller must call Begin and End for the backend, which
// gets no other trial until this one has ended: a success ends the ejection, a failure begins
// another, and after Cancelled or Abandoned the next attempt is the trial. Requests that may be
// sent twice without harm (safe) go to the trial. If there are none for as long as a pause may
// be, any request does, so that a backend without them returns too. A backend without weight has no
// trial, and a backup only while every primary is ejected.
// tried is as for Pick; now (unix ns) decides whether the pause is over. It never blocks and
// never allocates.
func (p *Pool) PickTrial(tried *Set, safe bool, now int64) *Backend {
	if p.group.quiet() {
		return nil
	}
	ended := now
	if !safe {
		ended -= int64(p.group.eject.Max)
	}
	if b := p.primary.onTrial(tried, ended, now); b != nil {
		return b
	}
	if p.primary.usable(ask{}) > 0 {
		return nil // the backups have nothing to do
	}
	return p.backup.onTrial(tried, ended, now)
}

// onTrial takes the trial of a member whose ejection had paused at the time ended, or whose
// breaker is half-open now. If it has both, both must hold.
func (t *tier) onTrial(tried *Set, ended, now int64) *Backend {
	for i := range t.members {
		b := t.members[i].Backend
		if b.trialDue(ended, now) && !tried.Has(b) && b.trial.CompareAndSwap(0, now) {
			return b
		}
	}
	return nil
}

// inPanic reports whether ejections and checks are ignored for so few usable primaries. Those
// with an open breaker do not count: they get no requests in any case.
func (p *Pool) inPanic() bool {
	return InPanic(p.primary.usable(ask{}), p.primary.usable(ask{open: true}), p.panics) && p.backup.usable(ask{}) == 0
}

// InPanic reports whether so little of the weight of an upstream can be used that ejections
// are ignored: less than share (0 to 1) of it, or nothing. It is false when all is 0.
func InPanic(usable, all int64, share float64) bool {
	return all > 0 && (usable == 0 || float64(usable) < share*float64(all))
}

// BreakerOpen reports whether Pick returns nothing because the breakers of all backends of the
// pool that have a weight and an address are open, and when the first of them is half-open: at
// the earliest now (unix ns). Those in tried count too.
func (p *Pool) BreakerOpen(now int64) (until int64, open bool) {
	for _, t := range []*tier{&p.primary, &p.backup} {
		for i := range t.members {
			b := t.members[i].Backend
			k := b.breaker.Load()
			if k == nil || !b.Broken() {
				return 0, false
			}
			if at := max(now, k.until.Load()); !open || at < until {
				until, open = at, true
			}
		}
	}
	return until, open
}

// ask holds the arguments of one Pick.
type ask struct {
	key   uint64
	tried *Set
	now   int64
	plain bool      // every usable one may be picked
	open  bool      // those that are ejected or not healthy may be picked too
	thin  *thinning // nil while no member is in its slow start
}

// allows reports whether b may be picked.
func (a ask) allows(b *Backend) bool { return a.plain && b.barred.Load() == 0 || a.examine(b) }

// examine is allows for what is not the usual case. Apart from it, allows is inlined.
func (a ask) examine(b *Backend) bool {
	bar := b.barred.Load()
	if a.open {
		bar &= barBreaker
	}
	return bar == 0 && !a.tried.Has(b) && (a.thin == nil || a.thin.takesPart(b))
}

// member is a backend with its weight in this pool, which is above 0.
type member struct {
	*Backend
	weight int64
	share  float64 // the weight as a floating-point number
}

// tier is either the primaries or the backups of a pool.
type tier struct {
	method  Method
	members []member
	weight  int64     // of all members
	order   *Sequence // of the members
	hashing *hashing  // ConsistentHash only
	group   *Group
	random  random

	_     [64]byte
	spare atomic.Uint64 // RoundRobin: the cursor for turns that fell on an unusable one
	open  atomic.Uint64 // the cursor while everything is ejected
	_     [48]byte
}

func (t *tier) build(members []member, g *Group, o Options) {
	t.method, t.members, t.group, t.random.seed = o.Method, members, g, o.Seed
	weights := make([]int, len(members))
	for i, m := range members {
		weights[i] = int(m.weight)
		t.weight += m.weight
	}
	t.order = NewSequence(weights, 0)
	if o.Seed != 0 {
		t.order.cursor.Store(0)
	}
	t.spare.Store(t.random.next())
	if o.Method == ConsistentHash {
		t.hashing = newHashing(members, o.Bound)
	}
}

// pick returns a member that a allows; nil when there is none.
func (t *tier) pick(a ask) *Backend {
	if len(t.members) < 2 {
		if len(t.members) == 1 && a.allows(t.members[0].Backend) {
			return t.members[0].Backend
		}
		return nil
	}
	if t.group.warming(a.now) {
		return t.thinly(a)
	}
	return t.choose(a)
}

// choose returns the member that the method chooses of two or more.
func (t *tier) choose(a ask) *Backend {
	switch t.method {
	case LeastConn:
		return t.leastConn(a)
	case P2C:
		return t.p2c(a)
	case Latency:
		return t.latency(a)
	case Random:
		return t.randomly(a)
	case ConsistentHash:
		return t.hash(a)
	default:
		return t.roundRobin(a)
	}
}

// turn returns the member whose turn it is. While everything is ejected, every
// pick asks twice; turns of their own keep that from skipping every other one.
func (t *tier) turn(a ask) int {
	if a.open {
		return t.order.at(t.open.Add(1))
	}
	return t.order.Next()
}

// sweep draws one of the allowed members by weight, looking at all of them: for
// when a few quick draws have found none, most of the members being unusable.
func (t *tier) sweep(a ask) *Backend {
	var total int64
	for i := range t.members {
		if m := &t.members[i]; a.allows(m.Backend) {
			total += m.weight
		}
	}
	if total == 0 {
		return nil
	}
	left := int64(t.random.below(uint64(total)))
	var last *Backend
	for i := range t.members {
		m := &t.members[i]
		if !a.allows(m.Backend) {
			continue
		}
		last = m.Backend
		if left -= m.weight; left < 0 {
			break
		}
	}
	return last // of those seen by the second look, if the first saw more
}

// random is a source of random numbers that is safe for concurrent use.
type random struct {
	seed uint64
	n    atomic.Uint64
}

func (r *random) next() uint64 {
	if r.seed == 0 {
		return rand.Uint64()
	}
	return mix(r.seed + r.n.Add(1)*golden)
}
