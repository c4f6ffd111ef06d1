package cache

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

const (
	hostSlots    = 1 << 12
	wideSlots    = 1 << 16 // of URLs, of prefixes and of tags
	recentPurges = 1 << 16 // that are remembered one by one
	maxTags      = 64      // listed in an entry; with more it falls with any tag
	maxPrefixes  = 12      // path segments by which a prefix finds an entry
)

// Scope is what a purge reaches.
type Scope uint8

// The scopes of a purge.
const (
	PurgeAll    Scope = iota // everything
	PurgeHost                // one host, all schemes
	PurgeURL                 // one host, path and query: all methods, schemes and variants
	PurgePrefix              // one host and all paths that begin so
	PurgeTag                 // all entries that bear the tag
	scopes
)

// purges reports whether an entry was purged since it was filled. There is one
// clock that each purge moves on by one. An entry keeps the clock's time from
// before its origin was asked, and the slots it belongs to; a slot keeps the
// time of its latest purge. So a purge is a tick and one store, and a lookup
// compares a handful of numbers, or one while nothing was purged since.
//
// Hosts, prefixes, tags and URLs share slots by a keyed hash. Of hosts, prefixes and
// tags, what shares a slot is purged along, which is safe, and nobody outside can aim
// at it. Any client can purge URLs, so there a slot is only a first glance: the
// URL's record decides, and for fills the latest purges, kept one by one.
type purges struct {
	clock  atomic.Uint64
	all    slot
	host   [hostSlots]slot
	urls   [wideSlots]slot
	prefix [wideSlots]slot
	tag    [wideSlots]slot
	tags   slot // the latest purge of any tag
	paths  atomic.Pointer[[]pathPurge]
	recent [recentPurges]atomic.Uint64 // by time: half the id of the URL that was purged; 0 is another purge
	mu     sync.Mutex                  // orders purges, not lookups
}

// slot is the clock's time of the latest purge, hard and soft. Zero is never.
type slot struct {
	hard, soft atomic.Uint64
}

// verdict is what purges leave of an entry.
type verdict uint8

const (
	kept verdict = iota
	softened
	gone
)

// judge compares one slot with the time an entry has seen.
func (s *slot) judge(seen uint64) verdict {
	switch {
	case s.hard.Load() > seen:
		return gone
	case s.soft.Load() > seen:
		return softened
	}
	return kept
}

func (s *slot) mark(now uint64, soft bool) {
	if soft {
		s.soft.Store(max(now, s.soft.Load()))
		return
	}
	s.hard.Store(max(now, s.hard.Load()))
}

// judge returns what the purges since the fill leave of an entry, bar hard purges of
// its URL.
func (p *purges) judge(e *Entry, key *Key) verdict {
	if e.Seen >= p.clock.Load() {
		return kept
	}
	list := p.paths.Load() // before the slots: what leaves the list is in its slot by then
	l := &e.labels
	v := max(p.all.judge(e.Seen), p.host[l.host%hostSlots].judge(e.Seen))
	if p.urls[l.url].soft.Load() > e.Seen {
		v = max(v, softened)
	}
	for i := 0; i+1 < len(l.prefixes) && v < gone; i += 2 {
		v = max(v, p.prefix[binary.LittleEndian.Uint16(l.prefixes[i:])].judge(e.Seen))
	}
	for i := 0; i+1 < len(l.tags) && v < gone; i += 2 {
		v = max(v, p.tag[binary.LittleEndian.Uint16(l.tags[i:])].judge(e.Seen))
	}
	if l.tagsOverflow {
		v = max(v, p.tags.judge(e.Seen))
	}
	if list != nil && v < gone {
		v = max(v, judgePaths(*list, e, key))
	}
	return v
}

// mayReach reports whether a hard purge of this URL, or of one that shares its slot,
// has come after a time of the clock.
func (p *purges) mayReach(id *urlID, seen uint64) bool {
	return p.urls[id.slot()].hard.Load() > seen
}

// reached reports whether a purge of exactly this URL has come after a time of the
// clock. It says so, too, when so many purges have come since that nobody knows.
func (p *purges) reached(id *urlID, seen uint64) bool {
	now := p.clock.Load()
	for t := seen + 1; t <= now && now-seen <= recentPurges; t++ {
		if p.recent[t%recentPurges].Load() == id.hash() {
			return true
		}
	}
	return p.clock.Load()-seen > recentPurges // what was read may have been overwritten meanwhile
}

