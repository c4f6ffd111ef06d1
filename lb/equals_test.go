//go:build !race

// One goroutine makes 22 million reports here, for which the race detector needs two minutes.

package lb

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestEqualsAreNotEjected has three equal backends that fail 1 % of their requests: in 1,000
// hours chance makes none of them look like an outlier. At few requests chance is largest.
func TestEqualsAreNotEjected(t *testing.T) {
	for _, tc := range []struct {
		rate, hours int // rate: of one backend, in a second
		silent      time.Duration
	}{{2, 1000, 0}, {5, 50, 0}, {30, 5, 0}, {2, 20, 2 * time.Second}} {
		random := rand.New(rand.NewPCG(uint64(tc.rate), 3))
		rule := standard(random)
		rule.Silent = tc.silent // looking for silence takes most of the time
		_, list := backends(3, rule)
		now, gap := t0, time.Second/time.Duration(tc.rate)
		for range tc.hours * 3600 * tc.rate {
			now = now.Add(gap)
			for _, b := range list {
				o := Success
				if random.Uint64N(100) == 0 {
					o = ServerError
				}
				b.Report(o, 10*time.Millisecond, now)
			}
		}
		for _, b := range list {
			if by, refused := b.Ejections(); by != [GroundCount]uint64{} || refused != 0 {
				t.Errorf("%d/s: %s was ejected %v times in %d hours, the latest: %+v", tc.rate, b.Address(), by, tc.hours, b.Standing().Verdict)
			}
		}
	}
}
