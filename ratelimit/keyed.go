package ratelimit

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// ways is the number of keys in one set of a table.
const ways = 8

// Keyed applies one Rate to each of many keys. The table has a fixed size: all of its memory is
// taken when it is made. A key whose burst is complete again takes no room; when a set is full of
// others, the one that comes back first is forgotten, and begins anew with a whole burst. So
// forgetting never refuses an event that would have been allowed. It is made by NewKeyed and safe
// for concurrent use; events are charged by Group.Take.
//
// A key is a 64-bit hash under Seed, which is secret, so that nobody can choose keys that meet
// in one set.
type Keyed struct {
	rate      Rate
	seed      maphash.Seed
	rank      uint64 // the order in which locks of several tables are taken
	sets      []set
	forgotten atomic.Uint64
}

// set has room for some keys. One with a TAT that has passed is free.
type set struct {
	mu   sync.Mutex
	hash [ways]uint64
	tat  [ways]int64
}

// NewKeyed returns a table for at least so many keys (one when it is less), under a new random
// Seed. The rate comes from NewRate.
func NewKeyed(rate Rate, keys int) *Keyed {
	k := &Keyed{rate: rate, seed: maphash.MakeSeed(), rank: rand.Uint64(), sets: make([]set, (max(keys, 1)+ways-1)/ways)}
	for i := range k.sets {
		k.sets[i].tat[0] = 0 // the system gives memory when it is written: now, not under attack
	}
	return k
}

// Seed returns the seed to hash keys with; each table has its own.
func (k *Keyed) Seed() maphash.Seed { return k.seed }

// Size returns how many keys have room: a multiple of 8.
func (k *Keyed) Size() int { return len(k.sets) * ways }

// Forgotten returns how many keys lost their room before their burst was complete again.
func (k *Keyed) Forgotten() uint64 { return k.forgotten.Load() }

// Keys counts the keys whose burst is not complete at now (in nanoseconds). It looks at the
// whole table.
func (k *Keyed) Keys(now int64) (n int) {
	for i := range k.sets {
		s := &k.sets[i]
		s.mu.Lock()
		for _, tat := range s.tat {
			if tat > now {
				n++
			}
		}
		s.mu.Unlock()
	}
	return n
}

// State returns what the key has left at now (in nanoseconds, not negative), and charges
// nothing. A key without room has its whole burst.
func (k *Keyed) State(key uint64, now int64) State {
	s := k.set(key)
	s.mu.Lock()
	tat := s.tatOf(s.find(key))
	s.mu.Unlock()
	return k.rate.state(tat, now)
}

// set returns the set of a key: the upper bits of the hash choose it.
func (k *Keyed) set(key uint64) *set {
	i, _ := bits.Mul64(key, uint64(len(k.sets)))
	return &k.sets[i]
}

// find returns the index of the key, -1 when it has no room. s.mu is held.
func (s *set) find(key uint64) int {
	for i, hash := range s.hash {
		if hash == key {
			return i
		}
	}
	return -1
}

// tatOf returns the TAT of the key with that index; zero, which has passed, for -1.
func (s *set) tatOf(i int) int64 {
	if i < 0 {
		return 0
	}
	return s.tat[i]
}

// charge counts an event of the key, which find found at i, and makes room for it. s.mu is held.
func (k *Keyed) charge(s *set, i int, key uint64, now int64) {
	if i < 0 {
		i = 0
		for j, tat := range s.tat {
			if tat < s.tat[i] {
				i = j
			}
		}
		if s.tat[i] > now {
			k.forgotten.Add(1)
		}
		s.hash[i], s.tat[i] = key, 0
	}
	s.tat[i] = k.rate.charge(s.tat[i], now)
}
