package cache

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// maxPathPurges bounds the list of prefixes that end within a segment.
const maxPathPurges = 64

// pathPurge is a purge of a prefix that ends within a segment, such as
// "/img/a". It is found by comparing, not by a slot.
type pathPurge struct {
	time   uint64
	soft   bool
	host   uint16
	slot   uint16 // of what the prefix lies in
	prefix []byte
}

// PurgePrefix purges all entries of a host whose path begins with prefix, compared as bytes with
// the paths of keys. Hard, soft and errors as in PurgeAll, the host as in PurgeHost. A prefix
// without '/', also an empty one, purges all paths of the host.
//
// Every entry has a slot for each leading part of its path that ends with
// '/', twelve at most; a prefix that ends so marks one slot, and a deeper one
// marks its first twelve parts. Any other prefix enters a list of 64 that
// lookups compare; when the list is full its oldest marks the slot of what it
// lies in: "/img/a" then falls with all of "/img/". Both reach too far at
// times, never too short.
func (s *Store) PurgePrefix(host, prefix []byte, soft bool) error {
	parent, exact := prefixParent(prefix)
	r := purgeRecord{scope: PurgePrefix, soft: soft, slot: s.ring.secret.prefixSlot(host, parent)}
	if exact {
		return s.purge(&r)
	}
	p := s.purges
	p.mu.Lock()
	defer p.mu.Unlock()
	r.time = p.tick(nil)
	p.addPath(pathPurge{time: r.time, soft: soft, host: s.ring.secret.hostSlot(host), slot: r.slot, prefix: slices.Clone(prefix)})
	s.count.purges[PurgePrefix].Add(1)
	return s.journal.append(&r)
}

// prefixParent returns the part of a prefix that has a slot: up to its last
// '/', or the twelfth. It is exact when nothing more is left to compare, or
// when the prefix is too deep to be compared any closer.
func prefixParent(prefix []byte) (parent []byte, exact bool) {
	segments, end := 0, 0
	for i, c := range prefix {
		if c == '/' && segments < maxPrefixes {
			segments++
			end = i + 1
		}
	}
	if end == 0 {
		return []byte("/"), true // every path begins so
	}
	return prefix[:end], end == len(prefix) || segments == maxPrefixes
}

func (s *secret) prefixSlot(host, parent []byte) uint16 {
	var small [64]byte
	name := append(small[:0], host...)
	lower(name)
	return uint16(s.sum(s.sum(tweakPrefix, name), parent))
}

// appendPrefixSlots appends the slots of all leading parts of a path that end
// with '/'. The host is in lower case.
func (s *secret) appendPrefixSlots(dst, host, path []byte) []byte {
	tweak := s.sum(tweakPrefix, host)
	segments := 0
	for i, c := range path {
		if c != '/' {
			continue
		}
		dst = binary.LittleEndian.AppendUint16(dst, uint16(s.sum(tweak, path[:i+1])))
		if segments++; segments == maxPrefixes {
			break
		}
	}
	return dst
}

// addPath puts a purge at the end of the list, folding the oldest into its slot
// when the list is full. The caller holds mu.
func (p *purges) addPath(add pathPurge) {
	var list []pathPurge
	if old := p.paths.Load(); old != nil {
		list = slices.Clone(*old)
	}
	if len(list) == maxPathPurges {
		// The slot first: a lookup reads the list before the slots.
		p.prefix[list[0].slot].mark(list[0].time, list[0].soft)
		list = list[1:]
	}
	list = append(list, add)
	p.paths.Store(&list)
}

// judgePaths compares an entry's path with the listed purges since its fill.
func judgePaths(list []pathPurge, e *Entry, key *Key) verdict {
	v := kept
	for i := len(list) - 1; i >= 0 && list[i].time > e.Seen; i-- {
		purge := &list[i]
		if purge.host != e.labels.host || !bytes.HasPrefix(key.Path(), purge.prefix) {
			continue
		}
		if !purge.soft {
			return gone
		}
		v = softened
	}
	return v
}
