package headers

import "bytes"

// AppendVia appends the Via line of the message that is sent on: the entries that
// b holds and then ours, "1.1 name" or "1.0 name" by the version received
// (RFC 9110 §7.6.3). It marks the entries in b as dropped, so call it before Append.
func AppendVia(dst []byte, b *Block, http11 bool, name string) []byte {
	dst = append(dst, "Via: "...)
	dst = appendJoined(dst, b, Via)
	if http11 {
		dst = append(dst, "1.1 "...)
	} else {
		dst = append(dst, "1.0 "...)
	}
	dst = append(dst, name...)
	return append(dst, "\r\n"...)
}

// appendJoined appends the values of all kept fields with this ID, each followed
// by ", ", and marks them as dropped.
func appendJoined(dst []byte, b *Block, id ID) []byte {
	for value := range b.All(id) {
		if len(value) > 0 {
			dst = append(dst, value...)
			dst = append(dst, ", "...)
		}
	}
	b.Drop(id)
	return dst
}

// PassedThrough reports whether the message went through the instance called name
// before: a Via entry was received by it (RFC 9110 §7.6.3) or CDN-Loop lists it
// (RFC 8586 §2). Names are compared in any case. It sees fields as received.
func PassedThrough(b *Block, name string) bool {
	if b.seen&setOf(Via, CDNLoop) == 0 {
		return false
	}
	for i := range b.Fields {
		switch f := &b.Fields[i]; f.ID {
		case Via:
			if viaLists(f.Value, name) {
				return true
			}
		case CDNLoop:
			if loopLists(f.Value, name) {
				return true
			}
		}
	}
	return false
}

// viaLists walks entries of the form: protocol, white space, received-by, and
// perhaps a comment, which may hold commas.
func viaLists(value []byte, name string) bool {
	for len(value) > 0 {
		end := entryEnd(value)
		entry := trimOWS(value[:end])
		if gap := bytes.IndexAny(entry, " \t"); gap >= 0 {
			by := trimOWS(entry[gap:])
			if stop := bytes.IndexAny(by, " \t("); stop >= 0 {
				by = by[:stop]
			}
			if equalFold(by, name) {
				return true
			}
		}
		value = value[min(end+1, len(value)):]
	}
	return false
}

// entryEnd returns the position of the first comma outside a comment.
func entryEnd(value []byte) int {
	depth := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth <= 0 {
				return i
			}
		}
	}
	return len(value)
}

// loopLists looks at the part before the parameters of each member.
func loopLists(value []byte, name string) bool {
	for m := range List(value) {
		if semi := bytes.IndexByte(m, ';'); semi >= 0 {
			m = trimOWS(m[:semi])
		}
		if equalFold(m, name) {
			return true
		}
	}
	return false
}
