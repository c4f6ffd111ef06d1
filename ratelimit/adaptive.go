package ratelimit

import (
	"math"
	"sync/atomic"
	"time"

	"penstock/window"
)

// Mode says what a Limiter does. The zero value is Auto.
type Mode uint8

// The modes.
const (
	Auto  Mode = iota // finds the limit and enforces it
	Watch             // finds the limit and admits everything; the base follows lower medians and never rises
	Fixed             // enforces LimiterOptions.Max and measures nothing
	Off               // admits everything, and neither counts nor measures
)

var modeNames = [...]string{Auto: "auto", Watch: "watch", Fixed: "fixed", Off: "off"}

// String returns the name of the mode. It panics for a value that is none of the modes.
func (m Mode) String() string { return modeNames[m] }

const (
	lookEvery   = int64(200 * time.Millisecond) // shortest window between two decisions
	lookSamples = 20                            // fewest samples that decide
	longest     = 10 * time.Second              // longer attempts are no samples
	rebaseAfter = float64(15 * time.Second)     // pause between two measurements of the base
	rebaseAbove = 1.8                           // medians above so many bases cause one
	usedShare   = 0.8                           // the limit counts as used from this share on
	leastFactor = 0.7                           // one decision takes no more away than to this share
	littleShare = 0.9                           // a decrease ends at this share of rate x base
	unlimited   = math.MaxInt32
	lasting     = 5   // windows in a row that show a higher base
	sameBase    = 0.9 // a measured base below this share of the last one was not free of a queue

	defaultMin      = 4
	defaultMax      = 512
	defaultHeadroom = 0.5
)

// LimiterOptions configures a Limiter. The zero value is usable; negative numbers mean the same
// as zero.
type LimiterOptions struct {
	Mode     Mode
	Min      int     // lowest limit, Max when it is above that; zero means 4
	Max      int     // highest limit, and the limit of Fixed; zero means 512
	Headroom float64 // by how much the median may exceed the base; zero means 0.5, which is 50 %
	Seed     uint64  // decides when bases are measured, so that limiters do not do it together
}

// Limiter finds how many attempts at a backend may wait for a response head at the same time.
// It keeps the median time to the first byte near the base, which is the median without a
// queue in the backend: above 1 + LimiterOptions.Headroom bases the limit falls, below that it
// grows while it is used. The base falls toward lower medians. When the median stays far above
// it although the limit is used, the limiter lowers the limit for one window and takes the
// median of that window as the new base. A new limiter begins with the highest limit until the
// base is known; when that limit is used from the beginning, it measures the base.
//
// A Limiter is made by NewLimiter. It is safe for concurrent use and does not allocate.
type Limiter struct {
	o LimiterOptions

	allowed  [priorities]atomic.Int32 // the limit by priority
	_        [64]byte                 // the counters below, which each attempt writes, have their own cache line
	inFlight atomic.Int32
	peak     atomic.Int32 // highest inFlight of the window
	samples  atomic.Int32 // of the window
	refused  atomic.Bool  // in the window an attempt was refused
	_        [64]byte
	began    atomic.Int64 // start of the window; 0 before the first attempt has ended
	since    atomic.Int64 // attempts that began earlier are no samples
	times    window.Histogram

	deciding atomic.Bool // held by the goroutine that writes what follows
	limit    atomic.Uint64
	base     atomic.Int64 // nanoseconds; 0 is unknown
	median   atomic.Int64 // nanoseconds, of the last window
	reader   window.Reader
	rebase   int64   // when the base may be measured again
	measures bool    // this window measures the base
	before   float64 // the limit to go back to after it
	full     float64 // what was in flight before it, for each second of the base
	calm     int     // windows in a row without a queue, before the base is trusted
	high     int     // windows in a row whose median was far above the base
	random   uint64
}

// NewLimiter makes a limiter whose limit is LimiterOptions.Max. It never fails.
func NewLimiter(o LimiterOptions) *Limiter {
	if o.Min <= 0 {
		o.Min = defaultMin
	}
	if o.Max <= 0 {
		o.Max = defaultMax
	}
	if o.Headroom <= 0 {
		o.Headroom = defaultHeadroom
	}
	o.Min = min(o.Min, o.Max)
	l := &Limiter{o: o, random: o.Seed}
	l.setLimit(float64(o.Max))
	return l
}

// TryBegin reports whether an attempt may begin, and counts it if so; it never waits. It is
// false when as many attempts are in flight as the share of p allows, which is never below one;
// in the modes Watch and Off it is always true. Each attempt that began needs one End. It panics
// when p is none of the classes.
func (l *Limiter) TryBegin(p Priority) bool {
	if l.o.Mode == Off {
		return true
	}
	for {
		n := l.inFlight.Load()
		if n >= l.allowed[p].Load() {
			if !l.refused.Load() {
				l.refused.Store(true)
			}
			return false
		}
		if l.inFlight.CompareAndSwap(n, n+1) {
			l.raisePeak(n + 1)
			return true
		}
	}
}

func (l *Limiter) raisePeak(n int32) {
	for {
		old := l.peak.Load()
		if n <= old || l.peak.CompareAndSwap(old, n) {
			return
		}
	}
}

// End counts the end of an attempt: the response head has arrived, or there will be none.
// Times are unix nanoseconds; began is that of TryBegin. Attempts of more than 10 s are no
// samples. sample is false when the time does not show how busy the backend is: after faults,
// upgrades, event streams, hedges and canceled attempts.
func (l *Limiter) End(began, now int64, sample bool) {
	if l.o.Mode == Off {
		return
	}
	l.inFlight.Add(-1)
	if l.o.Mode == Fixed {
		return
	}
	took := time.Duration(now - began)
	if !sample || took > longest || began < l.since.Load() {
		return
	}
	l.times.Add(took)
	n := l.samples.Add(1)
	start := l.began.Load()
	if start == 0 {
		l.began.CompareAndSwap(0, began)
		return
	}
	if n >= lookSamples && now-start >= lookEvery && l.deciding.CompareAndSwap(false, true) {
		if l.began.Load() == start { // no other goroutine has decided in between
			l.decide(now, start)
		}
		l.deciding.Store(false)
	}
}

