package lb

import (
	"math"
	"time"
)

const (
	slowBeyond = 50 * time.Millisecond // that a backend is slower than the others, at least
	timesEvery = time.Second           // between two looks at how long responses take
)

// tooSlow reports whether own takes so many times as long as others: by the median, by at
// least 50 ms, and by more than chance explains, which a z-test of the logarithms decides.
func tooSlow(own, others *spread, times float64) bool {
	if own.n == 0 || others.n == 0 {
		return false
	}
	mine, theirs := own.quantile(0.5), others.quantile(0.5)
	if float64(mine) < times*float64(theirs) || mine < theirs+slowBeyond {
		return false
	}
	m1, v1 := own.moments()
	m2, v2 := others.moments()
	return m1-m2 >= significant*math.Sqrt(v1/float64(own.n)+v2/float64(others.n))
}

// lookAtTimes finds out how long slow responses of the group take, and ejects members that
// are much slower than the others. Of look only.
func (g *Group) lookAtTimes(l *ledger, now time.Time) {
	period := g.period(now.UnixNano())
	var all spread
	for _, b := range g.backends {
		b.spread(&all, period)
	}
	known := l.slowest.Load() // forgotten slowly, as many responses may be fast for a while
	l.slowest.Store(max(int64(all.quantile(0.99)), known-known/50))
	if g.eject.Slow <= 0 {
		return
	}
	for _, b := range g.backends {
		var own spread
		if b.spread(&own, period); own.n < g.eject.Min {
			continue
		}
		others := all
		others.without(&own)
		if tooSlow(&own, &others, g.eject.Slow) {
			g.tryEject(b, Verdict{Ground: BySlowness, Took: own.quantile(0.5), OthersTook: others.quantile(0.5)}, now)
		}
	}
}

// spread adds how long the responses of b took.
func (b *Backend) spread(s *spread, period int64) {
	if d := b.durations.Load(); d != nil {
		s.add(d, period)
	}
}
