package cache

import "encoding/binary"

// urlID stands for a host, path and shaped query: what unsafe methods invalidate. It is a
// keyed hash of 128 bits, and the key of the URL's record in the ring.
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

// A URL record says that something is stored for a URL, and since when what was
// fetched for it counts. Whoever stores for a URL keeps its record; PurgeURL deletes it,
// and so removes all that is stored for exactly this URL, without a list of it.
// Of the purges only a slot is left that other URLs share. The record decides for
// them: an entry whose slot was marked after its fetch began counts as long as the
// record is there and says so. The record is pushed out like any other, and then
// the entry is gone only if its slot was marked.

// stands reports whether no purge of its URL has reached what was fetched at a time of
// the purge clock. A false report is possible when the URL's record was pushed out.
func (s *Store) stands(id *urlID, seen uint64) bool {
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
		s.ring.shards.at(id.hash()).Del(id[:])
	}
}
