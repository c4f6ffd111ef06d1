package cache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// bigRun, set in the environment to a number of operations, makes the seeded
// runs as long as acceptance wants them: 1000000.
const bigRun = "PENSTOCK_CACHE_BIG"

// operations returns bigRun's number, or few without it.
func operations(few int) int {
	if n, err := strconv.Atoi(os.Getenv(bigRun)); err == nil {
		return n
	}
	return few
}

const (
	soakHosts = 16
	soakPages = 64 // of a host; some of them have variants
	soakTags  = 8
)

// soak puts, gets and purges at random and remembers what nobody may see any
// more. A turn numbers each put; a mark is a turn up to which a purge reached.
type soak struct {
	*testing.T
	store   *Store
	most    int    // bytes of a body
	pattern []byte // bodies are cut out of it, each at a place of its own
	turn    atomic.Uint64

	all, allSoft   atomic.Uint64 // marks
	host, hostSoft [soakHosts]atomic.Uint64
	url            [soakHosts][soakPages]atomic.Uint64
	tag            [soakTags]atomic.Uint64

	gets, hits, puts, stored, updates, purges, bytes atomic.Int64
}

// TestNothingWrongComesBack puts and gets bodies that tell their owner while
// others purge: whatever is found must be the body of one put under that key,
// and nothing that was put before a purge may be found after it.
func TestNothingWrongComesBack(t *testing.T) {
	total, most, size := operations(3000), 192<<10, int64(Step)
	if total > 3000 {
		most, size = 8<<20, 8*Step
	}
	s := &soak{T: t, store: newStore(t, Options{Bytes: size, MaxObject: 8 << 20}), most: most}
	s.pattern = bodyOf(77, 2*most)
	began := time.Now()
	var done atomic.Int64
	var wg sync.WaitGroup
	for g := range uint64(4) {
		w := &soaker{soak: s, random: rand.New(rand.NewPCG(42, g)), entry: AcquireEntry(), body: AcquireBody()}
		wg.Go(func() {
			for range total / 4 {
				if t.Failed() {
					return
				}
				w.step()
				if n := done.Add(1); n%int64(max(1, total/10)) == 0 {
					t.Logf("%d operations after %v: %v", n, time.Since(began).Round(time.Second), s)
				}
			}
		})
	}
	wg.Wait()
	st := s.store.Stats()
	if s.hits.Load() == 0 || s.stored.Load() == 0 || s.updates.Load() == 0 || st.Damaged != 0 || st.UsedBytes > st.ConfiguredBytes {
		t.Errorf("%v, damaged %d, used %d", s, st.Damaged, st.UsedBytes)
	}
}

func (s *soak) String() string {
	st := s.store.Stats()
	return fmt.Sprintf("%d hits of %d gets, %d of %d puts stored, %d updated, %d purges, %d MiB put and compared, "+
		"%d vanished, %d rewritten, %d damaged", s.hits.Load(), s.gets.Load(), s.stored.Load(), s.puts.Load(),
		s.updates.Load(), s.purges.Load(), s.bytes.Load()>>20, st.Vanished, st.Rewrites, st.Damaged)
}

// size draws log-uniform sizes and places around every boundary.
func (s *soak) size(random *rand.Rand) int {
	logUniform := func(most float64) int { return int(math.Exp(random.Float64() * math.Log(most))) }
	if random.IntN(4) > 0 {
		return logUniform(float64(s.most))
	}
	boundary := []int{segmentSize, partSegments * segmentSize, maxInline, shardChunk}[random.IntN(4)]
	return min(s.most, boundary*logUniform(float64(s.most/boundary))+random.IntN(601)-300)
}

// bodyOfTurn is the body that a turn puts.
func (s *soak) bodyOfTurn(turn uint64, size int) []byte {
	at := turn * 0x9e3779b97f4a7c15 >> 20 % uint64(len(s.pattern)-s.most)
	return s.pattern[at:][:size]
}

// soakMeta is what an entry says of itself.
type soakMeta struct{ Turn, Size, Updated, Key uint64 }

func (m soakMeta) encode() []byte {
	b, _ := binary.Append(nil, binary.LittleEndian, m)
	return b
}

// soaker is one of the goroutines.
type soaker struct {
	*soak
	random *rand.Rand
	entry  *Entry
	body   *Body
}

func (w *soaker) step() {
	host, page := w.random.IntN(soakHosts), w.random.IntN(soakPages)
	k := keyOf(w.store, "h"+strconv.Itoa(host), "/p"+strconv.Itoa(page))
	switch n := w.random.IntN(1000); {
	case n < 480:
		w.get(k, host, page)
	case n < 960:
		w.put(k, host, page)
	case n < 980:
		w.update(k, host, page)
	case n < 990:
		w.store.Delete(k)
	default:
		w.purge(k, host, page)
	}
}

// variant leads to the key of a page's variant, for every eighth page. A missing
// record is put first when a body is to follow.
func (w *soaker) variant(k Key, page int, make bool) Key {
	if page%8 != 0 {
		return k
	}
	var record uint64
	if w.store.Get(w.entry, k) == Hit && w.entry.Kind == Variant {
		record = w.entry.ID
	} else if make {
		record, _ = w.store.PutVariant(k, fillOf(w.store, ""))
	}
	return w.store.Variant(nil, k, record, []byte("gzip"))
}

