package ratelimit

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// alone is a group of one limit.
type alone struct{ *Group }

func newAlone(rate Rate, keys int) (alone, *Keyed) {
	k := NewKeyed(rate, keys)
	return alone{NewGroup(k)}, k
}

func (a alone) take(key uint64, now int64) (bool, time.Duration) {
	var waits Waits
	allowed := a.Take(&[MaxGroup]uint64{key}, now, &waits)
	return allowed, waits[0]
}

// TestAdmittedAtTenTimesTheRate is the bar: over 10 s at ten times the rate, rate x 10 + burst
// events are admitted, within 1 %.
func TestAdmittedAtTenTimesTheRate(t *testing.T) {
	for _, tc := range []struct {
		events float64
		period time.Duration
		burst  int
		even   bool // events come evenly; without a burst, those that come at random times miss some of the rate
	}{
		{100, time.Second, 200, false}, {100, time.Second, 1, true}, {7, time.Second, 70, false}, {6000, time.Minute, 50, false},
		{360_000, time.Hour, 1000, false}, {33_333, time.Second, 1000, false}, {33_333, time.Second, 1000, true},
	} {
		a, _ := newAlone(NewRate(tc.events, tc.period, tc.burst), 64)
		perSecond := tc.events / tc.period.Seconds()
		random := rand.New(rand.NewPCG(1, 2))
		admitted, waited := 0, int64(0)
		gap := float64(second) / perSecond / 10
		for at := 0.0; at < float64(10*second); at += gap {
			now := noon + int64(at)
			if !tc.even {
				now += int64(gap * random.Float64())
			}
			allowed, wait := a.take(1, now)
			if allowed {
				admitted++
				if now < waited {
					t.Errorf("%v per %v: allowed %v before the time that a refusal said", tc.events, tc.period, time.Duration(waited-now))
				}
				continue
			}
			waited = now + int64(wait)
		}
		want := perSecond*10 + float64(tc.burst)
		if diff := math.Abs(float64(admitted) - want); diff > max(want/100, 1) {
			t.Errorf("%v per %v, burst %d: got %d admitted, want %v within 1 %%", tc.events, tc.period, tc.burst, admitted, want)
		}
	}
}

// bucket is a client that never sends more than a token bucket of the same rate would allow.
type bucket struct {
	tokens float64
	last   int64
}

func (b *bucket) conforms(now int64, perSecond float64, burst int) bool {
	b.tokens = min(b.tokens+float64(now-b.last)/float64(second)*perSecond, float64(burst))
	b.last = now
	if b.tokens < 1+1e-6 {
		return false
	}
	b.tokens--
	return true
}

// TestClientUnderItsRateIsNeverRefused plays many clients that keep to their rate, in bursts and
// steadily, among attackers who use far more keys than the table has room for.
func TestClientUnderItsRateIsNeverRefused(t *testing.T) {
	const perSecond, burst, clients = 20, 10, 40
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 7))
		a, k := newAlone(NewRate(perSecond, time.Second, burst), 64)
		honest := make([]bucket, clients)
		for i := range honest {
			honest[i] = bucket{tokens: burst, last: noon}
		}
		sent, refused := 0, 0
		now := noon
		for range 200_000 {
			now += random.Int64N(2 * second / 1000)
			if random.IntN(2) == 0 {
				a.take(random.Uint64(), now) // a key that nobody has used
				continue
			}
			i := random.IntN(clients)
			if !honest[i].conforms(now, perSecond, burst) {
				continue
			}
			sent++
			if allowed, _ := a.take(rand.New(rand.NewPCG(uint64(i), 99)).Uint64(), now); !allowed {
				refused++
			}
		}
		if refused > 0 {
			t.Errorf("seed %d: %d of %d events of clients under their rate were refused", seed, refused, sent)
		}
		if sent < 50_000 || k.Forgotten() < 1000 {
			t.Errorf("seed %d: only %d events were sent and %d keys forgotten: the test shows nothing", seed, sent, k.Forgotten())
		}
	}
}

