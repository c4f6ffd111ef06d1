package cache

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// bigRun, set in the environment to a number of operations, makes the seeded
// runs as long as acceptance wants them: 1000000.
const bigRun = "PENSTOCK_CACHE_BIG"

// soakSize draws log-uniform sizes and places around every boundary.
func soakSize(random *rand.Rand, most int) int {
	if random.IntN(4) == 0 {
		boundary := []int{pieceSize, maxInline, ringChunk}[random.IntN(3)] * (1 + random.IntN(4))
		return min(most, boundary+random.IntN(601)-300)
	}
	return int(math.Exp(random.Float64() * math.Log(float64(most))))
}

// TestNothingWrongComesBack puts and gets bodies that tell their owner while
// others purge: whatever is found must be the body of one put under that key,
// and nothing that was put before a purge may be found after it.
func TestNothingWrongComesBack(t *testing.T) {
	operations, most, bytesOf := 3000, 192<<10, int64(Step)
	if n, err := strconv.Atoi(os.Getenv(bigRun)); err == nil {
		operations, most, bytesOf = n, 8<<20, 256<<20
	}
	s := newStore(t, Options{Bytes: bytesOf, Admission: true})
	var purged [16]atomic.Int64 // by host: turns below it are purged
	var turn, hits, puts, stored atomic.Int64
	var wg sync.WaitGroup
	for g := range 4 {
		random := rand.New(rand.NewPCG(42, uint64(g)))
		wg.Go(func() {
			e, b := AcquireEntry(), AcquireBody()
			for range operations / 4 {
				host, page := random.IntN(len(purged)), random.IntN(64)
				k := keyOf(s, "h"+strconv.Itoa(host), "/p"+strconv.Itoa(page))
				switch random.IntN(100) {
				case 0:
					before := turn.Load()
					s.PurgeHost([]byte("h"+strconv.Itoa(host)), false)
					storeMax(&purged[host], before)
				case 1:
					s.Delete(k)
				default:
					least := purged[host].Load()
					if s.Get(e, k) == Hit {
						hits.Add(1)
						if e.Created <= least && least > 0 {
							t.Errorf("%s: turn %d was purged by turn %d", k.Path(), e.Created, least)
						}
						if b.Open(s, e, k, 0, e.BodySize) == nil { // else a piece has vanished, and it says so
							checkSoak(t, b, e, k)
						}
						continue
					}
					puts.Add(1)
					f := fillOf(s, "")
					now := turn.Add(1)
					f.Created = now
					if s.Put(k, f, bodyOf(uint64(now), soakSize(random, most))) == Stored {
						stored.Add(1)
					}
				}
			}
		})
	}
	wg.Wait()
	st := s.Stats()
	t.Logf("%d hits, %d of %d puts stored, vanished %d, rewritten %d, used %d of %d MiB", hits.Load(), stored.Load(), puts.Load(),
		st.Vanished, st.Rewrites, st.UsedBytes>>20, st.ConfiguredBytes>>20)
	if hits.Load() == 0 || st.Damaged != 0 || st.UsedBytes > st.ConfiguredBytes {
		t.Errorf("hits %d, damaged %d, used %d", hits.Load(), st.Damaged, st.UsedBytes)
	}
}

// checkSoak compares a hit with what its turn had put.
func checkSoak(t *testing.T, b *Body, e *Entry, k Key) {
	want := bodyOf(uint64(e.Created), int(e.BodySize))
	for {
		part, err := b.Next()
		if err != nil {
			if len(want) != 0 && !errors.Is(err, ErrVanished) {
				t.Errorf("%s: %d bytes are missing: %v", k.Path(), len(want), err)
			}
			return
		}
		if !bytes.Equal(part, want[:len(part)]) {
			t.Errorf("%s: wrong bytes in a body of %d", k.Path(), e.BodySize)
			return
		}
		want = want[len(part):]
	}
}

func storeMax(a *atomic.Int64, n int64) {
	for old := a.Load(); old < n && !a.CompareAndSwap(old, n); old = a.Load() {
	}
}
