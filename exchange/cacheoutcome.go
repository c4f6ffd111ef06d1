package exchange

// CacheOutcome is what the response cache did with a request. The zero value is CacheOff. Its
// String is the metric label and the log field.
type CacheOutcome uint8

// The outcomes.
const (
	CacheOff         CacheOutcome = iota // the route does not cache, or the request ended before its lookup
	CacheHit                             // a fresh stored response was sent
	CacheStale                           // a stale stored response was sent: while it is revalidated, because the origin failed, or because the client accepts it
	CacheRevalidated                     // a stored response was sent after the origin confirmed it
	CacheCollapsed                       // the response to another request was sent, whole or as it arrived
	CacheMiss                            // no stored response was used: the origin was asked, or the request was refused before that
	CacheBypass                          // what is stored cannot serve such a request, by its method, its fields or what it is allowed to see
	cacheOutcomes
)

var cacheOutcomeText = [cacheOutcomes]string{
	CacheOff: "off", CacheHit: "hit", CacheStale: "stale", CacheRevalidated: "revalidated",
	CacheCollapsed: "collapsed", CacheMiss: "miss", CacheBypass: "bypass",
}

// String returns the name that metrics and logs use. It panics for a value that is none of the
// outcomes.
func (o CacheOutcome) String() string { return cacheOutcomeText[o] }

// CacheOutcomes returns how many there are: they count from 0, so that a metric for
// each can be made beforehand.
func CacheOutcomes() int { return int(cacheOutcomes) }

// Cached is the part of the cache in one journey. Forward and Refusal are numbers
// of the cache's own enumerations, whose names metrics are given when they are made.
// The zero value is a request that the cache did not see.
type Cached struct {
	Outcome CacheOutcome
	Forward uint8 // why the store was not enough (RFC 9211 §2.2), also when the response to another request was sent; else zero
	Judged  bool  // a response of the origin was judged for storing
	Refusal uint8 // why that response was not stored; zero when it was, and when none was judged
}
