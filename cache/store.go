package cache

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"time"
)

const (
	defaultBytes     = 256 << 20
	defaultMaxObject = 8 << 20
	lockStripes      = 256
)

// Store keeps responses off the Go heap. Only New makes one; the zero value is not usable. It is
// safe for concurrent use, except for Load, which comes before any other use. Its memory is
// never given back. A full store overwrites its oldest records, so an entry may be gone at any
// time.
type Store struct {
	ring      ring
	maxObject int64
	now       func() time.Time

	purges  *purges
	sketch  *sketch // nil: everything is admitted
	passes  *passes
	journal *journal   // nil: nothing survives
	saving  sync.Mutex // one Save at a time
	valid   int        // number of the valid snapshot; 0 is none; guarded by saving
	rewrite rewriteBudget
	locks   [lockStripes]stripe
	count   counters
}

// stripe orders those who replace, delete, rewrite and invalidate entries of some URLs.
type stripe struct {
	sync.Mutex
	_ [56]byte
}

// Options configure a Store. The zero value is valid. New refuses negative sizes and those that
// this machine cannot address. Now and Random must be safe for concurrent use.
type Options struct {
	Bytes     int64            // of memory; rounded up to multiples of Step; zero means 256 MiB
	MaxObject int64            // bytes of the largest body; zero means 8 MiB; lowered to what a store of that size keeps whole
	Admission bool             // once the store is nearly full, only what was asked for at least twice lately, and more often than what it would push out, is let in
	Now       func() time.Time // nil means time.Now
	Random    func() uint64    // secrets and entry ids; nil draws from the system's generator
}

// New makes an empty store. The memory is taken step by step as it is needed
// and never given back. Options that it refuses are an error and a nil store.
func New(o Options) (*Store, error) {
	if o.Bytes < 0 || o.MaxObject < 0 {
		return nil, fmt.Errorf("cache size: got %d bytes and objects of %d, want none below 0", o.Bytes, o.MaxObject)
	}
	if o.Bytes == 0 {
		o.Bytes = defaultBytes
	}
	if o.Bytes > math.MaxInt64/2 || int64(int(o.Bytes)) != o.Bytes {
		return nil, fmt.Errorf("cache size: got %d bytes, more than this machine can address", o.Bytes)
	}
	if o.MaxObject == 0 {
		o.MaxObject = defaultMaxObject
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = systemRandom
	}
	capacity := (o.Bytes + Step - 1) / Step * Step
	s := &Store{
		ring:      ring{shards: newShards(capacity), capacity: capacity, random: o.Random},
		maxObject: min(o.MaxObject, largestBody(capacity)),
		now:       o.Now,
		purges:    &purges{}, passes: newPasses(o.Now()),
	}
	for i := range s.ring.secret {
		s.ring.secret[i] = o.Random()
	}
	if o.Admission {
		s.sketch = newSketch(capacity)
	}
	return s, nil
}

// systemRandom draws from the system's generator.
func systemRandom() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the process instead
	return binary.LittleEndian.Uint64(b[:])
}

// largestBody is the largest body that is taken: half of what the ring holds.
// Above that its own beginning would be pushed out by its end and what comes
// meanwhile.
func largestBody(capacity int64) int64 {
	return capacity / shardChunk * segmentsPerChunk * segmentSize / 2
}

// MaxObject returns the bytes of the largest body that is stored.
func (s *Store) MaxObject() int64 { return s.maxObject }

// NewKey begins a key in dst, whose content is overwritten; nil takes new memory. The key holds
// the buffer; its Bytes gives it back for reuse.
func (s *Store) NewKey(dst []byte) KeyBuilder {
	var guard [guardSize]byte
	return KeyBuilder{secret: &s.ring.secret, key: Key{parts: append(dst[:0], guard[:]...)}}
}

// URLKey makes the key of a URL alone, as purges take it, in memory of its own.
func (s *Store) URLKey(u *URL) Key {
	b := s.NewKey(nil)
	b.URL(u)
	return b.Key()
}

// Variant makes the key of one variant in dst: the base key, the id of the
// vary record that was found under it, and the values of the selecting fields
// in any form that cannot be read two ways. A vary record that is made anew has
// another id, so the variants of the old one are never found again. dst is overwritten; it must
// not be the buffer of base, which stays valid.
func (s *Store) Variant(dst []byte, base Key, record uint64, values []byte) Key {
	k := base
	k.parts = append(dst[:0], base.parts...)
	k.parts = append(k.parts, markVariant)
	k.parts = binary.LittleEndian.AppendUint64(k.parts, record)
	k.parts = appendPart(k.parts, markVariant, values)
	k.seal(&s.ring.secret)
	return k
}

