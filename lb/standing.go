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

	Breaker Breaking // the breaker, whatever else holds
	Warming Ramp     // the slow start, whatever else holds
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
	left      int64 // unix ns: since when it is not usable; 0 = it is, or has always been new
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
	s := Standing{Breaker: b.breaking(), Warming: b.ramp()}
	switch until, failing := b.until.Load(), b.failing.Load(); {
	case until != 0:
		s.Ejected, s.Verdict, s.Since, s.Until = true, p.verdict, time.Unix(0, p.since), time.Unix(0, until)
	case failing != 0:
		s.Failing, s.Verdict, s.Since = true, Verdict{Cause: p.cause}, time.Unix(0, failing)
	case p.recovered != 0:
		s.Since = time.Unix(0, p.recovered)
	}
	return s
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

// Proof is what a check from outside the traffic has shown of a backend.
type Proof uint8

// The proofs.
const (
	Connected Proof = iota // it accepts connections
	Responded              // it responds to requests
)

// disproves reports whether the proof is the opposite of why a backend was ejected or failed.
// A backend that responds may fail all the same, or be slow: no proof is about that.
func (p Proof) disproves(v *Verdict) bool {
	switch v.Ground {
	case NoGround, ByFailures:
		return v.Cause == ConnectFailure || p == Responded && (v.Cause == Timeout || v.Cause == Cut)
	case BySilence:
		return p == Responded
	}
	return false
}

// Restore ends the ejection or the time of failing of b, a member of g, that p disproves. The
// check must have begun after that time did. It reports whether there was one: false also when
// b is ejected or failing for another reason, which stays. It panics when b has never been a
// member of a group.
func (g *Group) Restore(b *Backend, p Proof, began, now time.Time) bool {
	l := b.ledger.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch failing := b.failing.Load(); {
	case b.until.Load() != 0:
		if began.UnixNano() < b.past.since || !p.disproves(&b.past.verdict) {
			return false
		}
		g.takeBack(b, now)
	case failing != 0:
		if began.UnixNano() < failing || !p.disproves(&Verdict{Cause: b.past.cause}) {
			return false
		}
		b.failing.Store(0)
		b.past.recovered = now.UnixNano()
	default:
		return false
	}
	b.unanswered.Store(0)
	return true
}
