package cache

import "encoding/binary"

// newID draws an entry's id. Its body begins in the column behind the one that
// took the last segment.
func (s *Store) newID() uint64 {
	id, columns := s.random(), s.shards.columns()
	return id - id%columns + s.cursor.Load()%columns
}

// setSegment files one segment. buf holds segmentSumSize spare bytes and then the
// body bytes.
func (s *Store) setSegment(id uint64, index int64, buf []byte) {
	sum := s.secret.sum(segmentTweak(id, index), buf[segmentSumSize:])
	binary.LittleEndian.PutUint64(buf, sum)
	shard, key := s.shards.segment(id, index)
	s.set(shard, key[:], buf)
}

// segmentBuffer returns b as an empty buffer for appendSegment.
func segmentBuffer(b []byte) []byte { return append(b[:0], make([]byte, segmentSumSize)...) }

// appendSegment appends the body bytes of a segment to dst, verified for their
// place and their length. dst comes from segmentBuffer: fastcache writes a
// segment's checksum over the end of dst, which is put back, so that segments come
// to lie side by side without another copy.
func (s *Store) appendSegment(dst []byte, id uint64, index int64, length int) ([]byte, bool) {
	at := len(dst) - segmentSumSize
	end := word(dst[at:])
	shard, key := s.shards.segment(id, index)
	value, found := shard.HasGet(dst[:at], key[:])
	whole := len(value) == len(dst)+length
	ok := found && whole && word(value[at:]) == s.secret.sum(segmentTweak(id, index), value[len(dst):])
	binary.LittleEndian.PutUint64(dst[at:], end)
	if ok {
		binary.LittleEndian.PutUint64(value[at:], end)
		return value, true
	}
	if found {
		s.count.damaged.Add(1)
	}
	return dst, false
}

// hasSegments reports whether all segments from first to last are there.
func (s *Store) hasSegments(id uint64, first, last int64) bool {
	for i := first; i <= last; i++ {
		shard, key := s.shards.segment(id, i)
		if !shard.Has(key[:]) {
			return false
		}
	}
	return true
}
