package rfc9111

import (
	"bytes"
	"time"
)

// ageReader takes the first member of the first Age line that has one. The text that comes
// after it is discarded, and a first member that is no number makes the field
// count as absent (RFC 9111 §5.1).
type ageReader struct {
	seconds uint32
	decided bool
}

func (a *ageReader) add(line []byte) {
	for len(line) > 0 && !a.decided {
		var member []byte
		member, line, _ = bytes.Cut(line, []byte(","))
		if member = trim(member); len(member) > 0 {
			a.seconds, _ = deltaSeconds(member)
			a.decided = true
		}
	}
}

// ParseAge returns the first value of the Age field, whole seconds up to 2^31 of them; zero
// when there is none or it cannot be read (RFC 9111 §5.1).
func ParseAge(f Fields) time.Duration {
	var a ageReader
	for name, value, pos := f.Next(0); pos >= 0; name, value, pos = f.Next(pos) {
		if fieldOf(name) == ageField {
			a.add(value)
		}
	}
	return a.span()
}

func (a *ageReader) span() time.Duration { return time.Duration(a.seconds) * time.Second }

// InitialAge returns how old the response was when it was received, to the
// millisecond and never negative: the larger of what its Date shows and of what its Age says plus
// the time that the response took (RFC 9111 §4.2.3). Date knows whole seconds only,
// so both sides of that comparison are cut to them.
func (r *Response) InitialAge() time.Duration {
	apparent := max(0, r.Times.Received.second().Sub(r.Date))
	delay := max(0, r.Times.Received.Sub(r.Times.Sent))
	return max(apparent, r.age.span()+delay)
}
