package accesslog

import "unicode/utf8"

// plain contains the bytes that need no escape in a JSON string, whatever follows them.
var plain = func() (table [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// appendQuoted appends s as a JSON string (RFC 8259 §7). Each byte of invalid UTF-8
// becomes \ufffd. Control characters, those above ASCII included, and the line
// separators U+2028 and U+2029 are escaped, so that a client cannot send commands to a
// terminal that shows the log.
func appendQuoted[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := plainHead(s); i < len(s); {
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

// plainHead returns how many bytes at the start of s are plain. It reads eight at a time and
// may return less, but never counts a byte after one that is not plain.
func plainHead[T ~string | ~[]byte](s T) int {
	const word = 8
	if len(s) < word {
		return 0
	}
	for i := 0; i+word <= len(s); i += word {
		if anySpecial(load(s[i : i+word])) {
			return i
		}
	}
	if end := len(s) - word; anySpecial(load(s[end:])) {
		return end / word * word
	}
	return len(s)
}

// load returns the first eight bytes of s as a number; the compiler makes one load of it.
func load[T ~string | ~[]byte](s T) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// anySpecial reports whether one of the eight bytes of w is not plain. In each byte of
// its sum the highest bit is set when that byte is below ' ', '"', '\\', or above
// '~'; borrows and carries can only come from such a byte.
func anySpecial(w uint64) bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash := w^each*'"', w^each*'\\'
	return ((w-each*' ')&^w|(quote-each)&^quote|(backslash-each)&^backslash|(w+each)|w)&high != 0
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
