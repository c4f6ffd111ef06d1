package rfc9111

import "time"

// Source says where a lifetime comes from. Its String is the word that the API
// shows.
type Source uint8

// The sources, in the order in which the first that is there decides
// (RFC 9111 §4.2.1).
const (
	NoSource     Source = iota // the response has no lifetime
	Forced                     // the route's time, instead of what the response says; no-store and private still count
	Invalid                    // what the response says cannot be read: stale
	SMaxAge                    // s-maxage (RFC 9111 §5.2.2.10)
	MaxAge                     // max-age (RFC 9111 §5.2.2.1)
	Expires                    // Expires less Date (RFC 9111 §5.3)
	RouteTTL                   // the response says nothing; the route does
	FromModified               // a tenth of Date less Last-Modified, at most 24 hours (RFC 9111 §4.2.2)
	sourceCount
)

var sourceText = [sourceCount]string{
	NoSource: "none", Forced: "forced", Invalid: "invalid", SMaxAge: "s-maxage", MaxAge: "max-age",
	Expires: "expires", RouteTTL: "ttl", FromModified: "heuristic",
}

// String returns the word that the API shows. It panics for a number that is no source.
func (s Source) String() string { return sourceText[s] }

const (
	maxLifetime  = maxDelta * time.Second
	maxHeuristic = 24 * time.Hour
)

// Lifetime returns how long the response is fresh, counted from the moment when
// its age was zero, and where that comes from. Zero means: stale on arrival. It is
// never negative nor above 2^31 seconds.
func (r *Response) Lifetime(p *Policy) (time.Duration, Source) {
	ttl, ours := p.ttl(r.Status)
	d := &r.Directives
	switch {
	case p.Force && ours:
		return clamp(ttl), Forced
	case d.Malformed || d.MaxAge.Named() && !d.MaxAge.Valid() || d.SMaxAge.Named() && !d.SMaxAge.Valid():
		return 0, Invalid
	case d.SMaxAge.Named():
		return d.SMaxAge.Span(), SMaxAge
	case d.MaxAge.Named():
		return d.MaxAge.Span(), MaxAge
	case r.explicit():
		return r.untilExpires()
	case ours:
		return clamp(ttl), RouteTTL
	}
	return r.heuristic(p)
}

// untilExpires returns Expires less Date, not less now; several lines are invalid
// (RFC 9111 §4.2.1, §5.3).
func (r *Response) untilExpires() (time.Duration, Source) {
	at, ok := ParseDate(r.expires.value, r.Times.Received)
	if !ok || !r.expires.one() {
		return 0, Invalid
	}
	return clamp(at.Sub(r.Date)), Expires
}

// heuristic returns a tenth of the time since the last change, for statuses that
// allow it or a response that says public (RFC 9111 §4.2.2).
func (r *Response) heuristic(p *Policy) (time.Duration, Source) {
	modified, ok := r.lastModified()
	if p.NoHeuristic || !ok || modified >= r.Date || !Heuristic(r.Status) && !r.Directives.Public {
		return 0, NoSource
	}
	return min(r.Date.Sub(modified)/10, maxHeuristic), FromModified
}

func clamp(d time.Duration) time.Duration { return max(0, min(d, maxLifetime)) }

// Heuristic reports whether responses of a status may get a lifetime that they do
// not state (RFC 9110 §15.1). 206 is left out: it is not stored.
func Heuristic(status int) bool {
	switch status {
	case 200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501:
		return true
	}
	return false
}

// Understood reports whether the cache knows what a status asks of caches, as
// must-understand wants it (RFC 9111 §5.2.2.3): the final statuses of RFC 9110,
// without 206 and 304, which are not stored.
func Understood(status int) bool {
	switch {
	case 200 <= status && status <= 205, 300 <= status && status <= 303, status == 305, status == 307, status == 308:
		return true
	case 400 <= status && status <= 417, status == 421, status == 422, status == 426, 500 <= status && status <= 505:
		return true
	}
	return false
}
