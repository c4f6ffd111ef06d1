package rfc9111

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Variance says how a response depends on request fields (RFC 9111 §4.1).
type Variance uint8

// The variances. The zero value is a response that serves every request.
const (
	VariesNot    Variance = iota
	VariesOnSome          // Vary names fields
	VariesOnAll           // Vary has "*" somewhere, cannot be read, or (found by AppendVary alone) names more than 16 fields: never reused
)

// maxVary bounds the fields that a response may depend on.
const maxVary = 16

// varyReader judges the lines of Vary without keeping the names.
type varyReader struct{ named, all bool }

func (v *varyReader) add(line []byte) {
	for len(line) > 0 {
		var member []byte
		member, line, _ = bytes.Cut(line, []byte(","))
		if member = trim(member); len(member) > 0 {
			v.named = true
			v.all = v.all || string(member) == "*" || tokenEnd(member, 0) != len(member)
		}
	}
}

func (v *varyReader) variance() Variance {
	switch {
	case v.all:
		return VariesOnAll
	case v.named:
		return VariesOnSome
	}
	return VariesNot
}

// AppendVary appends the names that the Vary lines of a response nominate, all of
// them together, in lower case, sorted, each once, separated by ",", and returns
// the longer slice. Nothing is appended unless the result is VariesOnSome. Those
// bytes are what AppendVariantKey takes. More than 16 names give VariesOnAll.
func AppendVary(dst []byte, response Fields) ([]byte, Variance) {
	var listed [maxVary][]byte
	nominated := listed[:0]
	var v varyReader
	for name, line, pos := response.Next(0); pos >= 0; name, line, pos = response.Next(pos) {
		if fieldOf(name) != varyField {
			continue
		}
		v.add(line)
		for len(line) > 0 && !v.all {
			var member []byte
			member, line, _ = bytes.Cut(line, []byte(","))
			if member = trim(member); len(member) > 0 {
				nominated, v.all = nominate(nominated, member)
			}
		}
	}
	variance := v.variance()
	if variance != VariesOnSome {
		return dst, variance
	}
	for i, name := range nominated {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendLower(dst, name)
	}
	return dst, VariesOnSome
}

// nominate inserts a name where it belongs; full means that there are too many.
func nominate(names [][]byte, name []byte) (longer [][]byte, full bool) {
	at, found := slices.BinarySearchFunc(names, name, compareNames)
	switch {
	case found:
		return names, false
	case len(names) == maxVary:
		return names, true
	}
	names = append(names, nil)
	copy(names[at+1:], names[at:])
	names[at] = name
	return names, false
}

func compareNames(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func appendLower(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, lower(c))
	}
	return dst
}

// AppendVariantKey appends the bytes that tell this request's variant from others
// and returns the longer slice. nominated comes from AppendVary. Two requests give
// the same bytes exactly when their nominated fields match after normalisation
// (RFC 9111 §4.1): lines of a field are joined, white space around commas and
// empty members do not count, and in Accept-Language, Accept-Encoding and
// Accept-Charset, up to 24 members, neither do order and case. The values of Cookie,
// Authorization, User-Agent and Referer are compared as they are. A field that is not there
// matches only its own absence.
func AppendVariantKey(dst, nominated []byte, request Fields) []byte {
	return appendVariant(dst, nominated, request, nil)
}

// AppendLanguageKey appends the key of the variant in one language, whatever
// Accept-Language led to it, and returns the longer slice; ok is false, and dst
// unchanged, when Accept-Language is not nominated or language is empty. A cache
// files a response under this key too, with ContentLanguage of the response, and
// looks there, with PreferredLanguage of the request, once AppendVariantKey found
// nothing: the language that a client wants most is the one it would get.
func AppendLanguageKey(dst, nominated []byte, request Fields, language []byte) (key []byte, ok bool) {
	if len(language) == 0 || !listNames(nominated, []byte("accept-language")) {
		return dst, false
	}
	return appendVariant(dst, nominated, request, language), true
}

// How a part of a variant key begins.
const (
	partAbsent   = 0
	partPresent  = 1
	partLanguage = 2
)

func appendVariant(dst, nominated []byte, request Fields, language []byte) []byte {
	dst = append(dst, nominated...)
	dst = append(dst, 0)
	for len(nominated) > 0 {
		var name []byte
		name, nominated, _ = bytes.Cut(nominated, []byte(","))
		mark := len(dst)
		dst = append(dst, partAbsent, 0, 0, 0, 0)
		body := len(dst)
		switch {
		case language != nil && string(name) == "accept-language":
			dst[mark] = partLanguage
			dst = appendLower(dst, language)
		case has(request, name):
			dst[mark] = partPresent
			dst = appendSelecting(dst, name, request)
		}
		// The length goes in front, so that parts cannot slide into each other.
		binary.BigEndian.PutUint32(dst[mark+1:], uint32(len(dst)-body))
	}
	return dst
}

// appendSelecting appends the normal form of one request field.
func appendSelecting(dst, name []byte, request Fields) []byte {
	switch string(name) {
	case "accept-language", "accept-encoding", "accept-charset":
		if longer, ok := appendPreferences(dst, name, request); ok {
			return longer
		}
	case "cookie", "authorization", "user-agent", "referer":
		return appendJoined(dst, name, request)
	}
	return appendMembers(dst, name, request)
}

// appendJoined appends the lines of a field that is no list as they are.
func appendJoined(dst, name []byte, request Fields) []byte {
	start := len(dst)
	for other, value, pos := request.Next(0); pos >= 0; other, value, pos = request.Next(pos) {
		if !sameName(other, name) {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ", "...)
		}
		dst = append(dst, value...)
	}
	return dst
}

// appendMembers appends the members of a list field, over all of its lines, without
// the white space around them. Commas inside quoted strings separate nothing.
func appendMembers(dst, name []byte, request Fields) []byte {
	start := len(dst)
	for other, value, pos := request.Next(0); pos >= 0; other, value, pos = request.Next(pos) {
		if !sameName(other, name) {
			continue
		}
		s := scanner{line: value}
		for s.at < len(s.line) {
			from := s.at
			s.skip()
			if member := trim(s.line[from:s.at]); len(member) > 0 {
				if len(dst) > start {
					dst = append(dst, ',')
				}
				dst = append(dst, member...)
			}
			s.at++
		}
	}
	return dst
}
