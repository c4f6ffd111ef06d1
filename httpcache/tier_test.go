package httpcache

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/cache"
	"penstock/exchange"
	"penstock/ops"
)

// mapTier is a tier in memory.
type mapTier struct {
	mu      sync.Mutex
	records map[[16]byte][]byte
	log     []SharedPurge
	gets    int
	fails   bool
}

func newMapTier() *mapTier { return &mapTier{records: map[[16]byte][]byte{}} }

func (m *mapTier) Get(_ time.Time, key [16]byte, dst []byte) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gets++
	record, found := m.records[key]
	return append(dst, record...), found && !m.fails
}

func (m *mapTier) Put(key [16]byte, record []byte, _ time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records[key] = append([]byte(nil), record...); len(record) == 0 {
		delete(m.records, key)
	}
}

func (m *mapTier) Purge(p SharedPurge) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p.Position = uint64(len(m.log) + 1)
	m.log = append(m.log, p)
}

func (m *mapTier) Purged(since uint64) ([]SharedPurge, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails {
		return nil, errors.New("the log cannot be read")
	}
	return append([]SharedPurge(nil), m.log[since:]...), nil
}

// instances makes n scenes that share a tier and a clock.
func instances(t *testing.T, n int, respond string) (*mapTier, []*scene) {
	tier := newMapTier()
	var all []*scene
	for range n {
		s := newScene(t, respond)
		codec, err := cache.NewCodec([]byte("0123456789abcdef"))
		if err != nil {
			t.Fatal(err)
		}
		s.engine = New(Options{Store: s.engine.store, Clock: s.clock, Shared: &Shared{Tier: tier, Codec: codec}})
		all = append(all, s)
	}
	return tier, all
}

// A response that one instance has stored is served by another without the origin: complete,
// in part, by condition, and with its age.
func TestARecordServesAnotherInstance(t *testing.T) {
	_, all := instances(t, 2, rawResponse(200, "0123456789", fresh, `ETag: "a"`))
	one, two := all[0], all[1]
	one.get()
	two.wait(10 * time.Second)
	two.wants(two.get("Range: bytes=2-3"), Serve, 206, "23", "hit; ttl=50")
	two.wants(two.get(`If-None-Match: "a"`), Serve, 304, "", "hit; ttl=50")
	two.wants(two.request("HEAD /a").do(), Serve, 200, "", "hit; ttl=50")
	two.wants(two.get(), Serve, 200, "0123456789", "hit; ttl=50")
	if two.requests() != 0 {
		t.Errorf("the origin of the second was asked %d times", two.requests())
	}
}

// A body that came as a stream, and one that lies in segments, is shared too.
func TestAStreamIsShared(t *testing.T) {
	long := strings.Repeat("0123456789", 5000)
	_, all := instances(t, 2, rawResponse(200, long, fresh))
	r := all[0].request("GET /a")
	r.stream = true
	r.do()
	all[0].engine.fetches.Wait()
	all[1].wants(all[1].get(), Serve, 200, long, "hit")
	_, all = instances(t, 2, rawResponse(200, strings.Repeat(long, 4), fresh))
	all[0].get()
	all[1].get()
	if all[1].requests() != 1 {
		t.Error("a body above the limit is shared")
	}
}

// Variants are shared with their record, whichever instance has met them.
func TestVariantsAreShared(t *testing.T) {
	_, all := instances(t, 3, "")
	for _, s := range all {
		s.answers(func(q *asked) (string, *exchange.Fault) {
			_, lang, _ := strings.Cut(q.fields, "X-L: ")
			return rawResponse(200, lang[:2], fresh, "Vary: X-L"), nil
		})
	}
	all[0].get("X-L: de")
	all[1].get("X-L: fr")
	for i, s := range all {
		before := s.requests()
		for _, lang := range []string{"de", "fr"} {
			s.wants(s.get("X-L: "+lang), Serve, 200, lang, "hit")
		}
		if s.requests() != before {
			t.Errorf("the origin of instance %d was asked %d times more", i, s.requests()-before)
		}
	}
}

// A response that one instance revalidates, replaces or deletes changes for all instances.
func TestUpdatesAreShared(t *testing.T) {
	tier, all := instances(t, 3, rawResponse(200, "old", fresh, `ETag: "a"`))
	all[0].get()
	for _, s := range all {
		s.wait(61 * time.Second)
	}
	all[1].says(notModified(61, fresh))
	all[1].wants(all[1].get(), Serve, 200, "old", "fwd-status=304")
	all[2].wants(all[2].get(), Serve, 200, "old", "hit; ttl=60")
	all[1].wait(61 * time.Second)
	all[1].says(notModified(122, "Cache-Control: private"))
	all[1].get()
	if len(tier.records) != 0 {
		t.Errorf("%d records are left of a response that may not be kept", len(tier.records))
	}
}

