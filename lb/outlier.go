package lb

import (
	"math"
	"time"
)

const (
	// significant is how many standard deviations are no chance. For a single look 3.3 would
	// do, which chance exceeds once in 2,000. Each window is looked at up to 100 times.
	significant = 5

	lookEvery = 100 * time.Millisecond // between two looks for the same thing
	lookEach  = time.Millisecond       // or so long for each member of a large group
)

// standsOut reports whether own fails more often than others: by at least this share of
// its attempts, and by more than chance explains. The second is a two-proportion z-test
// with a correction for small counts. Comparing one backend with all others together
// works from two backends on, and weighs each by its attempts; if all fail alike, none is
// an outlier.
func standsOut(own, others tally, share float64) bool {
	if own.of == 0 || others.of == 0 {
		return false
	}
	n, m := float64(own.of), float64(others.of)
	apart := float64(own.failed)/n - float64(others.failed)/m
	if apart < share {
		return false
	}
	all := float64(own.failed+others.failed) / (n + m)
	deviation := math.Sqrt(all * (1 - all) * (1/n + 1/m))
	return apart-(1/n+1/m)/2 >= significant*deviation
}

// lookAtErrors ejects b when it fails more often than the others. It is called on every
// failure and looks at most every 100 ms.
func (g *Group) lookAtErrors(b *Backend, o Outcome, now time.Time) {
	if g.eject.Errors <= 0 || !due(&b.nextErrors, now, g.lookGap()) {
		return
	}
	period := g.period(now.UnixNano())
	own := b.window.sum(period)
	if own.of < g.eject.Min || float64(own.failed) < g.eject.Errors*float64(own.of) {
		return
	}
	others := tally{}
	for _, m := range g.backends {
		if m == b {
			continue
		}
		t := m.window.sum(period)
		others.failed += t.failed
		others.of += t.of
	}
	if !standsOut(own, others, g.eject.Errors) {
		return
	}
	g.tryEject(b, Verdict{
		Ground: ByErrors, Cause: o,
		Failed: own.failed, Of: own.of, OthersFailed: others.failed, OthersOf: others.of,
	}, now)
}

// lookGap returns how long the group waits between two looks for the same thing, so that
// a look at all members of a large group costs little.
func (g *Group) lookGap() time.Duration {
	return max(lookEvery, time.Duration(len(g.backends))*lookEach)
}

// period returns the period of the windows that this time (unix ns) belongs to.
func (g *Group) period(now int64) int64 { return int64(float64(now) * g.perNano) }
