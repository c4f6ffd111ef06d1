package httpcache

import (
	"math/rand/v2"
	"sync"

	"penstock/cache"
	"penstock/ops"
)

// maxPurgeEvents is how many purges of the log are remembered one by one.
const maxPurgeEvents = 4096

// purgeLog applies the purges of other instances to the store, and translates between the
// positions of the tier's log, which records carry, and the store's purge clock. Where it does
// not know, it errs towards purged.
type purgeLog struct {
	tier  Tier
	store *cache.Store
	self  uint64 // this instance

	mu       sync.Mutex
	position uint64       // of the latest purge that was read
	floor    uint64       // of the latest that was forgotten
	events   []purgeEvent // in the order of the log
}

// purgeEvent is one purge of the log.
type purgeEvent struct {
	position uint64
	before   uint64 // the store's purge clock before it
}

func newPurgeLog(tier Tier, store *cache.Store) *purgeLog {
	return &purgeLog{tier: tier, store: store, self: rand.Uint64()}
}

// catchUp reads what is new in the log and applies it. It is false when that cannot be known.
func (l *purgeLog) catchUp() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	purges, err := l.tier.Purged(l.position)
	if err != nil {
		return false
	}
	for i := range purges {
		p := &purges[i]
		before := p.Clock
		if p.From != l.self {
			before = l.store.Clock()
			l.apply(p)
		}
		l.position = p.Position
		l.events = append(l.events, purgeEvent{p.Position, before})
	}
	if extra := len(l.events) - maxPurgeEvents; extra > 0 {
		l.floor = l.events[extra-1].position
		l.events = append(l.events[:0], l.events[extra:]...)
	}
	return true
}

// apply purges here what another instance has purged. An error of the store is that of its
// journal: the purge holds in this process, and the log has it for the next.
func (l *purgeLog) apply(p *SharedPurge) {
	switch p.Scope {
	case ops.CacheScopeAll:
		_ = l.store.PurgeAll(p.Soft)
	case ops.CacheScopeTag:
		_ = l.store.PurgeTag(p.Tag, p.Soft)
	case ops.CacheScopeHost:
		_ = l.store.PurgeHost(p.Host, p.Soft)
	case ops.CacheScopePrefix:
		_ = l.store.PurgePrefix(p.Host, p.Path, p.Soft)
	default:
		if key, err := l.store.ReadKey(p.Key); err == nil {
			_ = l.store.PurgeURL(key, p.Soft)
		}
	}
}

// tell appends a purge of this instance to the log. clock is the store's purge clock before it.
// On a nil log it does nothing.
func (l *purgeLog) tell(p SharedPurge, clock uint64) {
	if l != nil {
		p.From, p.Clock = l.self, clock
		l.tier.Purge(p)
	}
}

// positionAt returns how much of the log a response counts with that was asked for at a time of
// the purge clock.
func (l *purgeLog) positionAt(clock uint64) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.events {
		if e := &l.events[i]; e.before >= clock {
			return e.position - 1
		}
	}
	return l.position
}

// clockAt returns the time of the purge clock that a record counts with which carries a
// position: what was purged after that position is later. It is false for a record from before
// what is remembered.
func (l *purgeLog) clockAt(position uint64) (clock uint64, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if position < l.floor {
		return 0, false
	}
	clock = l.store.Clock()
	for i := range l.events {
		if e := &l.events[i]; e.position > position {
			clock = min(clock, e.before)
		}
	}
	return clock, true
}
