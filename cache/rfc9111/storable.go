package rfc9111

// Refusal names why a response is not stored. The zero value means that it may be.
// Its String is the metric label and the log field.
type Refusal uint8

// Every refusal, in the order in which they are looked for; of the last two, NoFreshness comes
// first.
const (
	Storable         Refusal = iota // there is no reason against it
	WrongMethod                     // only responses to GET are stored, and few to POST (RFC 9111 §3)
	RequestBody                     // a GET with content: the key would not show it (RFC 9110 §9.3.1)
	RangeRequest                    // the request asked for a part (RFC 9110 §14.2)
	RequestNoStore                  // the client said no-store and is heard (RFC 9111 §5.2.1.5)
	Interim                         // 1xx (RFC 9110 §15.2)
	Partial                         // 206 (RFC 9111 §3.3)
	NotModified                     // 304 updates, it is not stored (RFC 9111 §4.3.4)
	StatusOff                       // the route does not store this status
	NotUnderstood                   // must-understand, with a status we do not know (RFC 9111 §5.2.2.3)
	NoStore                         // no-store, unless must-understand is there and the status is known (RFC 9111 §5.2.2.5)
	Private                         // private (RFC 9111 §5.2.2.7)
	Malformed                       // a quoted string in Cache-Control does not end
	Unshared                        // Authorization without public, must-revalidate or s-maxage (RFC 9111 §3.5)
	VaryStar                        // Vary has "*", cannot be read, or selects this request only (RFC 9111 §4.1)
	WithSetCookie                   // Set-Cookie, without public, no-cache="set-cookie" or Policy.StoreSetCookie
	StatusUnstated                  // a status that needs explicit freshness, without it (RFC 9111 §3)
	NoCacheUnchecked                // no-cache, and nothing to validate it with (RFC 9111 §4)
	StaleOnArrival                  // no freshness is left, and nothing to validate it with (RFC 9111 §4)
	NoFreshness                     // neither freshness nor validator (RFC 9111 §4)
	refusalCount
)

var refusalText = [refusalCount]string{
	Storable: "none", WrongMethod: "method", RequestBody: "request-body", RangeRequest: "range",
	RequestNoStore: "request-no-store", Interim: "interim", Partial: "partial", NotModified: "not-modified",
	StatusOff: "status-off", NotUnderstood: "must-understand", NoStore: "no-store", Private: "private",
	Malformed: "malformed", Unshared: "authorization", VaryStar: "vary-star", WithSetCookie: "set-cookie",
	StatusUnstated: "status", NoCacheUnchecked: "no-cache", StaleOnArrival: "stale", NoFreshness: "no-freshness",
}

// String returns the name that metrics and logs use, "none" for Storable. It panics for a number
// that is no refusal.
func (r Refusal) String() string { return refusalText[r] }

// Refusals returns how many there are, Storable included: they count from 0, so
// that a metric for each can be made beforehand.
func Refusals() int { return int(refusalCount) }

// MayStore returns why the response to q must not be stored, Storable when it may
// (RFC 9111 §3 and the route's policy). Force changes what a response says of its
// freshness, never who may see it.
func MayStore(q *Request, r *Response, p *Policy) Refusal {
	if why := refuseRequest(q, r, p); why != Storable {
		return why
	}
	if why := refuseStatus(r, p); why != Storable {
		return why
	}
	if why := refuseSharing(q, r); why != Storable {
		return why
	}
	return refuseUseless(r, p)
}

// MayKeep is MayStore for the response to a request that the cache made by itself,
// with a client's request q as its occasion: it validated, or fetched the whole of
// what a client wanted in part. So the method, content, range and no-store of q do
// not matter, but its Authorization does.
func MayKeep(q *Request, r *Response, p *Policy) Refusal {
	own := Request{Method: Get, Authorization: q.Authorization}
	return MayStore(&own, r, p)
}

func refuseRequest(q *Request, r *Response, p *Policy) Refusal {
	switch {
	case q.Method == Post && r.servesLaterGet(q):
	case q.Method != Get:
		return WrongMethod
	case q.Body:
		return RequestBody
	}
	switch {
	case q.Ranged():
		return RangeRequest
	case p.ClientControl && q.Demands.NoStore:
		return RequestNoStore
	}
	return Storable
}

