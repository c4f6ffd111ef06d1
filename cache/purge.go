package cache

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

const (
	hostSlots   = 1 << 12
	wideSlots   = 1 << 16 // of URLs, of prefixes and of tags
	maxTags     = 64      // listed in an entry; with more it falls with any tag
	maxPrefixes = 12      // path segments by which a prefix finds an entry
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

// purges answers whether an entry was purged since it was filled. There is one
// clock that each purge moves on by one. An entry keeps the clock's time from
// before its origin was asked, and the slots it belongs to; a slot keeps the
// time of its latest purge. So a purge is a tick and one store, and a lookup
// compares a handful of numbers, or one while nothing was purged since.
//
// Hosts, URLs, prefixes and tags share slots by a keyed hash: what shares one
// is purged along, which is safe, and nobody outside can aim at it.
type purges struct {
	clock atomic.Uint64
	all   slot
	host  [hostSlots]slot
	wide  [3][wideSlots]slot // URLs, prefixes, tags
	tags  slot               // the latest purge of any tag
	paths atomic.Pointer[[]pathPurge]
	mu    sync.Mutex // orders purges, not lookups
}

// slot is the clock's time of the latest purge, hard and soft. Zero is never.
type slot struct {
	hard, soft atomic.Uint64
}

const (
	wideURL = iota
	widePrefix
	wideTag
)

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

// judge returns what the purges since the fill leave of an entry.
func (p *purges) judge(e *Entry, key *Key) verdict {
	if e.Seen >= p.clock.Load() {
		return kept
	}
	list := p.paths.Load() // before the slots: what leaves the list is in its slot by then
	l := &e.labels
	v := max(p.all.judge(e.Seen), p.host[l.host%hostSlots].judge(e.Seen), p.wide[wideURL][l.url].judge(e.Seen))
	for i := 0; i+1 < len(l.prefixes) && v < gone; i += 2 {
		v = max(v, p.wide[widePrefix][binary.LittleEndian.Uint16(l.prefixes[i:])].judge(e.Seen))
	}
	for i := 0; i+1 < len(l.tags) && v < gone; i += 2 {
		v = max(v, p.wide[wideTag][binary.LittleEndian.Uint16(l.tags[i:])].judge(e.Seen))
	}
	if l.tagsOverflow {
		v = max(v, p.tags.judge(e.Seen))
	}
	if list != nil && v < gone {
		v = max(v, judgePaths(*list, e, key))
	}
	return v
}

// mark moves the clock and marks the slot of a record. The caller holds mu.
func (p *purges) mark(r *purgeRecord) {
	r.time = p.clock.Add(1)
	p.replay(r)
}

// replay marks a slot with the record's own time.
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
		p.wide[wideURL][r.slot].mark(r.time, r.soft)
	case PurgePrefix:
		p.wide[widePrefix][r.slot].mark(r.time, r.soft)
	case PurgeTag:
		p.wide[wideTag][r.slot].mark(r.time, r.soft)
		p.tags.mark(r.time, r.soft)
	}
}

// Clock returns the time of the purge clock. Take it before the origin is
// asked and hand it to the fill: what is purged meanwhile is then not kept.
func (s *Store) Clock() uint64 { return s.purges.clock.Load() }

// PurgeAll purges everything. Hard entries are gone; soft ones stay, to be
// revalidated, and may be used as stale ones are. It takes one tick whatever
// the store holds. An error means that the purge holds in this process and may
// be forgotten in a restart.
func (s *Store) PurgeAll(soft bool) error {
	return s.purge(purgeRecord{scope: PurgeAll, soft: soft})
}

// PurgeHost purges all entries of a host, given as it stands in the URL (any
// case, no default port). Hard, soft and errors as in PurgeAll.
func (s *Store) PurgeHost(host []byte, soft bool) error {
	return s.purge(purgeRecord{scope: PurgeHost, soft: soft, slot: s.secret.hostSlot(host)})
}

// PurgeURL purges what is stored for the host, path and shaped query of a key:
// all methods, schemes, listed headers and variants. It serves for what unsafe
// methods invalidate, too (RFC 9111 §4.4). Hard, soft and errors as in PurgeAll.
func (s *Store) PurgeURL(k Key, soft bool) error {
	return s.purge(purgeRecord{scope: PurgeURL, soft: soft, slot: s.secret.urlSlot(&k)})
}

// PurgeTag purges all entries that bear a tag. Hard, soft and errors as in
// PurgeAll.
func (s *Store) PurgeTag(tag []byte, soft bool) error {
	return s.purge(purgeRecord{scope: PurgeTag, soft: soft, slot: s.secret.tagSlot(tag)})
}

func (s *Store) purge(r purgeRecord) error {
	s.purges.mu.Lock()
	defer s.purges.mu.Unlock()
	s.purges.mark(&r)
	s.count.purges[r.scope].Add(1)
	return s.journal.append(&r)
}

func (s *secret) hostSlot(host []byte) uint16 {
	var small [64]byte
	name := append(small[:0], host...)
	lower(name)
	return uint16(s.sum(tweakHost, name) % hostSlots)
}

func (s *secret) urlSlot(k *Key) uint16 {
	h := s.sum(tweakURL, k.Host())
	h = s.sum(h^tweakPath, k.Path())
	return uint16(s.sum(h^tweakURL, k.parts[k.queryAt:k.queryEnd]))
}

func (s *secret) tagSlot(tag []byte) uint16 { return uint16(s.sum(tweakTag, tag)) }

// appendLabels finds the slots of an entry and appends those of prefixes and
// tags to dst, of which l's slices become views.
func (s *secret) appendLabels(dst []byte, l *labels, k *Key, tags [][]byte) []byte {
	l.host, l.url = s.hostSlot(k.Host()), s.urlSlot(k)
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
