package rfc9111

import (
	"bytes"
	"strconv"
	"time"
)

// ByteRange is a part of a body: the octets from First to Last, both included.
type ByteRange struct{ First, Last int64 }

// Length returns the number of octets; zero when Last is First less one.
func (r ByteRange) Length() int64 { return r.Last - r.First + 1 }

// MaxRanges is how many ranges a request may have; one with more gets the whole body.
const MaxRanges = 8

// RangeForm is the form of the response to a Range request.
type RangeForm uint8

// The forms.
const (
	WholeBody      RangeForm = iota // 200: no range is requested, or it is not to be honoured
	OnePart                         // 206 with Content-Range
	SeveralParts                    // 206 as multipart/byteranges
	NoSatisfaction                  // 416 with Content-Range: bytes */length
)

// Ranges holds the parts of one response. The zero value is empty and ready; it may
// be reused.
type Ranges struct {
	Parts []ByteRange // in the order asked for, backed by inline storage
	store [MaxRanges]ByteRange
}

// Ranges reads the Range field of q against the complete stored response m, with
// these fields and a body of length octets, and returns the form of the response (RFC 9110 §14).
// The parts to send end up in into, which must not be nil; they mean something with OnePart and
// SeveralParts only. If-Range is looked at first (§13.1.5).
//
// A field that cannot be read, another unit, an empty body, and anything but a GET
// of a stored 200 get the whole body; so do ranges that cost more than that: more than
// MaxRanges, overlapping ones, or several that are together no smaller than the
// body (RFC 9110 §14.2, §17.15).
func (q *Request) Ranges(m *Meta, stored Fields, length int64, into *Ranges) RangeForm {
	into.Parts = into.store[:0]
	if q.Method != Get || m.Status != 200 || length == 0 || !q.ranges.one() || !q.rangeStillHolds(m, stored) {
		return WholeBody
	}
	return into.parse(q.ranges.value, length)
}

// rangeStillHolds judges If-Range: without one, or when its validator is strong
// and the stored one, byte for byte or second for second (RFC 9110 §13.1.5).
func (q *Request) rangeStillHolds(m *Meta, stored Fields) bool {
	switch validator := q.ifRange.value; {
	case q.ifRange.lines == 0:
		return true
	case !q.ifRange.one():
		return false
	case isStrong(validator):
		return bytes.Equal(validator, etagOf(stored))
	default:
		at, ok := ParseDate(validator, m.Received)
		// A date is a strong validator once a second had passed when it was sent (§8.8.2.2).
		return ok && at == m.Modified && m.Date.Sub(at) >= time.Second
	}
}

// parse reads a ranges-specifier (RFC 9110 §14.1.1).
func (r *Ranges) parse(value []byte, length int64) RangeForm {
	unit, set, found := bytes.Cut(value, []byte("="))
	if !found || !equalFold(unit, "bytes") {
		return WholeBody
	}
	specs := 0
	for len(set) > 0 {
		var spec []byte
		spec, set, _ = bytes.Cut(set, []byte(","))
		if spec = trim(spec); len(spec) == 0 {
			continue
		}
		if specs++; specs > MaxRanges {
			return WholeBody
		}
		part, ok := parseRange(spec, length)
		if !ok {
			return WholeBody
		}
		if part.Length() > 0 {
			r.Parts = append(r.Parts, part)
		}
	}
	return r.form(specs, length)
}

func (r *Ranges) form(specs int, length int64) RangeForm {
	switch {
	case specs == 0:
		return WholeBody
	case len(r.Parts) == 0:
		return NoSatisfaction
	case len(r.Parts) == 1:
		return OnePart
	}
	var total int64
	for i, a := range r.Parts {
		total += a.Length()
		for _, b := range r.Parts[:i] {
			if a.First <= b.Last && b.First <= a.Last {
				return WholeBody
			}
		}
	}
	if total >= length {
		return WholeBody
	}
	return SeveralParts
}

// parseRange reads one range; a part without octets cannot be satisfied. ok is
// false when it is no byte range at all.
func parseRange(spec []byte, length int64) (part ByteRange, ok bool) {
	first, last, found := bytes.Cut(spec, []byte("-"))
	nothing := ByteRange{0, -1}
	if len(first) == 0 { // the last octets
		n, ok := parseLength(last)
		if n = min(n, length); n == 0 {
			return nothing, ok
		}
		return ByteRange{length - n, length - 1}, ok
	}
	part.First, ok = parseLength(first)
	part.Last = length - 1
	if len(last) > 0 && ok {
		part.Last, ok = parseLength(last)
	}
	switch {
	case !found || !ok || len(last) > 0 && part.Last < part.First:
		return nothing, false
	case part.First >= length:
		return nothing, true
	}
	part.Last = min(part.Last, length-1)
	return part, true
}

// parseLength reads 1*DIGIT, saturating at the largest number there is.
func parseLength(b []byte) (n int64, ok bool) {
	const most = 1<<63 - 1
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		if digit := int64(c - '0'); n > (most-digit)/10 {
			n = most
		} else {
			n = n*10 + digit
		}
	}
	return n, len(b) > 0
}

// AppendContentRange appends the value of Content-Range for a part of a body of length octets and
// returns the longer slice (RFC 9110 §14.4).
func AppendContentRange(dst []byte, part ByteRange, length int64) []byte {
	dst = append(dst, "bytes "...)
	dst = strconv.AppendInt(dst, part.First, 10)
	dst = append(dst, '-')
	dst = strconv.AppendInt(dst, part.Last, 10)
	dst = append(dst, '/')
	return strconv.AppendInt(dst, length, 10)
}

// AppendUnsatisfied appends the value of Content-Range for a 416 of a body of length octets and
// returns the longer slice (RFC 9110 §15.5.17).
func AppendUnsatisfied(dst []byte, length int64) []byte {
	return strconv.AppendInt(append(dst, "bytes */"...), length, 10)
}

// Multipart writes the lines around the parts of a multipart/byteranges body
// (RFC 9110 §14.6).
type Multipart struct {
	Boundary    string // unguessable and not in the body; its characters need no quoting
	ContentType []byte // of the stored response; empty is left out
	Length      int64  // of the whole body
}

// AppendPart appends the lines before the octets of a part, at is its number
// from 0, and returns the longer slice.
func (m *Multipart) AppendPart(dst []byte, at int, part ByteRange) []byte {
	if at > 0 {
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, "--"...)
	dst = append(dst, m.Boundary...)
	dst = append(dst, "\r\n"...)
	if len(m.ContentType) > 0 {
		dst = appendLine(dst, []byte("Content-Type"), m.ContentType)
	}
	dst = append(dst, "Content-Range: "...)
	dst = AppendContentRange(dst, part, m.Length)
	return append(dst, "\r\n\r\n"...)
}

// AppendEnd appends the line after the last part and returns the longer slice.
func (m *Multipart) AppendEnd(dst []byte) []byte {
	dst = append(dst, "\r\n--"...)
	dst = append(dst, m.Boundary...)
	return append(dst, "--\r\n"...)
}

// Size returns the length in bytes of the body with these parts and the lines around them, for
// Content-Length.
func (m *Multipart) Size(parts []ByteRange) (size int64) {
	var buffer [512]byte
	for i, part := range parts {
		size += int64(len(m.AppendPart(buffer[:0], i, part))) + part.Length()
	}
	return size + int64(len(m.AppendEnd(buffer[:0])))
}
