package headers

import (
	"bytes"
	"iter"
)

// List yields the members of a comma-separated list without the white space
// around them (RFC 9110 §5.6.1). Empty ones are yielded too, and one for an empty or nil value.
// Members are slices of value. It does not know quoted strings: use it for lists of tokens and
// addresses.
func List(value []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			m, rest, more := bytes.Cut(value, comma)
			if !yield(trimOWS(m)) || !more {
				return
			}
			value = rest
		}
	}
}

var comma = []byte(",")

// HasToken reports whether the comma-separated list value has token as a member,
// in any case. A member with parameters is no token, so it never counts.
func HasToken(value []byte, token string) bool {
	for m := range List(value) {
		if equalFold(m, token) {
			return true
		}
	}
	return false
}

// ConnectionHas reports whether any Connection line lists token, in any case. It sees
// dropped fields and those of the gateway's own, so it works after DropHopByHop too.
func (b *Block) ConnectionHas(token string) bool {
	if !b.seen.has(Connection) {
		return false
	}
	for i := range b.Fields {
		if b.Fields[i].ID == Connection && HasToken(b.Fields[i].Value, token) {
			return true
		}
	}
	return false
}