// A purge, and a change by an unsafe method, reaches the tier and the stores of the other
// instances. Responses that are fetched after it are used.
func TestPurgesAreShared(t *testing.T) {
	for _, tc := range []struct {
		name  string
		purge func(s *scene)
	}{
		{"url", func(s *scene) {
			s.purge(&Purge{Scope: ops.CacheScopeURL, URL: cache.URL{Host: []byte("a.example"), Path: []byte("/a")}, Rules: []*Rule{s.rule}})
		}},
		{"prefix", func(s *scene) {
			s.purge(&Purge{Scope: ops.CacheScopePrefix, URL: cache.URL{Host: []byte("a.example"), Path: []byte("/")}})
		}},
		{"host", func(s *scene) {
			s.purge(&Purge{Scope: ops.CacheScopeHost, URL: cache.URL{Host: []byte("A.example")}})
		}},
		{"tag", func(s *scene) { s.purge(&Purge{Scope: ops.CacheScopeTag, Tag: []byte("t")}) }},
		{"all", func(s *scene) { s.purge(&Purge{Scope: ops.CacheScopeAll}) }},
		{"change", func(s *scene) {
			s.says(rawResponse(204, ""))
			s.request("DELETE /a").do()
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, all := instances(t, 3, rawResponse(200, "old", fresh, "X-Tags: s t"))
			for _, s := range all {
				s.rule.Tags = []byte("x-tags")
			}
			one, two, three := all[0], all[1], all[2]
			one.get()
			two.wants(two.get(), Serve, 200, "old", "hit")
			tc.purge(two)
			for _, s := range all {
				s.says(rawResponse(200, "new", fresh, "X-Tags: t"))
			}
			two.request("GET /other").do() // it learns of its own purge
			two.wants(two.get(), Relay, 200, "new", "stored")
			three.wants(three.get(), Serve, 200, "new", "hit")
			one.request("GET /else").do()
			if got := one.get(); got.body != "new" {
				t.Errorf("the first instance serves %q", got.body)
			}
		})
	}
}

// purge is a purge that must work.
func (s *scene) purge(p *Purge) {
	s.t.Helper()
	if err := s.engine.Purge(p); err != nil {
		s.t.Fatal(err)
	}
}

// A tier that fails, whose log cannot be read, or whose records were not sealed with the secret,
// is as good as none.
func TestABadTierIsAMiss(t *testing.T) {
	for name, spoil := range map[string]func(m *mapTier){
		"it fails": func(m *mapTier) { m.fails = true },
		"records are forged": func(m *mapTier) {
			for key := range m.records {
				m.records[key][len(m.records[key])-1] ^= 1
			}
		},
		"records are mixed up": func(m *mapTier) {
			for key := range m.records {
				m.records[key] = m.records[[16]byte{}]
			}
		},
		"it is empty": func(m *mapTier) { clear(m.records) },
	} {
		tier, all := instances(t, 2, rawResponse(200, "x", fresh))
		all[0].get()
		spoil(tier)
		if got := all[1].get(); got.outcome != Relay || got.body != "x" {
			t.Errorf("%s: got %v %q, want the origin's response", name, got.outcome, got.body)
		}
	}
}

// One look into the tier serves all who miss at once; a hit of the store needs none.
func TestTheTierIsAskedOnceAKey(t *testing.T) {
	tier, all := instances(t, 2, rawResponse(200, "x", fresh))
	all[0].get()
	tier.gets = 0
	for range 5 {
		all[1].get()
	}
	if tier.gets != 1 {
		t.Errorf("the tier was asked %d times, want once", tier.gets)
	}
}

// A purge log translates positions to the store's clock, and errs towards purged.
func TestPurgeLogTranslates(t *testing.T) {
	tier := newMapTier()
	store, err := cache.New(cache.Options{Bytes: 32 << 20})
	if err != nil {
		t.Fatal(err)
	}
	l := newPurgeLog(tier, store)
	wants := func(what string, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	tier.Purge(SharedPurge{From: 1, Scope: ops.CacheScopeAll}) // of another
	clock := store.Clock()
	_ = store.PurgeAll(false)
	l.tell(SharedPurge{Scope: ops.CacheScopeAll}, clock) // our own
	wants("read", l.catchUp(), true)
	wants("applied", store.Clock(), 2)
	wants("position of what was asked for before all", l.positionAt(0), 0)
	wants("position of what was asked for after all", l.positionAt(2), 2)
	for position, want := range map[uint64]uint64{0: 0, 1: 0, 2: 2} {
		got, known := l.clockAt(position)
		wants(fmt.Sprint("clock at ", position), fmt.Sprint(got, known), fmt.Sprint(want, true))
	}
	for range maxPurgeEvents {
		tier.Purge(SharedPurge{From: 1, Scope: ops.CacheScopeTag, Tag: []byte("x")})
	}
	l.catchUp()
	_, known := l.clockAt(1)
	wants("a position that was forgotten", known, false)
}
