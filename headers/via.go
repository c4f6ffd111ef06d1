package headers

import "bytes"

// AppendVia appends the Via line of the message that is sent on: the entries that
// b holds and then ours, "1.1 name" or "1.0 name" by the version received
// (RFC 9110 §7.6.3). name is a token. It marks the entries in b as dropped, so call it before
// Append.
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

// PassedThrough reports whether CDN-Loop says that the message went through this instance
// before (RFC 8586 §2). Ids are compared in any case; instance must not be empty. It sees the
// kept fields, those of the gateway's own too, so call it before one is added. Via says
// nothing about that: several instances may have one name in it.
func PassedThrough(b *Block, instance string) bool {
	for value := range b.All(CDNLoop) {
		if loopLists(value, instance) {
			return true
		}
	}
	return false
}

// loopLists looks at the part before the parameters of each member.
func loopLists(value []byte, instance string) bool {
	for m := range List(value) {
		if semi := bytes.IndexByte(m, ';'); semi >= 0 {
			m = trimOWS(m[:semi])
		}
		if equalFold(m, instance) {
			return true
		}
	}
	return false
}
