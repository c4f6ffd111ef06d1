package caching_test

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/cache"
	"penstock/conformance/caching"
	"penstock/gateway"
	"penstock/gateway/gatewaytest"
	"penstock/httpcache"
)

// mapTier is a tier in memory.
type mapTier struct {
	mu      sync.Mutex
	records map[[16]byte][]byte
	log     []httpcache.SharedPurge
}

func (m *mapTier) Get(_ time.Time, key [16]byte, dst []byte) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	record, found := m.records[key]
	return append(dst, record...), found
}

func (m *mapTier) Put(key [16]byte, record []byte, _ time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records[key] = append([]byte(nil), record...); len(record) == 0 {
		delete(m.records, key)
	}
}

func (m *mapTier) Purge(p httpcache.SharedPurge) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p.Position = uint64(len(m.log) + 1)
	m.log = append(m.log, p)
}

func (m *mapTier) Purged(since uint64) ([]httpcache.SharedPurge, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]httpcache.SharedPurge(nil), m.log[since:]...), nil
}

// TestCasesInATierThatIsShared plays every case on many gateways that share a tier: each request
// of a case goes to one that has not met its URL, and so has nothing in its own store.
func TestCasesInATierThatIsShared(t *testing.T) {
	const gateways = 12
	clock := caching.NewClock(begin())
	origin, err := caching.NewOrigin(clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	settings, err := os.ReadFile("testdata/gateway.yaml")
	if err != nil {
		t.Fatal(err)
	}
	codec, err := cache.NewCodec([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	shared := &httpcache.Shared{Tier: &mapTier{records: map[[16]byte][]byte{}}, Codec: codec}
	var all []*gatewaytest.Gateway
	for range gateways {
		all = append(all, gatewaytest.StartWith(t, gateway.Options{
			Config: gatewaytest.Parse(t, strings.ReplaceAll(string(settings), "ORIGIN", origin.Address)),
			Clock:  clock.Now, Shared: shared,
		}))
	}
	turn := 0
	r := &caching.Runner{
		Origin: origin, Clock: clock, Patience: gatewaytest.Wait,
		Next: func() string {
			turn++
			for _, g := range all { // what came as a stream is shared a moment after its last byte
				gatewaytest.Eventually(t, "the end of background fetches", func() bool { return g.CacheStatus().Background == 0 })
			}
			return all[turn%gateways].Address
		},
		Purge: func(words []string) error { return purge(all[turn%gateways], words) },
	}
	for _, table := range tables(t) {
		for _, c := range table.Cases {
			if strings.Contains(c.Name, "1000000 bytes") {
				continue // too large for the tier
			}
			t.Run(table.Family+"/"+c.Name, func(t *testing.T) {
				if err := r.Play(c); err != nil {
					t.Errorf("%s (%s): %v", c.Clause, c.Kind, err)
				}
			})
		}
	}
}