// TestKeysThatAreCompleteTakeNoRoom holds that a table has room for as many keys at once as it
// says, and that nothing is forgotten while there is room.
func TestKeysThatAreCompleteTakeNoRoom(t *testing.T) {
	a, k := newAlone(NewRate(1, time.Second, 1), 8) // one set
	for round := range int64(100) {
		now := noon + round*second
		for key := range uint64(ways) {
			if allowed, _ := a.take(uint64(round)*ways+key, now); !allowed {
				t.Fatalf("round %d, key %d: refused", round, key)
			}
		}
		if got := k.Keys(now); got != ways {
			t.Fatalf("round %d: %d keys, want %d", round, got, ways)
		}
	}
	if k.Forgotten() != 0 {
		t.Errorf("%d keys were forgotten while others were complete", k.Forgotten())
	}
	if got := k.Keys(noon + 200*second); got != 0 {
		t.Errorf("%d keys after all came back, want 0", got)
	}
	now := noon + 99*second
	a.take(1<<40, now)
	if k.Forgotten() != 1 || k.Keys(now) != ways {
		t.Errorf("a key too many: %d forgotten, %d keys; want 1 and %d", k.Forgotten(), k.Keys(now), ways)
	}
}

// TestForgettingTakesWhoComesBackFirst holds that a client that is refused keeps its place: it
// cannot have itself forgotten by other keys while there is one that used less.
func TestForgettingTakesWhoComesBackFirst(t *testing.T) {
	a, _ := newAlone(NewRate(10, time.Second, 10), 8)
	for range 10 {
		a.take(1, noon)
	}
	for key := range uint64(1000) {
		a.take(100+key, noon)
	}
	if allowed, wait := a.take(1, noon); allowed || wait != 100*time.Millisecond {
		t.Errorf("got %v, %v; want a refusal of 100ms", allowed, wait)
	}
}

func TestNothingIsChargedWhenOneLimitRefuses(t *testing.T) {
	wide, narrow, other := NewKeyed(NewRate(100, time.Second, 100), 64), NewKeyed(NewRate(1, time.Second, 2), 64), NewKeyed(NewRate(1, time.Minute, 50), 64)
	g := NewGroup(wide, narrow, other)
	keys := [MaxGroup]uint64{5, 6, 7}
	refused := 0
	for range 40 {
		var waits Waits
		if g.Take(&keys, noon, &waits) {
			continue
		}
		refused++
		if waits[0] != 0 || waits[1] != time.Second || waits[2] != 0 || waits.Longest() != time.Second {
			t.Fatalf("got %v, want a second for the second limit alone", waits)
		}
	}
	if refused != 38 {
		t.Errorf("got %d refused, want 38", refused)
	}
	for i, want := range map[int]int64{0: 98, 1: 0, 2: 48} {
		if got := []*Keyed{wide, narrow, other}[i].State(keys[i], noon).Remaining; got != want {
			t.Errorf("limit %d: %d left, want %d", i, got, want)
		}
	}
}

// TestGroupsInAnyOrderDoNotWaitForEachOther would hang if two groups locked in different orders.
func TestGroupsInAnyOrderDoNotWaitForEachOther(t *testing.T) {
	rate := NewRate(1000, time.Second, 500)
	a, b, c := NewKeyed(rate, 8), NewKeyed(rate, 8), NewKeyed(rate, 8)
	var admitted atomic.Int64
	var wg sync.WaitGroup
	for _, g := range []*Group{NewGroup(a, b, c), NewGroup(c, a, b), NewGroup(b, c, a), NewGroup(c, b, a)} {
		wg.Go(func() {
			for range 2000 {
				var waits Waits
				if g.Take(&[MaxGroup]uint64{1, 1, 1}, noon, &waits) {
					admitted.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if got := admitted.Load(); got != 500 {
		t.Errorf("got %d admitted, want the burst of 500", got)
	}
}

func BenchmarkGroupTake(b *testing.B) {
	g := NewGroup(NewKeyed(NewRate(1e6, time.Second, 1000), 65_536))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		random := rand.New(rand.NewPCG(1, rand.Uint64()))
		var keys [MaxGroup]uint64
		for now := noon; pb.Next(); now += 1000 {
			keys[0] = random.Uint64()
			var waits Waits
			g.Take(&keys, now, &waits)
		}
	})
}
