package rfc9111

import (
	"encoding/binary"
	"time"
)

// Meta is what a stored response needs for the decision whether it may be reused,
// as numbers, so that a hit parses nothing. The zero value is a response that was
// stale in 1970 and may be used only after validation.
type Meta struct {
	Born     Instant       // when its age was zero: received less the initial age (RFC 9111 §4.2.3)
	Received Instant       // when its head had come
	Date     Instant       // its Date, or when it was received
	Modified Instant       // its Last-Modified; its Date where it has none, as If-Modified-Since is then compared (RFC 9111 §4.3.2)
	Lifetime time.Duration // how long after Born it is fresh, whole milliseconds

	StaleWhileRevalidate time.Duration // as the response names it, whole seconds; Unnamed when it does not
	StaleIfError         time.Duration // likewise

	Status int
	Source Source // where Lifetime comes from
	Flags  Flags
}

// Unnamed is a time that a response does not name.
const Unnamed time.Duration = -1

// Flags is a set of things that a stored response says.
type Flags uint8

// The flags. The first three are not set when Source is Forced.
const (
	AlwaysValidate  Flags = 1 << iota // no-cache (RFC 9111 §5.2.2.4)
	NeverStale                        // must-revalidate or proxy-revalidate (RFC 9111 §5.2.2.2, §5.2.2.8)
	NeverStaleAlone                   // s-maxage: stale only where the response itself grants stale-while-revalidate (RFC 9111 §5.2.2.10)
	Unchanging                        // immutable (RFC 8246 §2)
	Shared                            // may serve a request with Authorization (RFC 9111 §3.5)
	Validatable                       // has an entity tag or a Last-Modified date (RFC 9111 §4.3.1)
	SoftPurged                        // made stale by hand; see Expire
)

// Has reports whether any of these flags is set.
func (f Flags) Has(any Flags) bool { return f&any != 0 }

// NewMeta returns the numbers of a response that is stored. It never fails and does not judge
// whether r may be stored: see MayStore.
func NewMeta(r *Response, p *Policy) Meta {
	d := &r.Directives
	m := Meta{
		Born: r.Times.Received.Add(-r.InitialAge()), Received: r.Times.Received, Date: r.Date, Modified: r.Date,
		StaleWhileRevalidate: named(d.StaleWhileRevalidate), StaleIfError: named(d.StaleIfError), Status: r.Status,
	}
	m.Lifetime, m.Source = r.Lifetime(p)
	m.Lifetime = m.Lifetime.Truncate(time.Millisecond)
	if at, ok := r.lastModified(); ok {
		m.Modified = at
	}
	if m.Source != Forced {
		m.Flags.set(AlwaysValidate, d.NoCache)
		m.Flags.set(NeverStale, d.MustRevalidate || d.ProxyRevalidate)
		m.Flags.set(NeverStaleAlone, d.SMaxAge.Named())
	}
	m.Flags.set(Unchanging, d.Immutable)
	m.Flags.set(Shared, d.shared())
	m.Flags.set(Validatable, r.validatable())
	return m
}

func named(d Delta) time.Duration {
	if !d.Named() {
		return Unnamed
	}
	return d.Span()
}

func (f *Flags) set(flag Flags, on bool) {
	if on {
		*f |= flag
	}
}

// Age returns the current age (RFC 9111 §4.2.3); its whole seconds are what the Age
// field says. It is never negative, even when the clock went back.
func (m *Meta) Age(now Instant) time.Duration { return max(0, now.Sub(m.Born)) }

// Left returns how much longer the response is fresh; zero and less means that it
// is stale, and for how long (RFC 9111 §4.2).
func (m *Meta) Left(now Instant) time.Duration { return m.Lifetime - m.Age(now) }

// Expire makes the response stale from an instant on, if it was fresh then: a soft
// purge. The times that permit stale use count from there.
func (m *Meta) Expire(at Instant) {
	if m.Left(at) > 0 {
		m.Flags |= SoftPurged
		m.Lifetime = m.Age(at)
	}
}

// MetaSize is the length of an encoded Meta in bytes.
const MetaSize = 52

const noSeconds = 1<<32 - 1

// Append appends the encoded Meta to dst, MetaSize bytes, and returns the longer slice.
func (m *Meta) Append(dst []byte) []byte {
	for _, at := range [...]Instant{m.Born, m.Received, m.Date, m.Modified} {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(at))
	}
	dst = binary.LittleEndian.AppendUint64(dst, uint64(m.Lifetime/time.Millisecond))
	for _, d := range [...]time.Duration{m.StaleWhileRevalidate, m.StaleIfError} {
		seconds := uint32(noSeconds)
		if d >= 0 {
			seconds = uint32(min(d/time.Second, maxDelta))
		}
		dst = binary.LittleEndian.AppendUint32(dst, seconds)
	}
	dst = binary.LittleEndian.AppendUint16(dst, uint16(m.Status))
	return append(dst, byte(m.Source), byte(m.Flags))
}

// Decode reads what Append wrote; ok is false, and m undefined, when b is not that.
func (m *Meta) Decode(b []byte) (ok bool) {
	if len(b) != MetaSize {
		return false
	}
	for i, at := range [...]*Instant{&m.Born, &m.Received, &m.Date, &m.Modified} {
		*at = Instant(binary.LittleEndian.Uint64(b[8*i:]))
	}
	lifetime := binary.LittleEndian.Uint64(b[32:])
	m.Lifetime = time.Duration(lifetime) * time.Millisecond
	for i, d := range [...]*time.Duration{&m.StaleWhileRevalidate, &m.StaleIfError} {
		seconds := binary.LittleEndian.Uint32(b[40+4*i:])
		if *d = time.Duration(seconds) * time.Second; seconds == noSeconds {
			*d = Unnamed
		}
	}
	m.Status = int(binary.LittleEndian.Uint16(b[48:]))
	m.Source, m.Flags = Source(b[50]), Flags(b[51])
	return lifetime <= uint64(maxLifetime/time.Millisecond) && m.StaleWhileRevalidate <= maxLifetime &&
		m.StaleIfError <= maxLifetime && 200 <= m.Status && m.Status <= 999 && m.Source < sourceCount
}
