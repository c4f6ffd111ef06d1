package rfc9111

// Replacement says for whom a response that is not stored replaces the stored one.
type Replacement uint8

// The replacements.
const (
	ReplacesNothing Replacement = iota // an error of one request, or a part: the stored response may still serve
	ReplacesForOne                     // a representation for this client: others may get the stored one on errors
	ReplacesForAll                     // the resource has another representation now, or none
)

// Replaces returns for whom the response to q replaces a stored response with the same key,
// although the response itself is not stored. why is the reason that MayStore gave for that;
// Storable means that the rules allowed it but the store did not take it. Only a response
// about the state of the resource replaces anything: success except 206, redirection
// except 304, 404 and 410. Other errors, such as 400, 403, 416 or 429, may concern one
// request only. The result is ReplacesForAll when why is Storable, StatusOff or about freshness
// (StatusUnstated and what comes after it), and when it is NoStore, NotUnderstood or Malformed and
// q has neither Cookie nor Authorization. Every other reason gives ReplacesForOne.
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
