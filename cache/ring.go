package cache

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/VictoriaMetrics/fastcache"
)

// ring holds the records of a store: entries, segments of bodies and records of URLs.
// Each new record pushes out the oldest ones.
type ring struct {
	shards   *shards
	capacity int64
	secret   secret
	random   func() uint64
	_        [64]byte      // what follows changes with each write
	odometer atomic.Uint64 // bytes written
	cursor   atomic.Uint64 // segments written
	sets     atomic.Int64  // records written
	kept     atomic.Int64  // records that would be there if none had been pushed out
	damaged  atomic.Int64  // segments that were not what was written
}

// set files a value and moves the odometer.
func (r *ring) set(shard *fastcache.Cache, key, value []byte) {
	if !shard.Has(key) {
		r.kept.Add(1)
	}
	shard.Set(key, value)
	n := shardHeader + len(key) + len(value)
	r.odometer.Add(uint64(n))
	r.sets.Add(1)
}

// remove deletes a record.
func (r *ring) remove(shard *fastcache.Cache, key []byte) {
	if shard.Has(key) {
		r.kept.Add(-1)
	}
	shard.Del(key)
}

// fullAt returns the odometer at which writing begins to push records out.
func (r *ring) fullAt() uint64 { return uint64(r.capacity) / 10 * 9 }

// nearTail reports whether a record was written so long ago, by the odometer, that it
// will soon be pushed out. Buckets fill unevenly and lose what does not fit the end
// of a chunk, so the last four tenths of the ring count as near.
func (r *ring) nearTail(written uint64) bool {
	return r.odometer.Load()-written > uint64(r.capacity)/10*6
}

// urlRecord reads the record of a URL. found is false when there is none.
func (r *ring) urlRecord(id *urlID) (since, recorded uint64, found bool) {
	var space [urlRecordSize]byte
	v, found := r.shards.at(id.hash()).HasGet(space[:0], id[:])
	if !found || len(v) != urlRecordSize || word(v[atRecordSum:]) != r.secret.sum(tweakURLRecord^id.hash(), v[:atRecordSum]) {
		return 0, 0, false
	}
	return word(v[atSince:]), word(v[atRecorded:]), true
}

// keepURL sees to it that a URL's record counts what was fetched at that time, and that
// it is not pushed out before what is written now. The caller holds the URL's
// stripe and knows that no purge has reached what was fetched then.
func (r *ring) keepURL(id *urlID, seen uint64) {
	since, recorded, found := r.urlRecord(id)
	now := r.odometer.Load()
	if found && since <= seen && now-recorded < uint64(r.capacity)/urlRecordRings {
		return
	}
	if !found || seen < since {
		since = seen
	}
	var v [urlRecordSize]byte
	binary.LittleEndian.PutUint64(v[atSince:], since)
	binary.LittleEndian.PutUint64(v[atRecorded:], now)
	binary.LittleEndian.PutUint64(v[atRecordSum:], r.secret.sum(tweakURLRecord^id.hash(), v[:atRecordSum]))
	r.set(r.shards.at(id.hash()), id[:], v[:])
}

// newID draws an entry's id. Its body begins in the column after the one that
// took the last segment.
func (r *ring) newID() uint64 {
	id, columns := r.random(), r.shards.columns()
	return id - id%columns + r.cursor.Load()%columns
}

// setSegment files one segment. buf holds segmentSumSize spare bytes and then the
// body bytes.
func (r *ring) setSegment(id uint64, index int64, buf []byte) {
	sum := r.secret.sum(segmentTweak(id, index), buf[segmentSumSize:])
	binary.LittleEndian.PutUint64(buf, sum)
	shard, key := r.shards.segment(id, index)
	r.set(shard, key[:], buf)
}

// segmentBuffer returns b as an empty buffer for appendSegment.
func segmentBuffer(b []byte) []byte { return append(b[:0], make([]byte, segmentSumSize)...) }

// appendSegment appends the body bytes of a segment to dst, verified for their
// place and their length. dst comes from segmentBuffer: fastcache writes a
// segment's checksum over the end of dst, which is put back, so that segments come
// to lie side by side without another copy.
func (r *ring) appendSegment(dst []byte, id uint64, index int64, length int) ([]byte, bool) {
	at := len(dst) - segmentSumSize
	end := word(dst[at:])
	shard, key := r.shards.segment(id, index)
	value, found := shard.HasGet(dst[:at], key[:])
	whole := len(value) == len(dst)+length
	ok := found && whole && word(value[at:]) == r.secret.sum(segmentTweak(id, index), value[len(dst):])
	binary.LittleEndian.PutUint64(dst[at:], end)
	if ok {
		binary.LittleEndian.PutUint64(value[at:], end)
		return value, true
	}
	if found {
		r.damaged.Add(1)
	}
	return dst, false
}

// hasSegments reports whether all segments from first to last are there.
func (r *ring) hasSegments(id uint64, first, last int64) bool {
	for i := first; i <= last; i++ {
		shard, key := r.shards.segment(id, i)
		if !shard.Has(key[:]) {
			return false
		}
	}
	return true
}
