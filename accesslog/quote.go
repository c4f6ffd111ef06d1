package accesslog

import "unicode/utf8"

// plain holds the bytes that stand in a JSON string as they are, whatever follows.
var plain = func() (table [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// appendQuoted appends s as a JSON string (RFC 8259 §7). Each byte of invalid UTF-8
// becomes \ufffd. Control characters, those above ASCII included, and the line
// separators U+2028 and U+2029 are escaped, so that a terminal showing the log obeys
// nothing that a client sent.
func appendQuoted[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		var buf [utf8.UTFMax]byte
		r, size := utf8.DecodeRune(buf[:copy(buf[:], s[i:])])
		if size == 1 || r < 0xa0 || r == '\u2028' || r == '\u2029' { // size 1: ASCII to escape, or not UTF-8
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, r)
			start = i + size
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendEscape appends r, which is below U+10000, as an escape sequence.
func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
