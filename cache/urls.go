package cache

import "encoding/binary"

// urlID identifies a host, path and shaped query, which unsafe methods invalidate. It is
// a keyed hash of 128 bits, and the key of the URL's record in the ring.
type urlID [16]byte

// urlID returns the id of a key's URL.
func (s *secret) urlID(k *Key) (id urlID) {
	url := k.parts[k.urlAt:k.queryEnd]
	binary.LittleEndian.PutUint64(id[:], s.sum(tweakURL, url))
	binary.LittleEndian.PutUint64(id[8:], s.sum(tweakURLMore, url))
	return id
}

// hash returns half of the id.
func (id *urlID) hash() uint64 { return word(id[:]) }

// slot returns the slot of the URL.
func (id *urlID) slot() uint16 { return uint16(id.hash()) }

// The layout of a URL record, little endian.
const (
	atSince        = 0  // purge clock: what was fetched since then counts
	atRecorded     = 8  // odometer when it was written
	atRecordSum    = 16 // checksum of the above
	urlRecordSize  = 24
	urlRecordRings = 4 // a record is written again once it is older than a ring's length divided by this
)

// A URL record says that something is stored for a URL, and from which time of the purge
// clock on responses that were fetched for it count. Each fill keeps the record of its
// URL; PurgeURL deletes it, and so removes all that is stored for exactly this URL
// without a list of it.
//
// A purge leaves only a mark in a slot, which other URLs share. For an entry whose slot
// was marked after its fetch began, the record decides: the entry counts while the
// record is there and is not younger than the fetch. The ring pushes a record out like
// any other; then the entries of its URL are gone if their slot was marked.

// counts reports whether no purge of its URL has reached a response that was fetched at a
// time of the purge clock. When the URL's record was pushed out, it may report false
// although none has.
func (s *Store) counts(id *urlID, seen uint64) bool {
	if !s.purges.mayReach(id, seen) {
		return true
	}
	since, _, found := s.ring.urlRecord(id)
	return found && since <= seen
}

// dropURL deletes the record of a URL unless it is as new as that time.
func (s *Store) dropURL(id *urlID, time uint64) {
	lock := s.lockURL(id)
	defer lock.Unlock()
	if since, _, found := s.ring.urlRecord(id); found && since < time {
		s.ring.remove(s.ring.shards.at(id.hash()), id[:])
	}
}