// decide ends the window that began at start. l.deciding is held.
func (l *Limiter) decide(now, start int64) {
	var c window.Counts
	l.reader.Read(&l.times, &c)
	limit := l.Limit()
	used := l.refused.Load() || float64(l.peak.Load()) >= usedShare*limit
	l.samples.Store(0)
	l.refused.Store(false)
	l.peak.Store(l.inFlight.Load())
	l.began.Store(now)

	m := c.Median()
	l.median.Store(int64(m))
	rate := float64(c.Total()) / (float64(now-start) / float64(time.Second))
	// Little's law is about means: so many are in flight without a queue for each second that
	// the median without a queue lasts.
	inFlight := rate * float64(c.Mean()) / float64(max(m, 1))
	b := time.Duration(l.base.Load())
	if l.measures {
		l.measured(m, b, now)
		return
	}
	switch {
	case b == 0:
		b = m
	case m < b:
		b -= (b - m) / 4 // one low median of few samples is chance
	}
	l.base.Store(int64(b))
	ratio := (1 + l.o.Headroom) * float64(b) / float64(max(m, 1))
	little := inFlight * b.Seconds()
	if l.doubts(float64(m)/float64(b), ratio, used, now) {
		l.before, l.full = limit, inFlight
		l.measure(little, now)
		return
	}
	l.adjust(limit, ratio, little, used)
}

// doubts reports whether the base is to be measured: because the medians of some windows were
// far above it although the limit is used, or because it comes from a limiter's first windows
// and the limit has been used since, so that there may have been a queue all the time.
func (l *Limiter) doubts(above, ratio float64, used bool, now int64) bool {
	if l.o.Mode == Watch {
		return false // a limit that is not enforced empties no queue
	}
	if l.rebase == 0 && !used && ratio >= 1 {
		if l.calm++; l.calm >= lasting {
			l.rebase = now + l.pause()
		}
		l.high = 0
		return false
	}
	l.calm = 0
	if !used || l.rebase != 0 && above <= rebaseAbove {
		l.high = 0
		return false
	}
	l.high++
	return l.high >= lasting && now >= l.rebase
}

// measure lowers the limit for one window to half of what is in flight without a queue.
func (l *Limiter) measure(little float64, now int64) {
	l.rebase = now + l.pause()
	l.high = 0
	l.measures = true
	l.since.Store(now)
	l.dip(max(little/2, 1))
}

// measured takes m, the median under the lowered limit, as the base. When it is clearly below
// the last base, that one was measured with a queue, as this one may be, so it measures again.
func (l *Limiter) measured(m, last time.Duration, now int64) {
	l.base.Store(int64(m))
	if float64(m) < sameBase*float64(last) {
		l.before = min(l.before, (1+l.o.Headroom)*l.full*m.Seconds())
		if l.Limit() >= 2 {
			l.measure(l.full*m.Seconds(), now)
			return
		}
	}
	l.measures = false
	l.setLimit(l.before)
}

// adjust moves the limit by the ratio of the tolerated and the present median.
func (l *Limiter) adjust(limit, ratio, little float64, used bool) {
	switch {
	case ratio < 1:
		limit = max(limit*max(ratio, leastFactor), littleShare*little)
	case used:
		limit += max(1, math.Sqrt(limit)/2)
	}
	l.setLimit(limit)
}

// pause returns how long after a measurement of the base the next one may begin: 15 s, give or
// take 20 %.
func (l *Limiter) pause() int64 {
	l.random += 0x9E3779B97F4A7C15
	z := l.random
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	z ^= z >> 31
	return int64(rebaseAfter * (0.8 + 0.4*float64(z>>11)/(1<<53)))
}

// setLimit keeps the limit within its bounds and publishes it.
func (l *Limiter) setLimit(limit float64) {
	l.dip(min(max(limit, float64(l.o.Min)), float64(l.o.Max)))
}

// dip publishes a limit that may be below the lowest one.
func (l *Limiter) dip(limit float64) {
	l.limit.Store(math.Float64bits(limit))
	for p := range l.allowed {
		n := int32(unlimited)
		if l.o.Mode == Auto || l.o.Mode == Fixed {
			n = Priority(p).of(limit)
		}
		l.allowed[p].Store(n)
	}
}

// Mode returns what the limiter does.
func (l *Limiter) Mode() Mode { return l.o.Mode }

// Limit returns the present limit, before the share of a priority; while the base is measured it
// may be below LimiterOptions.Min. In mode Watch it is the one that would be enforced, in Fixed
// and Off LimiterOptions.Max.
func (l *Limiter) Limit() float64 { return math.Float64frombits(l.limit.Load()) }

// InFlight returns how many attempts have begun and not ended; zero in mode Off.
func (l *Limiter) InFlight() int { return int(l.inFlight.Load()) }

// Base returns the median time to the first byte without a queue in the backend; zero until
// it is known, and always in the modes Fixed and Off.
func (l *Limiter) Base() time.Duration { return time.Duration(l.base.Load()) }

// Median returns the median time to the first byte in the last window; zero before the first
// has ended, and always in the modes Fixed and Off.
func (l *Limiter) Median() time.Duration { return time.Duration(l.median.Load()) }
