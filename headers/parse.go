package headers

import (
	"encoding/binary"
	"math/bits"
)

// maxConnection bounds all Connection values of a section together, in bytes. Each
// option is compared with each field, so thousands of them would be cheap to send
// and dear to obey.
const maxConnection = 1024

// Parse reads a field section in one strict pass (RFC 9112 §5). raw holds field
// lines that each end with CRLF, with or without the empty line that ends the
// section; nil and empty are a section without fields. It returns NoProblem, TooMany, or what is
// wrong with a line: BareLF to BadValue in the list of problems. On a problem b holds the fields
// before it and must not be used.
//
// b keeps slices of raw: whoever owns raw must leave it alone while b is in use.
func (b *Block) Parse(raw []byte) Problem {
	b.Reset()
	limit := b.MaxFields
	if limit == 0 {
		limit = defaultMaxFields
	}
	options := 0 // bytes of Connection values
	for len(raw) > 0 {
		if raw[0] == '\r' || raw[0] == '\n' {
			return endOfSection(raw)
		}
		if len(b.Fields) == limit {
			return TooMany
		}
		name := nameLength(raw)
		if name == 0 || name == len(raw) || raw[name] != ':' {
			return badName(raw, name)
		}
		rest := raw[name+1:]
		end := valueLength(rest)
		if len(rest) < end+2 || rest[end] != '\r' || rest[end+1] != '\n' {
			return badValue(rest[end:])
		}
		f := b.next(IDOf(raw[:name]))
		f.Name, f.Value = raw[:name:name], trimOWS(rest[:end:end])
		if f.ID == Connection {
			if options += end; options > maxConnection {
				return TooMany
			}
		}
		raw = rest[end+2:]
	}
	return NoProblem
}

// nameLength returns how many octets at the start of line are a token.
func nameLength(line []byte) int {
	for i, c := range line {
		if !is(c, tokenOctet) {
			return i
		}
	}
	return len(line)
}

const (
	everyByte = 0x0101010101010101
	highBits  = 0x8080808080808080
)

// valueLength returns how many octets at the start of b may stand in a field
// value (RFC 9110 §5.5): everything but controls, HTAB excepted. It looks at eight
// octets at a time; the lowest bit found is exact, those above it may be borrows.
func valueLength(b []byte) int {
	i := 0
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		del := w ^ 0x7f*everyByte
		control := ((w-' '*everyByte)&^w | (del-everyByte)&^del) & highBits
		if control == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(control) / 8
		if b[i] != '\t' {
			return i
		}
		i++
	}
	for i < len(b) && is(b[i], valueOctet) {
		i++
	}
	return i
}

// endOfSection judges the line that begins with CR or LF.
func endOfSection(raw []byte) Problem {
	switch {
	case raw[0] == '\n':
		return BareLF
	case len(raw) == 1 || raw[1] != '\n':
		return BareCR
	case len(raw) > 2:
		return AfterEnd
	}
	return NoProblem
}

// badName says why the name that ends at position at is refused.
func badName(line []byte, at int) Problem {
	if at == len(line) {
		return MissingCRLF
	}
	c := line[at]
	switch {
	case at == 0 && (c == ' ' || c == '\t'):
		return ObsFold
	case c == '\n':
		return BareLF
	case c == '\r':
		if at+1 < len(line) && line[at+1] == '\n' {
			return MissingColon
		}
		return BareCR
	case c == ' ' || c == '\t':
		if rest := trimOWS(line[at:]); len(rest) > 0 && rest[0] == ':' {
			return SpaceBeforeColon
		}
	}
	return BadName
}

// badValue says why a value may not continue with rest.
func badValue(rest []byte) Problem {
	switch {
	case len(rest) == 0:
		return MissingCRLF
	case rest[0] == '\n':
		return BareLF
	case rest[0] == '\r':
		if len(rest) == 1 {
			return MissingCRLF
		}
		return BareCR
	}
	return BadValue
}
