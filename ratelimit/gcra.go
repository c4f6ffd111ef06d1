package ratelimit

import "time"

// Rate bounds events by the generic cell rate algorithm (ITU-T I.371): on average one event in
// each interval, and burst events at once after a pause. Its only state is the theoretical
// arrival time (TAT) of the next event, in nanoseconds from a time that the caller chose.
// Rounding is in favour of the events: the interval is rounded down. It is made by NewRate; the
// zero value is not valid, except in a Pace.
type Rate struct {
	interval int64 // between two events at the steady rate, at least 1
	depth    int64 // what a whole burst takes
}

// NewRate returns the rate of so many events in each period; a burst below 1 counts as 1. It
// checks nothing: the caller sees to it that events is above zero, and that the time in which a
// burst comes back (burst x period / events) is below 100 years.
func NewRate(events float64, period time.Duration, burst int) Rate {
	interval := max(int64(float64(period)/events), 1)
	return Rate{interval: interval, depth: interval * int64(max(burst, 1))}
}

// State is what a rate has left for one key at one time.
type State struct {
	Remaining int64         // events that would be allowed at once
	Next      time.Duration // until one more than Remaining would be; zero when the whole burst is there
}

// wait returns how long an event at now has to wait; zero or less allows it.
func (r Rate) wait(tat, now int64) int64 { return max(tat, now) - now - (r.depth - r.interval) }

// charge returns the TAT after an event at now.
func (r Rate) charge(tat, now int64) int64 { return max(tat, now) + r.interval }

func (r Rate) state(tat, now int64) State {
	used := max(tat, now) - now
	if used == 0 {
		return State{Remaining: r.depth / r.interval}
	}
	left := max(r.depth-used, 0) / r.interval
	return State{Remaining: left, Next: time.Duration(used - (r.depth - (left+1)*r.interval))}
}

// Pace is a Rate for one source of events, which waits when it is above the rate. It is not
// safe for concurrent use. The zero value, and one without a rate, never waits.
type Pace struct {
	rate Rate
	tat  int64
}

// Set changes the rate to that of NewRate; events of zero or less mean none. Another rate begins
// with a whole burst, the same one goes on as it is.
func (p *Pace) Set(events float64, period time.Duration, burst int) {
	next := Rate{}
	if events > 0 {
		next = NewRate(events, period, burst)
	}
	if next != p.rate {
		*p = Pace{rate: next}
	}
}

// Next counts an event at now (in nanoseconds) and returns how long to wait before the next one;
// zero when that may follow at once, and always without a rate.
func (p *Pace) Next(now int64) time.Duration {
	if p.rate.interval == 0 {
		return 0
	}
	p.tat = p.rate.charge(p.tat, now)
	return time.Duration(max(p.rate.wait(p.tat, now), 0))
}
