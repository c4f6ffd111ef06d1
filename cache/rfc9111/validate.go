package rfc9111

import "bytes"

// NotModified reports whether a 304 is the response to a conditional q, now that the
// stored response m with these fields is to be used for it (RFC 9111 §4.3.2, RFC
// 9110 §13.2.2). If-None-Match, compared weakly, takes precedence; then comes
// If-Modified-Since, against Last-Modified or else Date. It returns false for a method other than
// GET and HEAD, a stored status outside of 200 to 299, and a date that cannot be read or comes
// twice.
func (q *Request) NotModified(m *Meta, stored Fields) bool {
	switch {
	case !q.Conditional() || q.Method != Get && q.Method != Head || m.Status < 200 || m.Status > 299:
		return false
	case q.ifNoneMatch:
		return q.noneMatchFails(etagOf(stored))
	case !q.ifModifiedSince.one():
		return false
	}
	since, ok := ParseDate(q.ifModifiedSince.value, m.Received)
	return ok && m.Modified <= since
}

// In304 reports whether a stored field goes into a 304 made from it: all but those
// that describe a body which is not sent: Content-Encoding, Content-Language, Content-Length,
// Content-Range and Content-Type (RFC 9110 §15.4.5). The case of name does not matter.
func In304(name []byte) bool {
	switch fieldOf(name) {
	case contentEncoding, contentLanguage, contentLength, contentRange, contentType:
		return false
	}
	return true
}

// noneMatchFails reports whether some If-None-Match line lists this tag, or "*".
func (q *Request) noneMatchFails(tag []byte) bool {
	for name, value, pos := q.fields.Next(0); pos >= 0; name, value, pos = q.fields.Next(pos) {
		if fieldOf(name) == ifNoneMatch && (string(value) == "*" || tagListed(value, tag)) {
			return true
		}
	}
	return false
}

// etagOf returns the entity tag of a section as it is written there; nil when there is
// none or more than one.
func etagOf(f Fields) []byte {
	var tag singleton
	for name, value, pos := f.Next(0); pos >= 0; name, value, pos = f.Next(pos) {
		if fieldOf(name) == etagField {
			tag.add(value)
		}
	}
	if !tag.one() || len(tag.value) == 0 {
		return nil
	}
	return tag.value
}

// tagListed compares each member of a list with tag, weakly (RFC 9110 §8.8.3.2). A
// member that is no entity tag counts as the octets it consists of: whoever hands
// out such a tag gets it back the same way.
func tagListed(list, tag []byte) bool {
	for len(list) > 0 && tag != nil {
		var member []byte
		member, list = cutTag(list)
		if len(member) > 0 && sameTag(member, tag) {
			return true
		}
	}
	return false
}

// cutTag returns the first member of a list of entity tags and the rest. A tag may
// hold commas, but neither quotes nor escapes (RFC 9110 §8.8.3).
func cutTag(list []byte) (member, rest []byte) {
	for len(list) > 0 && (list[0] == ',' || isSpace(list[0])) {
		list = list[1:]
	}
	opaque := bytes.TrimPrefix(list, []byte("W/"))
	if len(opaque) > 0 && opaque[0] == '"' {
		if end := bytes.IndexByte(opaque[1:], '"'); end >= 0 {
			end += 2 + len(list) - len(opaque)
			if after := skipSpace(list, end); after == len(list) || list[after] == ',' {
				return list[:end], list[after:]
			}
		}
	}
	end := bytes.IndexByte(list, ',')
	if end < 0 {
		end = len(list)
	}
	return trim(list[:end]), list[end:]
}

// sameTag is the weak comparison.
func sameTag(a, b []byte) bool {
	return bytes.Equal(bytes.TrimPrefix(a, []byte("W/")), bytes.TrimPrefix(b, []byte("W/")))
}

// isStrong reports whether tag is a well-formed strong entity tag.
func isStrong(tag []byte) bool {
	if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return false
	}
	for _, c := range tag[1 : len(tag)-1] {
		if c <= ' ' || c == '"' || c == 0x7f {
			return false
		}
	}
	return true
}