func (w *soaker) put(k Key, host, page int) {
	w.puts.Add(1)
	f := fillOf(w.store, "")
	k = w.variant(k, page, true)
	turn, size := w.turn.Add(1), w.size(w.random)
	f.Meta = soakMeta{Turn: turn, Size: uint64(size), Key: k.Hash()}.encode()
	f.Tags = [][]byte{fmt.Append(nil, "tag", page%soakTags)}
	body := w.bodyOfTurn(turn, size)
	if w.random.IntN(2) == 0 {
		if w.store.Put(k, f, body) == Stored {
			w.stored.Add(1)
			w.bytes.Add(int64(size))
		}
		return
	}
	sw := AcquireWriter()
	defer ReleaseWriter(sw)
	if w.random.IntN(2) == 0 {
		f.Size = int64(size)
	}
	if w.store.Begin(sw, k, f) != Stored {
		return
	}
	stop := -1
	if w.random.IntN(10) == 0 {
		stop = w.random.IntN(size + 1)
	}
	for rest := body; len(rest) > 0; {
		n := min(len(rest), 1+w.random.IntN(40_000))
		sw.Write(rest[:n])
		rest = rest[n:]
		if stop >= 0 && len(rest) <= stop {
			return // the origin broke off
		}
	}
	if sw.Commit() == Stored {
		w.stored.Add(1)
		w.bytes.Add(int64(size))
	}
}

// marks returns the turns up to which a page was purged, hard and soft.
func (s *soak) marks(host, page int) (hard, soft uint64) {
	hard = max(s.all.Load(), s.host[host].Load(), s.url[host][page].Load(), s.tag[page%soakTags].Load())
	return hard, max(s.allSoft.Load(), s.hostSoft[host].Load())
}

// get looks a page up and checks all of what is found.
func (w *soaker) get(k Key, host, page int) (Key, bool) {
	w.gets.Add(1)
	hard, soft := w.marks(host, page)
	k = w.variant(k, page, false)
	if w.store.Get(w.entry, k) != Hit {
		return k, false
	}
	w.hits.Add(1)
	e := w.entry
	var m soakMeta
	if _, err := binary.Decode(e.Meta, binary.LittleEndian, &m); err != nil || m.Key != k.Hash() || int64(m.Size) != e.BodySize {
		w.Errorf("%s: got meta %+v (%v) for %d bytes", k.Path(), m, err, e.BodySize)
		return k, false
	}
	if m.Turn <= hard || max(m.Turn, m.Updated) <= soft && !e.Soft {
		w.Errorf("%s: turn %d, updated %d, soft %v, was purged by turn %d, softly by %d", k.Path(), m.Turn, m.Updated, e.Soft, hard, soft)
	}
	if want := w.bodyOfTurn(m.Turn, int(m.Size)); w.random.IntN(2) == 0 {
		from := w.random.IntN(len(want) + 1)
		to := from + w.random.IntN(len(want)-from+1)
		w.compare(k, want[from:to], from, to)
	} else {
		w.compare(k, want, 0, len(want))
	}
	return k, true
}

// compare reads a range of the entry that was found.
func (w *soaker) compare(k Key, want []byte, from, to int) {
	if w.body.Open(w.store, w.entry, k, int64(from), int64(to)) != nil {
		return // a segment has vanished, and it says so
	}
	for {
		part, err := w.body.Next()
		if err != nil {
			if len(want) != 0 && !errors.Is(err, ErrVanished) {
				w.Errorf("%s: %d bytes are missing of [%d, %d): %v", k.Path(), len(want), from, to, err)
			}
			return
		}
		if len(part) > len(want) || !bytes.Equal(part, want[:len(part)]) {
			w.Errorf("%s: wrong bytes before the last %d of [%d, %d) of %d", k.Path(), len(want), from, to, w.entry.BodySize)
			return
		}
		want = want[len(part):]
		w.bytes.Add(int64(len(part)))
	}
}

// update is a 304 for what was found.
func (w *soaker) update(k Key, host, page int) {
	k, found := w.get(k, host, page)
	if !found {
		return
	}
	f := fillOf(w.store, "")
	var m soakMeta
	binary.Decode(w.entry.Meta, binary.LittleEndian, &m)
	m.Updated = w.turn.Add(1)
	f.Meta, f.Tags = m.encode(), [][]byte{fmt.Append(nil, "tag", page%soakTags)}
	if w.store.Update(w.entry, k, f) == Stored {
		w.updates.Add(1)
	}
}

// purge purges around a page. Fills that began before are below the mark.
func (w *soaker) purge(k Key, host, page int) {
	w.purges.Add(1)
	before, name, s := w.turn.Load(), fmt.Append(nil, "h", host), w.store
	switch w.random.IntN(50) {
	case 0:
		s.PurgeAll(false)
		storeMax(&w.all, before)
	case 1:
		s.PurgeAll(true)
		storeMax(&w.allSoft, before)
	case 2, 3:
		s.PurgeTag(fmt.Append(nil, "tag", page%soakTags), false)
		storeMax(&w.tag[page%soakTags], before)
	case 4, 5:
		s.PurgeHost(name, false)
		storeMax(&w.host[host], before)
	case 6, 7:
		s.PurgePrefix(name, []byte("/"), true)
		storeMax(&w.hostSoft[host], before)
	case 8, 9:
		s.PurgePrefix(name, []byte("/p"), false)
		storeMax(&w.host[host], before)
	default:
		s.PurgeURL(k, false)
		storeMax(&w.url[host][page], before)
	}
}

func storeMax(a *atomic.Uint64, n uint64) {
	for old := a.Load(); old < n && !a.CompareAndSwap(old, n); old = a.Load() {
	}
}
