package lb

import (
	"sync/atomic"
	"time"
)

const (
	silentWaiting = 3 // attempts that wait for a response head before a backend counts as silent
	silentTimes   = 8 // how many times the duration of a slow response is silence
)

// BeginTransfer says that one of the attempts in flight does not wait for a response head:
// its request body is under way, or its response body or tunnel. Exactly one EndTransfer must
// follow, before the End of the attempt.
func (b *Backend) BeginTransfer() { b.transfers.Add(1) }

// EndTransfer ends what BeginTransfer began.
func (b *Backend) EndTransfer() { b.transfers.Add(-1) }

// Waiting returns how many attempts in flight wait for a response head; never below zero.
func (b *Backend) Waiting() int64 { return max(0, b.inFlight.Load()-b.transfers.Load()) }

// silence is what look knows of one backend; only one look runs at a time.
type silence struct {
	from    int64  // unix ns: since when enough attempts wait and none has had a response; 0 = they do not
	counted uint64 // window.latest as of then
	sampled uint64 // the word of its latency as of then
}

// look examines all members for silence, at most every 100 ms. A response of any of them
// leads to it, so a group in which none responds has no silent member.
func (g *Group) look(l *ledger, now time.Time) {
	if !due(&l.nextLook, now, g.lookGap()) || !l.looking.CompareAndSwap(false, true) {
		return
	}
	defer l.looking.Store(false)
	if due(&l.nextTime, now, max(timesEvery, g.lookGap())) {
		g.lookAtTimes(l, now)
	}
	if g.eject.Silent <= 0 {
		return
	}
	limit := g.silentAfter(l)
	for _, b := range g.backends {
		if b.until.Load() != 0 {
			b.silence.from = 0
			g.lookAtTrial(b, limit, now)
		} else {
			g.lookAtWaiting(b, limit, now)
		}
	}
}

// silentAfter returns how long no response of a member is silence.
func (g *Group) silentAfter(l *ledger) time.Duration {
	return max(g.eject.Silent, silentTimes*l.latency.value(), silentTimes*time.Duration(l.slowest.Load()))
}

// lookAtWaiting ejects b when at least three attempts have been waiting for so long without
// one response. Of look only.
func (g *Group) lookAtWaiting(b *Backend, limit time.Duration, now time.Time) {
	s := &b.silence
	waiting := b.Waiting()
	if waiting < silentWaiting {
		s.from = 0
		return
	}
	counted, sampled := b.window.latest(), b.latency.word.Load()
	if s.from == 0 || counted != s.counted || sampled != s.sampled {
		*s = silence{from: now.UnixNano(), counted: counted, sampled: sampled}
		return
	}
	if quiet := time.Duration(now.UnixNano() - s.from); quiet >= limit {
		g.tryEject(b, Verdict{Ground: BySilence, Cause: Timeout, Waiting: int(waiting), Took: quiet}, now)
	}
}

// lookAtTrial ends the trial of b when it has had no response for so long.
func (g *Group) lookAtTrial(b *Backend, limit time.Duration, now time.Time) {
	began := b.trial.Load()
	if began == 0 || b.Waiting() == 0 && b.InFlight() > 0 {
		return // there is none, or its request body is under way
	}
	if quiet := time.Duration(now.UnixNano() - began); quiet >= limit {
		g.trialFailed(b, Verdict{Ground: BySilence, Cause: Timeout, Waiting: 1, Took: quiet, Trial: true}, began, now)
	}
}

// due reports whether the time in next (unix ns) has come, to one caller for each gap.
func due(next *atomic.Int64, now time.Time, gap time.Duration) bool {
	ns := now.UnixNano()
	at := next.Load()
	return ns >= at && next.CompareAndSwap(at, ns+int64(gap))
}
