package cache

import (
	"fmt"
	"path/filepath"

	"github.com/VictoriaMetrics/fastcache"
)

// shardSteps bounds one of fastcache's caches to 256 MiB, so that each of its
// buckets holds at most 512 KiB. fastcache locks a bucket while it writes it to
// a file and while it cleans its index: the size of a bucket is the length of
// the longest wait. In one cache of 16 GiB that would be 32 MiB a bucket, and
// a save would hold up a request for some 50 ms. Smaller ones pack worse: a
// bucket of few chunks is more often ahead of the others.
const shardSteps = 8

// shards are the fastcache caches that a store consists of. Which of them a hash
// belongs to is in proportion to their sizes: all but the last are equal.
type shards struct {
	steps uint64
	list  []*fastcache.Cache
}

func newShards(capacity int64) *shards {
	r := &shards{steps: uint64(capacity) / Step}
	for left := r.steps; left > 0; left -= min(left, shardSteps) {
		r.list = append(r.list, fastcache.New(int(min(left, shardSteps))*Step))
	}
	return r
}

// of returns the shard of an entry's key.
func (r *shards) of(k Key) *fastcache.Cache { return r.at(k.Hash()) }

// at returns the shard of a hash.
func (r *shards) at(hash uint64) *fastcache.Cache { return r.list[hash%r.steps/shardSteps] }

// columns is how many places there are that hold one chunk each: all buckets,
// counted once for each of their chunks.
func (r *shards) columns() uint64 { return r.steps * shardBuckets }

// segment returns where a segment is filed: segments go round the columns.
func (r *shards) segment(id uint64, index int64) (*fastcache.Cache, segmentKey) {
	column := (id + uint64(index)) % r.columns()
	return r.list[column/shardBuckets/shardSteps], makeSegmentKey(id, index, column%shardBuckets)
}

// stats adds the figures of all shards up.
func (r *shards) stats() (f fastcache.Stats) {
	for _, shard := range r.list {
		shard.UpdateStats(&f)
	}
	return f
}

func shardName(n int) string { return fmt.Sprintf("shard-%d", n) }

// loadShards reads what save wrote for a store of this capacity.
func loadShards(folder string, capacity int64) (*shards, error) {
	r := &shards{steps: uint64(capacity) / Step}
	for left := r.steps; left > 0; left -= min(left, shardSteps) {
		name := filepath.Join(folder, shardName(len(r.list)))
		shard, err := fastcache.LoadFromFileMaxBytes(name, int(min(left, shardSteps))*Step)
		if err != nil {
			return nil, err
		}
		r.list = append(r.list, shard)
	}
	return r, nil
}
