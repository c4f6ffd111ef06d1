package rfc9111

import "time"

// Policy is what a route decides where the RFCs leave a choice. The zero value
// stores only what responses allow, serves stale only as they say, and takes no
// orders from clients. It is not changed by any function here.
type Policy struct {
	Targets        []string      // names of targeted fields, most wanted first (RFC 9213 §2.2); nil is DefaultTarget alone, empty is none
	TTL            time.Duration // lifetime of a heuristically cacheable response that states none; zero is none
	ByStatus       []StatusTTL   // the same for responses of any status, before TTL; of two that fit, the narrower counts
	Force          bool          // TTL and ByStatus override what responses say of their freshness, no-cache and must-revalidate included
	NoHeuristic    bool          // no lifetime from Last-Modified
	StoreSetCookie bool          // Set-Cookie is stored and replayed
	ClientControl  bool          // Demands of requests are honoured

	StaleWhileRevalidate time.Duration // where a response that was fresh once names none; zero is none
	StaleUnreachable     time.Duration // without a response, where the response names no stale-if-error; zero is none
	StaleServerError     time.Duration // on a response 500, 502, 503 or 504, likewise
}

// StatusTTL gives the responses of some statuses a lifetime of their own.
type StatusTTL struct {
	From, To int           // inclusive
	TTL      time.Duration // zero: stored only for validation
	Off      bool          // not stored, whatever they say
}

// targets returns the targeted fields that count.
func (p *Policy) targets() []string {
	if p.Targets == nil {
		return defaultTargets
	}
	return p.Targets
}

var defaultTargets = []string{DefaultTarget}

// byStatus returns the narrowest rule that covers status, nil when none does.
func (p *Policy) byStatus(status int) (best *StatusTTL) {
	for i := range p.ByStatus {
		s := &p.ByStatus[i]
		if s.From <= status && status <= s.To && (best == nil || s.To-s.From < best.To-best.From) {
			best = s
		}
	}
	return best
}

// ttl returns the route's own lifetime for a status; ok is false when it has none.
func (p *Policy) ttl(status int) (ttl time.Duration, ok bool) {
	if s := p.byStatus(status); s != nil {
		return s.TTL, !s.Off
	}
	return p.TTL, p.TTL > 0 && Heuristic(status)
}

// Times is when a response was asked for and when its head had come.
type Times struct {
	Sent, Received Instant
}

// Response is what the rules need of a response, read once. It is a view: it ends
// with the bytes of the fields that it was read from.
type Response struct {
	Status     int
	Directives Directives // those that govern: of a targeted field or of Cache-Control
	Targeted   bool       // a targeted field governs, so Expires does not count (RFC 9213 §2.1)
	Times      Times
	Date       Instant // the Date field, or when the response was received (RFC 9110 §6.6.1)
	Vary       Variance
	SetCookie  bool // a Set-Cookie line is there

	expires         singleton
	modified        singleton // Last-Modified
	etag            singleton
	contentLocation singleton
	age             ageReader
	dated           bool // a Date line is there
	connection      bool // a Connection line is there
	keepsCookies    bool // Set-Cookie lines are stored
}

// ReadResponse reads a response's fields in one pass, and one more for each field
// that may govern. It never fails: what cannot be read makes the response stale or not storable.
// f and p must not be nil; p is not kept.
func ReadResponse(status int, f Fields, at Times, p *Policy) Response {
	r := Response{Status: status, Times: at}
	var date singleton
	var vary varyReader
	for name, value, pos := f.Next(0); pos >= 0; name, value, pos = f.Next(pos) {
		switch fieldOf(name) {
		case ageField:
			r.age.add(value)
		case dateField:
			date.add(value)
		case expires:
			r.expires.add(value)
		case lastModified:
			r.modified.add(value)
		case etagField:
			r.etag.add(value)
		case contentLocation:
			r.contentLocation.add(value)
		case setCookie:
			r.SetCookie = true
		case connection:
			r.connection = true
		case varyField:
			vary.add(value)
		}
	}
	r.Vary = vary.variance()
	r.Directives, r.Targeted = choose(f, p.targets())
	r.keepsCookies = p.StoreSetCookie || r.Directives.Public
	r.Date = at.Received
	r.dated = date.lines > 0
	if d, ok := ParseDate(date.value, at.Received); ok && date.one() {
		r.Date = d
	}
	return r
}

// lastModified returns the Last-Modified date; ok is false without a readable one.
func (r *Response) lastModified() (at Instant, ok bool) {
	if !r.modified.one() {
		return 0, false
	}
	return ParseDate(r.modified.value, r.Times.Received)
}

// hasETag reports whether the response has one entity tag, well-formed or not.
func (r *Response) hasETag() bool { return r.etag.one() && len(r.etag.value) > 0 }

// validatable reports whether a later request can ask whether it still holds
// (RFC 9111 §4.3.1).
func (r *Response) validatable() bool {
	_, dated := r.lastModified()
	return dated || r.hasETag()
}

// explicit reports whether the response states a lifetime, readable or not
// (RFC 9111 §4.2.1).
func (r *Response) explicit() bool {
	d := &r.Directives
	return d.MaxAge.Named() || d.SMaxAge.Named() || !r.Targeted && r.expires.lines > 0
}