// tick moves the clock for a purge, which is of this URL unless id is nil. The caller
// holds mu.
func (p *purges) tick(id *urlID) uint64 {
	now := p.clock.Load() + 1
	hash := uint64(0)
	if id != nil {
		hash = id.hash()
	}
	p.recent[now%recentPurges].Store(hash)
	p.clock.Store(now)
	return now
}

// replay marks the slot of a record with the record's own time.
func (p *purges) replay(r *purgeRecord) {
	if p.clock.Load() < r.time {
		p.clock.Store(r.time)
	}
	switch r.scope {
	case PurgeAll:
		p.all.mark(r.time, r.soft)
	case PurgeHost:
		p.host[r.slot%hostSlots].mark(r.time, r.soft)
	case PurgeURL:
		p.urls[r.slot].mark(r.time, r.soft)
	case PurgePrefix:
		p.prefix[r.slot].mark(r.time, r.soft)
	case PurgeTag:
		p.tag[r.slot].mark(r.time, r.soft)
		p.tags.mark(r.time, r.soft)
	}
}

// Clock returns the time of the purge clock, the number of purges so far. Take it before the
// request goes to the origin and give it to the fill as Seen: a response that is purged meanwhile
// is not kept.
func (s *Store) Clock() uint64 { return s.purges.clock.Load() }

// PurgeAll purges everything that is stored or being filled. After a hard purge (soft is false)
// entries are not found any more; after a soft one they are found with Soft set, to be
// revalidated, and may be used as stale ones are. It takes one tick whatever the store holds. An
// error means that the purge holds in this process and may be forgotten in a restart.
func (s *Store) PurgeAll(soft bool) error {
	return s.purge(&purgeRecord{scope: PurgeAll, soft: soft})
}

// PurgeHost purges all entries of a host, given as in the URL (any case, no default
// port). Hard, soft and errors as in PurgeAll. About one other host in 4096 is purged along.
func (s *Store) PurgeHost(host []byte, soft bool) error {
	return s.purge(&purgeRecord{scope: PurgeHost, soft: soft, slot: s.ring.secret.hostSlot(host)})
}

// PurgeURL purges what is stored for the host, path and shaped query of a key:
// all methods, schemes, listed headers and variants. It serves for what unsafe
// methods invalidate, too (RFC 9111 §4.4): a hard purge removes exactly this URL,
// however many there are; a soft one may soften others along. Hard, soft and
// errors as in PurgeAll.
func (s *Store) PurgeURL(k Key, soft bool) error {
	id := s.ring.secret.urlID(&k)
	r := purgeRecord{scope: PurgeURL, soft: soft, slot: id.slot(), url: id}
	err := s.purge(&r)
	if !soft {
		s.dropURL(&id, r.time)
	}
	return err
}

// PurgeTag purges all entries that were filled with a tag, compared as bytes, and those with more
// than 64 tags. Hard, soft and errors as in PurgeAll. About one other tag in 65536 is purged
// along.
func (s *Store) PurgeTag(tag []byte, soft bool) error {
	return s.purge(&purgeRecord{scope: PurgeTag, soft: soft, slot: s.ring.secret.tagSlot(tag)})
}

// purge marks what a record says, at a time that it fills in, and keeps the record.
func (s *Store) purge(r *purgeRecord) error {
	s.purges.mu.Lock()
	defer s.purges.mu.Unlock()
	var id *urlID
	if r.scope == PurgeURL && !r.soft {
		id = &r.url
	}
	r.time = s.purges.tick(id)
	s.purges.replay(r)
	s.count.purges[r.scope].Add(1)
	return s.journal.append(r)
}

func (s *secret) hostSlot(host []byte) uint16 {
	var small [64]byte
	name := append(small[:0], host...)
	lower(name)
	return uint16(s.sum(tweakHost, name) % hostSlots)
}

func (s *secret) tagSlot(tag []byte) uint16 { return uint16(s.sum(tweakTag, tag)) }

// appendLabels finds the slots of an entry and appends those of prefixes and
// tags to dst, of which l's slices become views.
func (s *secret) appendLabels(dst []byte, l *labels, k *Key, tags [][]byte) []byte {
	id := s.urlID(k)
	l.host, l.url = s.hostSlot(k.Host()), id.slot()
	at := len(dst)
	dst = s.appendPrefixSlots(dst, k.Host(), k.Path())
	middle := len(dst)
	if l.tagsOverflow = len(tags) > maxTags; !l.tagsOverflow {
		for _, tag := range tags {
			dst = binary.LittleEndian.AppendUint16(dst, s.tagSlot(tag))
		}
	}
	l.prefixes, l.tags = dst[at:middle], dst[middle:]
	return dst
}
