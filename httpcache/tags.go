package httpcache

import (
	"bytes"

	"penstock/cache/rfc9111"
	"penstock/headers"
)

// appendTags appends the tags that stored lines have in the field of that name: separated by
// white space or commas. A nil name is none.
func appendTags(dst [][]byte, lines, field []byte) [][]byte {
	if field == nil {
		return dst
	}
	all := rfc9111.Lines(lines)
	for name, value, pos := all.Next(0); pos >= 0; name, value, pos = all.Next(pos) {
		if headers.SameName(name, field) {
			for tag := range bytes.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
				dst = append(dst, tag)
			}
		}
	}
	return dst
}
