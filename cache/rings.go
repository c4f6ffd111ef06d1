package cache

import (
	"fmt"
	"path/filepath"

	"github.com/VictoriaMetrics/fastcache"
)

// ringSteps bounds one of fastcache's caches to 256 MiB, so that each of its
// buckets holds at most 512 KiB. fastcache locks a bucket while it writes it to
// a file and while it cleans its index: the size of a bucket is the length of
// the longest wait. In one cache of 16 GiB that would be 32 MiB a bucket, and
// a save would hold up a request for some 50 ms. Smaller ones pack worse: a
// bucket of few chunks is more often ahead of the others.
const ringSteps = 8

// rings are the fastcache caches that a store consists of. Which of them a hash
// belongs to is in proportion to their sizes: all but the last are equal.
type rings struct {
	steps uint64
	list  []*fastcache.Cache
}

func newRings(capacity int64) *rings {
	r := &rings{steps: uint64(capacity) / Step}
	for left := r.steps; left > 0; left -= min(left, ringSteps) {
		r.list = append(r.list, fastcache.New(int(min(left, ringSteps))*Step))
	}
	return r
}

// of returns the ring of an entry's key.
func (r *rings) of(k Key) *fastcache.Cache { return r.at(k.Hash()) }

// at returns the ring of a hash.
func (r *rings) at(hash uint64) *fastcache.Cache { return r.list[hash%r.steps/ringSteps] }

// columns is how many places there are that hold one chunk each: all buckets,
// counted once for each of their chunks.
func (r *rings) columns() uint64 { return r.steps * ringBuckets }

// piece returns where a piece is filed: pieces go round the columns.
func (r *rings) piece(id uint64, index int64) (*fastcache.Cache, pieceKey) {
	column := (id + uint64(index)) % r.columns()
	return r.list[column/ringBuckets/ringSteps], makePieceKey(id, index, column%ringBuckets)
}

// stats adds the figures of all rings up.
func (r *rings) stats() (f fastcache.Stats) {
	for _, ring := range r.list {
		ring.UpdateStats(&f)
	}
	return f
}

func ringName(n int) string { return fmt.Sprintf("ring-%d", n) }

// loadRings reads what save wrote for a store of this capacity.
func loadRings(folder string, capacity int64) (*rings, error) {
	r := &rings{steps: uint64(capacity) / Step}
	for left := r.steps; left > 0; left -= min(left, ringSteps) {
		name := filepath.Join(folder, ringName(len(r.list)))
		ring, err := fastcache.LoadFromFileMaxBytes(name, int(min(left, ringSteps))*Step)
		if err != nil {
			return nil, err
		}
		r.list = append(r.list, ring)
	}
	return r, nil
}
