package lb

import "time"

// Ground is why a backend is ejected.
type Ground uint8

// The grounds.
const (
	NoGround    Ground = iota // not ejected
	ByFailures                // EjectOptions.Failures attempts in a row failed, or a trial could not connect
	ByErrors                  // it fails more often than the others
	BySilence                 // it does not respond, and the others do
	BySlowness                // it is much slower than the others
	GroundCount               // the number of grounds, as the length of arrays
)

var groundText = [GroundCount]string{ByFailures: "connect", ByErrors: "errors", BySilence: "silent", BySlowness: "slow"}

// String returns the name of g as metrics show it; "" for NoGround. It panics from
// GroundCount on.
func (g Ground) String() string { return groundText[g] }

// Verdict is why a backend was ejected, with the figures that decided. Those that do not
// belong to the ground are zero.
type Verdict struct {
	Ground Ground
	Cause  Outcome // of the attempt that led to it; Timeout for BySilence, no meaning for BySlowness
	Trial  bool    // an attempt on trial failed; Ground may be that of the ejection before, only Cause, and for BySilence Took, say how

	Failed, Of             int           // attempts of the backend: in a row, or within the window
	OthersFailed, OthersOf int           // ByErrors: those of the others
	Waiting                int           // BySilence: attempts that wait for a response
	Took                   time.Duration // BySilence: for so long; BySlowness: the median
	OthersTook             time.Duration // BySlowness: the median of the others
}

// Standing is what attempts have shown of a backend. At most one of Ejected and
// Failing is set. A backend that is neither may be picked like any other. The zero value is a
// backend that has never been ejected or failing.
type Standing struct {
	// Ejected: left alone until Until, and then on trial: one attempt at a time, until
	// one succeeds.
	Ejected bool
	// Failing: the last attempts got no response, EjectOptions.Failures of them (5 when that is 0)
	// or fewer after other failures, yet it is picked by its weight: as many as may be are ejected
	// already, or such failures do not eject. A response to a later attempt, or Restore, ends it.
	Failing bool

	Verdict Verdict   // of Ejected; of Failing only Cause: ConnectFailure, Timeout or Cut, the latest
	Since   time.Time // when this began, for Ejected the latest ejection; zero means since the start
	Until   time.Time // when the pause ends, or has ended and the trial has begun; zero when not Ejected
}

// past is what happened to a backend. The ledger's mu guards it.
type past struct {
	since     int64   // unix ns: start of the latest ejection
	recovered int64   // unix ns: when it last returned, or ceased to fail; 0 = never
	verdict   Verdict // of the latest ejection
	cause     Outcome // why it is failing
	streak    int     // ejections that the next pause follows: the doubling
	ejections [GroundCount]uint64
	refused   uint64
	refusedAt int64 // unix ns: when refused was last counted
}

// Standing returns what attempts have shown of the backend up to now; the zero value before
// it is the member of a group.
func (b *Backend) Standing() Standing {
	l := b.ledger.Load()
	if l == nil {
		return Standing{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return b.standing()
}

// standing is Standing while the ledger's mu is held.
func (b *Backend) standing() Standing {
	p := &b.past
	switch until, failing := b.until.Load(), b.failing.Load(); {
	case until != 0:
		return Standing{Ejected: true, Verdict: p.verdict, Since: time.Unix(0, p.since), Until: time.Unix(0, until)}
	case failing != 0:
		return Standing{Failing: true, Verdict: Verdict{Cause: p.cause}, Since: time.Unix(0, failing)}
	case p.recovered != 0:
		return Standing{Since: time.Unix(0, p.recovered)}
	}
	return Standing{}
}

// Ejected reports whether the backend is ejected, on trial or not. It takes no lock.
func (b *Backend) Ejected() bool { return b.until.Load() != 0 }

// Ejections returns how often the backend has been ejected in its life, by the ground,
// failed trials included, and how often it was to be (refused), but as many as may be were out
// already. The latter counts once for the time that the ejection would have taken.
func (b *Backend) Ejections() (by [GroundCount]uint64, refused uint64) {
	l := b.ledger.Load()
	if l == nil {
		return by, 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return b.past.ejections, b.past.refused
}

// Restore ends the ejection or the time of failing that connection failures have led to,
// because a probe has connected to b, a member of g. It reports whether there was one: false
// also when b is ejected or failing for another reason, which stays. It panics when b has never
// been a member of a group.
func (g *Group) Restore(b *Backend, now time.Time) bool {
	l := b.ledger.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case b.until.Load() != 0:
		if v := &b.past.verdict; v.Ground != ByFailures || v.Cause != ConnectFailure {
			return false
		}
		g.takeBack(b, now)
	case b.failing.Load() != 0 && b.past.cause == ConnectFailure:
		b.failing.Store(0)
		b.past.recovered = now.UnixNano()
	default:
		return false
	}
	b.unanswered.Store(0)
	return true
}