// servesLaterGet reports whether the response to a POST is what a GET of the same
// URI would give: it is a success, states its freshness, and its Content-Location
// is that URI (RFC 9110 §9.3.3).
func (r *Response) servesLaterGet(q *Request) bool {
	if r.Status < 200 || r.Status > 299 || !r.explicit() || !r.contentLocation.one() {
		return false
	}
	var buffer [512]byte
	target, ok := q.URI.SameOrigin(buffer[:0], r.contentLocation.value)
	return ok && string(target) == string(q.URI.Target)
}

func refuseStatus(r *Response, p *Policy) Refusal {
	switch {
	case r.Status < 200:
		return Interim
	case r.Status == 206:
		return Partial
	case r.Status == 304:
		return NotModified
	}
	if s := p.byStatus(r.Status); s != nil && s.Off {
		return StatusOff
	}
	return Storable
}

func refuseSharing(q *Request, r *Response) Refusal {
	d := &r.Directives
	understood := Understood(r.Status)
	switch {
	case d.MustUnderstand && !understood:
		return NotUnderstood
	case d.NoStore && !d.MustUnderstand: // must-understand outweighs no-store once the status is known
		return NoStore
	case d.Private:
		return Private
	case d.Malformed:
		return Malformed
	case q.Authorization && !d.shared():
		return Unshared
	case r.Vary == VariesOnAll:
		return VaryStar
	case r.SetCookie && !r.keepsCookies && !d.Withholds([]byte("set-cookie")):
		return WithSetCookie
	}
	return Storable
}

// shared reports whether the response may be reused although its request carried
// Authorization (RFC 9111 §3.5).
func (d *Directives) shared() bool { return d.Public || d.MustRevalidate || d.SMaxAge.Valid() }

// refuseUseless refuses what could never serve a request without the origin's
// help and gives it nothing to help with.
func refuseUseless(r *Response, p *Policy) Refusal {
	lifetime, source := r.Lifetime(p)
	d := &r.Directives
	_, ours := p.ttl(r.Status)
	staleUse := d.StaleWhileRevalidate.Span() + d.StaleIfError.Span()
	switch {
	case !r.explicit() && !d.Public && !Heuristic(r.Status) && !ours:
		return StatusUnstated
	case r.validatable():
		return Storable
	case d.NoCache && source != Forced:
		return NoCacheUnchecked
	case source == NoSource:
		return NoFreshness
	case lifetime+staleUse <= r.InitialAge():
		return StaleOnArrival
	}
	return Storable
}

// AppendStored appends the field lines of f that are stored, in order and byte for
// byte, and returns the longer slice. Left out are the fields for one connection
// (RFC 9110 §7.6.1), those that the response withholds (RFC 9111 §3.1), Set-Cookie
// without public or Policy.StoreSetCookie, and Age, which is computed at each reuse. A missing
// Date is added (RFC 9110 §6.6.1). f must be what r was read from.
func (r *Response) AppendStored(dst []byte, f Fields) []byte {
	for name, value, pos := f.Next(0); pos >= 0; name, value, pos = f.Next(pos) {
		if r.stores(f, name) {
			dst = appendLine(dst, name, value)
		}
	}
	if !r.dated {
		dst = append(AppendDate(append(dst, "Date: "...), r.Date), "\r\n"...)
	}
	return dst
}

func (r *Response) stores(f Fields, name []byte) bool {
	switch fieldOf(name) {
	case connection, hopByHop, ageField:
		return false
	case setCookie:
		if !r.keepsCookies {
			return false
		}
	}
	return len(name) > 0 && !r.Directives.Withholds(name) && !(r.connection && connectionNames(f, name))
}

// connectionNames reports whether a Connection line lists this name.
func connectionNames(f Fields, name []byte) bool {
	for other, value, pos := f.Next(0); pos >= 0; other, value, pos = f.Next(pos) {
		if fieldOf(other) == connection && listNames(value, name) {
			return true
		}
	}
	return false
}
