package rfc9111

// Replacement says for whom a response that is not stored replaces the stored one.
type Replacement uint8

// The replacements.
const (
	ReplacesNothing Replacement = iota // an error of one request, or a part: the stored response may still serve
	ReplacesForOne                     // a representation for this client: others may get the stored one on errors
	ReplacesForAll                     // the resource has another representation now, or none
)

// Replaces returns what the response to q makes of a stored one with the same key, when
// the response itself is not stored for a reason; Storable is a reason that lies
// with the store. Only a response about the resource's state can replace:
// success, redirection, 404 and 410. A 400, 403, 416 or 429 may be owed to one odd
// request, and so may the no-store of a response to one with Cookie or Authorization.
func Replaces(q *Request, status int, why Refusal) Replacement {
	switch {
	case status == 206 || status == 304:
		return ReplacesNothing
	case 200 <= status && status <= 399, status == 404, status == 410:
	default:
		return ReplacesNothing
	}
	switch why {
	case Storable, StatusOff, StatusUnstated, NoCacheUnchecked, StaleOnArrival, NoFreshness:
		return ReplacesForAll
	case NoStore, NotUnderstood, Malformed:
		if !q.Cookie && !q.Authorization {
			return ReplacesForAll
		}
	}
	return ReplacesForOne
}