// AppendValidators appends the conditions of a validating request as field lines
// and returns the longer slice: If-None-Match with the stored entity tag, weak or
// strong, and If-Modified-Since with the stored date, both byte for byte (RFC 9111
// §4.3.1). Nothing is appended when there is no validator. The client's own
// conditions do not travel: see ClientCondition.
func AppendValidators(dst []byte, stored Fields) []byte {
	if tag := etagOf(stored); tag != nil {
		dst = appendLine(dst, []byte("If-None-Match"), tag)
	}
	var modified singleton
	for name, value, pos := stored.Next(0); pos >= 0; name, value, pos = stored.Next(pos) {
		if fieldOf(name) == lastModified {
			modified.add(value)
		}
	}
	if _, ok := ParseDate(modified.value, 0); ok && modified.one() {
		dst = appendLine(dst, []byte("If-Modified-Since"), modified.value)
	}
	return dst
}

// SelectedBy reports whether a 304 speaks of this stored response (RFC 9111
// §4.3.4). One that carries an entity tag does when the stored response has the
// same, compared weakly, because origins that compress weaken a tag on the way
// out but not in the 304; one without does, as only this response was asked about.
func SelectedBy(stored, notModified Fields) bool {
	tag := etagOf(notModified)
	return tag == nil || sameTag(tag, etagOf(stored))
}

// AppendFreshened appends the field lines of a stored response as a 304, or the
// response to a HEAD, updates them, and returns the longer slice (RFC 9111 §3.2).
// A field of the update replaces all stored ones of its name. Content-Length,
// Content-Encoding, Content-Range and the fields for one connection stay as stored. Age,
// which a stored response does not have, and Date are always the update's: without a
// Date in the update the stored one is left out, since it would make the response old
// again.
//
// The result is then read with ReadResponse, under the stored status, judged by
// MayKeep and turned into a new Meta.
func AppendFreshened(dst []byte, stored, update Fields) []byte {
	for name, value, pos := stored.Next(0); pos >= 0; name, value, pos = stored.Next(pos) {
		if len(name) > 0 && fieldOf(name) != dateField && !(updates(update, name) && has(update, name)) {
			dst = appendLine(dst, name, value)
		}
	}
	for name, value, pos := update.Next(0); pos >= 0; name, value, pos = update.Next(pos) {
		if fieldOf(name) == ageField || updates(update, name) {
			dst = appendLine(dst, name, value)
		}
	}
	return dst
}

// updates reports whether a field of an update replaces what is stored.
func updates(update Fields, name []byte) bool {
	switch fieldOf(name) {
	case contentLength, contentEncoding, contentRange, connection, hopByHop, ageField:
		return false
	}
	return len(name) > 0 && !connectionNames(update, name)
}

// HeadEffect is what the response to a HEAD means for a stored response to GET.
type HeadEffect uint8

// The effects.
const (
	HeadNothing  HeadEffect = iota // it says nothing about it
	HeadFreshens                   // it updates it, by AppendFreshened
	HeadOutdates                   // the stored response is of another representation: make it stale
)

// HeadUpdate returns what the response to a HEAD means for the stored response that
// a GET would have got, with a body of length octets (RFC 9111 §4.3.5): HeadNothing unless status
// is 200, HeadOutdates when its ETag, Last-Modified or Content-Length is not that of the stored
// response, else HeadFreshens. A field that it does not have is not compared. The response must
// still have its Content-Length.
func HeadUpdate(status int, response, stored Fields, length int64) HeadEffect {
	if status != 200 {
		return HeadNothing
	}
	for name, value, pos := response.Next(0); pos >= 0; name, value, pos = response.Next(pos) {
		switch fieldOf(name) {
		case etagField, lastModified:
			if !hasLine(stored, name, value) {
				return HeadOutdates
			}
		case contentLength:
			if n, ok := parseLength(value); !ok || n != length {
				return HeadOutdates
			}
		}
	}
	return HeadFreshens
}

// hasLine reports whether f has a field of that name and value.
func hasLine(f Fields, name, value []byte) bool {
	for other, v, pos := f.Next(0); pos >= 0; other, v, pos = f.Next(pos) {
		if sameName(other, name) && bytes.Equal(v, value) {
			return true
		}
	}
	return false
}
