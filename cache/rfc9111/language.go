package rfc9111

import (
	"bytes"
	"slices"
)

// maxPreferences bounds the members of a field that are sorted; a longer field is
// compared in its own order.
const maxPreferences = 24

// preference is a member of a field like Accept-Language: what is wanted, and how
// much in thousandths (RFC 9110 §12.4.2).
type preference struct {
	want   []byte
	weight int
}

// preferences is a list of them with room for all that are sorted.
type preferences struct {
	list  [maxPreferences]preference
	count int
}

// readPreferences reads all lines of a field; false means that a member cannot be
// read or that there are too many.
func (p *preferences) read(name []byte, request Fields) bool {
	for other, line, pos := request.Next(0); pos >= 0; other, line, pos = request.Next(pos) {
		if !sameName(other, name) {
			continue
		}
		for len(line) > 0 {
			var member []byte
			member, line, _ = bytes.Cut(line, []byte(","))
			if member = trim(member); len(member) > 0 && !p.add(member) {
				return false
			}
		}
	}
	return true
}

func (p *preferences) add(member []byte) bool {
	want, parameter, weighted := bytes.Cut(member, []byte(";"))
	want = trim(want)
	weight := 1000
	if weighted {
		weight = weightOf(trim(parameter))
	}
	if weight < 0 || p.count == maxPreferences || len(want) == 0 || tokenEnd(want, 0) != len(want) {
		return false
	}
	p.list[p.count] = preference{want, weight}
	p.count++
	return true
}

// weightOf reads "q=0.5" as thousandths; -1 when it is no weight (RFC 9110 §12.4.2).
func weightOf(b []byte) int {
	if len(b) < 3 || len(b) > len("q=0.123") || lower(b[0]) != 'q' || b[1] != '=' || b[2] != '0' && b[2] != '1' {
		return -1
	}
	weight, unit := int(b[2]-'0')*1000, 100
	for i, c := range b[3:] {
		switch {
		case i == 0 && c == '.':
		case i > 0 && isDigit(c):
			weight += int(c-'0') * unit
			unit /= 10
		default:
			return -1
		}
	}
	if weight > 1000 {
		return -1
	}
	return weight
}

// appendPreferences appends a field whose order and case do not count: members in
// lower case, sorted, each with its weight. ok is false, and dst unchanged, when
// the field is not of that form.
func appendPreferences(dst, name []byte, request Fields) (longer []byte, ok bool) {
	var p preferences
	if !p.read(name, request) {
		return dst, false
	}
	sorted := p.list[:p.count]
	slices.SortFunc(sorted, func(a, b preference) int {
		if order := compareNames(a.want, b.want); order != 0 {
			return order
		}
		return a.weight - b.weight
	})
	for _, m := range sorted {
		dst = appendLower(dst, m.want)
		dst = append(dst, ';', byte(m.weight>>8), byte(m.weight))
	}
	return dst, true
}

// PreferredLanguage returns the one language that a request wants more than any other, as it is
// written there; nil when there is none, none that is more wanted than all others, or when
// Accept-Language cannot be read or has more than 24 members (RFC 9110 §12.5.4).
func PreferredLanguage(request Fields) []byte {
	var p preferences
	if !p.read([]byte("accept-language"), request) {
		return nil
	}
	var best preference
	ties := 0
	for _, m := range p.list[:p.count] {
		switch {
		case m.weight > best.weight:
			best, ties = m, 0
		case m.weight == best.weight:
			ties++
		}
	}
	if ties > 0 || string(best.want) == "*" {
		return nil
	}
	return best.want
}

// ContentLanguage returns the language of a response, as it is written there; nil when it names
// none or several (RFC 9110 §8.5).
func ContentLanguage(response Fields) []byte {
	var language singleton
	for name, value, pos := response.Next(0); pos >= 0; name, value, pos = response.Next(pos) {
		if fieldOf(name) == contentLanguage {
			language.add(value)
		}
	}
	if v := language.value; language.one() && len(v) > 0 && tokenEnd(v, 0) == len(v) {
		return v
	}
	return nil
}
