package httpcache

import (
	"strconv"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
)

// cacheStatus is what the cache says of its part in a response, to the client and in metrics.
type cacheStatus struct {
	rfc9111.Handling
	outcome exchange.CacheOutcome
	hash    [16]byte // memory of the key's hash
}

// say replaces what is said to the client.
func (s *cacheStatus) say(h rfc9111.Handling) { s.Handling = h }

// reuses notes that a stored response serves the client, in the way that h describes.
func (s *cacheStatus) reuses(h rfc9111.Handling) {
	s.Handling, s.outcome = h, exchange.CacheHit
	switch {
	case h.Status == statusNotModified:
		s.outcome = exchange.CacheRevalidated
	case h.Timed && h.TTL <= 0:
		s.outcome = exchange.CacheStale
	}
}

// AppendStatus appends the line that says what the cache did (RFC 9211), after those of
// caches nearer to the origin, and returns the longer slice. It appends nothing where the route's
// responses carry none.
func (t *Transaction) AppendStatus(dst []byte) []byte {
	if t.role == roleNone || !t.rule.Explains {
		return dst
	}
	if t.role != roleBypass {
		t.status.Key = t.keys.appendHash(t.status.hash[:0])
	}
	dst = append(dst, "Cache-Status: "...)
	dst = t.status.Append(dst, Name)
	return append(dst, "\r\n"...)
}

// appendHash appends the hash of the key, as Cache-Status has it.
func (k *keys) appendHash(dst []byte) []byte { return strconv.AppendUint(dst, k.key.Hash(), 16) }

// Forwards lists the names of the reasons for a request to the origin, by the number that
// Report writes.
func Forwards() (names []string) {
	for i := range rfc9111.Forwards() {
		names = append(names, rfc9111.Forward(i).String())
	}
	return names
}

// Refusals lists the names of the reasons for which a response was not stored, by the number
// that Report writes; number 0 is a response that was stored. The reasons of the rules come
// first, then those of the store. The slice is new with each call.
func Refusals() []string {
	names := []string{cache.Stored.String()}
	for i := 1; i < rfc9111.Refusals(); i++ {
		names = append(names, rfc9111.Refusal(i).String())
	}
	for r := cache.Stored + 1; r <= cache.Ended; r++ {
		names = append(names, r.String())
	}
	return names
}

// refused is the number of why the response was not stored, of those that Refusals lists.
func (f *fill) refused() uint8 {
	if f.refusal == rfc9111.Storable && f.lost != cache.Stored {
		return uint8(rfc9111.Refusals()) + uint8(f.lost) - 1
	}
	return uint8(f.refusal)
}

// Refused is the number of why the response was not stored, of those that Refusals lists; 0 when
// nothing was refused. judged is false when there was no response to judge: then the number says
// nothing. Call it after Store, and before Reset.
func (t *Transaction) Refused() (refusal uint8, judged bool) { return t.fill.refused(), t.fill.judged }
