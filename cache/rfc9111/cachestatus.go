package rfc9111

import (
	"strconv"
	"time"
)

// Forward says why a request went on to the origin. Its String is the value of
// fwd in Cache-Status and a metric label (RFC 9211 §2.2).
type Forward uint8

// The reasons.
const (
	ForwardNone     Forward = iota // it did not
	ForwardBypass                  // the cache is not to handle it
	ForwardMethod                  // the method has to reach the origin
	ForwardURIMiss                 // nothing is stored for the URI
	ForwardVaryMiss                // something is, but not this variant
	ForwardMiss                    // nothing usable is stored, and no finer reason is known
	ForwardRequest                 // a directive of the request
	ForwardStale                   // what is stored is stale
	ForwardPartial                 // only a part is stored; never with Decide, because parts are not stored
	forwardCount
)

var forwardText = [forwardCount]string{
	ForwardNone: "none", ForwardBypass: "bypass", ForwardMethod: "method", ForwardURIMiss: "uri-miss",
	ForwardVaryMiss: "vary-miss", ForwardMiss: "miss", ForwardRequest: "request", ForwardStale: "stale",
	ForwardPartial: "partial",
}

// String returns the value of fwd, "none" for ForwardNone. It panics for a number that is no
// reason.
func (f Forward) String() string { return forwardText[f] }

// Forwards returns how many there are, ForwardNone included: they count from 0, so
// that a metric for each can be made beforehand.
func Forwards() int { return int(forwardCount) }

// Handling is what a cache did with a request, as Cache-Status reports it (RFC 9211
// §2). The zero value is a request that the cache did nothing with.
type Handling struct {
	Hit       bool          // served from the store without going to the origin
	Forward   Forward       // why it went to the origin; not reported with Hit
	Status    int           // of the origin's response; zero where it is the client's status, or none
	TTL       time.Duration // freshness left, negative once stale; reported only when Timed
	Timed     bool
	Stored    bool   // the origin's response was stored
	Collapsed bool   // another request's response was used
	Key       []byte // nil is not reported
	Detail    string // "" is not reported
}

// Append appends one member of Cache-Status, for the cache of that name, and
// returns the longer slice. The name must be a token that begins with a letter; it is not
// checked. The TTL is rounded down to seconds, and Stored is not reported with Hit.
func (h *Handling) Append(dst []byte, name string) []byte {
	dst = append(dst, name...)
	switch {
	case h.Hit:
		dst = append(dst, "; hit"...)
	case h.Forward != ForwardNone:
		dst = append(dst, "; fwd="...)
		dst = append(dst, h.Forward.String()...)
	}
	if h.Status != 0 {
		dst = append(dst, "; fwd-status="...)
		dst = strconv.AppendInt(dst, int64(h.Status), 10)
	}
	if h.Timed {
		dst = append(dst, "; ttl="...)
		dst = strconv.AppendInt(dst, floorSeconds(h.TTL), 10)
	}
	if h.Stored && !h.Hit {
		dst = append(dst, "; stored"...)
	}
	if h.Collapsed {
		dst = append(dst, "; collapsed"...)
	}
	if h.Key != nil {
		dst = appendString(append(dst, "; key="...), h.Key)
	}
	if h.Detail != "" {
		dst = append(dst, "; detail="...)
		dst = appendString(dst, h.Detail)
	}
	return dst
}

// floorSeconds rounds down, so that what has been stale for an instant is below zero.
func floorSeconds(d time.Duration) int64 {
	seconds := int64(d / time.Second)
	if d%time.Second < 0 {
		seconds--
	}
	return seconds
}

// appendString appends a structured field string (RFC 9651 §4.1.6); octets that
// it cannot hold become "?".
func appendString[T string | []byte](dst []byte, text T) []byte {
	dst = append(dst, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ' || c > '~':
			dst = append(dst, '?')
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