// Outcome says what a lookup found.
type Outcome uint8

// The outcomes of a lookup. Only Hit leaves something in the entry.
const (
	Miss    Outcome = iota // nothing under this key, or no longer
	Hit                    // look at Soft and the times before use
	Purged                 // there, but purged since it was filled
	Damaged                // there, but not what was written; never used
	outcomes
)

var outcomeText = [outcomes]string{Miss: "miss", Hit: "hit", Purged: "purged", Damaged: "damaged"}

// String returns the name that metrics and logs use. It panics for a number that is no outcome.
func (o Outcome) String() string { return outcomeText[o] }

// Get looks a key up, counts the lookup, and reads the entry into e: one copy out of the store, no
// allocation once e has its buffer. An entry is a Hit also when its times have passed or it was
// purged softly. After another outcome e means nothing. The body of a Segments entry is read with
// Body.Open.
func (s *Store) Get(e *Entry, k Key) Outcome {
	if s.sketch != nil {
		s.sketch.touch(k.Hash())
	}
	outcome := s.peek(e, k)
	s.count.lookup(k.Hash(), outcome)
	if outcome == Hit && s.ring.nearTail(e.written) {
		s.rewriteEntry(e, k)
	}
	return outcome
}

// peek reads an entry without counting or moving anything.
func (s *Store) peek(e *Entry, k Key) Outcome {
	e.Soft = false
	value, found := s.ring.shards.of(k).HasGet(e.buf[:0], k.raw)
	e.buf = value
	if !found {
		return Miss
	}
	if !e.decode(&s.ring.secret, k.Hash()) {
		return Damaged
	}
	switch s.judge(e, &k) {
	case gone:
		return Purged
	case softened:
		e.Soft = true
	}
	return Hit
}

// judge returns what the purges since the fill leave of an entry.
func (s *Store) judge(e *Entry, k *Key) verdict {
	if e.Seen >= s.purges.clock.Load() {
		return kept
	}
	v := s.purges.judge(e, k)
	if v < gone && s.purges.urls[e.labels.url].hard.Load() > e.Seen {
		if id := s.ring.secret.urlID(k); !s.counts(&id, e.Seen) {
			return gone
		}
	}
	return v
}

// purgedSince reports whether a hard purge after that time of the purge clock reaches the
// URL of a key. Purges of tags do not count: nobody knows the tags yet.
func (s *Store) purgedSince(k Key, seen uint64) bool {
	if seen >= s.Clock() {
		return false
	}
	var space [2 * maxPrefixes]byte
	id := s.ring.secret.urlID(&k)
	var e Entry
	e.Seen = seen
	s.ring.secret.appendLabels(space[:0], &e.labels, &k, nil)
	return s.purges.judge(&e, &k) == gone || s.purges.mayReach(&id, seen) && s.purges.reached(&id, seen)
}

// Delete forgets what is stored under a key, if anything. A fill that is under way may
// still store there; a purge stops that. A saved store may bring it back after a restart.
func (s *Store) Delete(k Key) {
	lock := s.lock(k)
	defer lock.Unlock()
	s.ring.remove(s.ring.shards.of(k), k.raw)
}

// Pass remembers for d that the response to this key may not be shared
// (hit-for-miss), rounded up to 100 ms. Zero or less forgets it. Another key may take its place
// earlier.
func (s *Store) Pass(k Key, d time.Duration) { s.passes.set(k.Hash(), s.now(), d) }

// Passes reports whether the key's response is known not to be shareable: fetch
// it without joining a flight.
func (s *Store) Passes(k Key) bool { return s.passes.has(k.Hash(), s.now()) }

// lock takes the stripe of a key, which is that of its URL.
func (s *Store) lock(k Key) *sync.Mutex {
	id := s.ring.secret.urlID(&k)
	return s.lockURL(&id)
}

// lockURL takes the stripe of a URL.
func (s *Store) lockURL(id *urlID) *sync.Mutex {
	lock := &s.locks[id.hash()%lockStripes].Mutex
	lock.Lock()
	return lock
}

// entries are spare ones with their buffers.
var entries = sync.Pool{New: func() any { return new(Entry) }}

// AcquireEntry returns an entry without content for Get; give it back with ReleaseEntry.
func AcquireEntry() *Entry { return entries.Get().(*Entry) }

// ReleaseEntry gives an entry back. It must not be used any more, and its views are no longer
// valid.
func ReleaseEntry(e *Entry) {
	*e = Entry{buf: e.buf[:0]}
	entries.Put(e)
}
