package rfc9111

import "bytes"

// kind is the type of a structured field's value (RFC 9651 §3.3).
type kind uint8

const (
	trueKind kind = iota
	falseKind
	integerKind
	decimalKind
	stringKind
	tokenKind
	bytesKind
	dateKind
	displayKind
	listKind // an inner list
)

// member is one member of a dictionary. The text of a string is that
// between its quotes, with its escapes; of an integer, its digits and sign.
type member struct {
	key  []byte
	kind kind
	text []byte
}

// dictionary reads one line of a dictionary structured field member by member,
// as strictly as RFC 9651 §4.2 has it: one octet out of place spoils all.
type dictionary struct {
	line   []byte
	at     int
	failed bool
}

// newDictionary returns a reader of line. An empty line has failed: a targeted
// field without members counts as absent.
func newDictionary(line []byte) dictionary {
	line = bytes.Trim(line, " ")
	return dictionary{line: line, failed: len(line) == 0}
}

// next reads the next member; false means that the line has ended or failed.
func (d *dictionary) next() (m member, more bool) {
	if d.failed || d.at == len(d.line) {
		return m, false
	}
	m.key = d.key()
	if d.accept('=') {
		m.kind, m.text = d.itemOrList()
	}
	d.parameters()
	d.comma()
	return m, !d.failed
}

// comma reads what separates two members; nothing may follow it but a member.
func (d *dictionary) comma() {
	d.at = skipSpace(d.line, d.at)
	if d.at == len(d.line) {
		return
	}
	d.expect(',')
	d.at = skipSpace(d.line, d.at)
	d.failed = d.failed || d.at == len(d.line)
}

// peek returns the next octet, 0 at the end: no rule here accepts NUL.
func (d *dictionary) peek() byte {
	if d.at < len(d.line) {
		return d.line[d.at]
	}
	return 0
}

func (d *dictionary) accept(c byte) bool {
	if d.at < len(d.line) && d.line[d.at] == c {
		d.at++
		return true
	}
	return false
}

func (d *dictionary) expect(c byte) { d.failed = !d.accept(c) || d.failed }

// span skips the octets that fit and returns them.
func (d *dictionary) span(fits func(byte) bool) []byte {
	start := d.at
	for d.at < len(d.line) && fits(d.line[d.at]) {
		d.at++
	}
	return d.line[start:d.at]
}

func (d *dictionary) key() []byte {
	c := d.peek()
	d.failed = d.failed || c != '*' && !isLower(c)
	return d.span(isKey)
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

func isAlpha(c byte) bool { return isLower(c | 0x20) }

func isKey(c byte) bool {
	return isLower(c) || isDigit(c) || c == '_' || c == '-' || c == '.' || c == '*'
}

func isTokenTail(c byte) bool { return isToken(c) || c == ':' || c == '/' }

func isBase64(c byte) bool { return isAlpha(c) || isDigit(c) || c == '+' || c == '/' || c == '=' }

// parameters skips parameters: no directive has any (RFC 9213 §2.1).
func (d *dictionary) parameters() {
	for !d.failed && d.accept(';') {
		for d.accept(' ') {
		}
		d.key()
		if d.accept('=') {
			d.item()
		}
	}
}

func (d *dictionary) itemOrList() (kind, []byte) {
	if !d.accept('(') {
		return d.item()
	}
	for !d.failed {
		for d.accept(' ') {
		}
		if d.accept(')') {
			return listKind, nil
		}
		d.item()
		d.parameters()
		c := d.peek()
		d.failed = d.failed || c != ' ' && c != ')'
	}
	return listKind, nil
}

// item reads a bare item (RFC 9651 §4.2.3.1).
func (d *dictionary) item() (kind, []byte) {
	switch c := d.peek(); {
	case c == '-' || isDigit(c):
		return d.number()
	case c == '"':
		return stringKind, d.text()
	case c == '*' || isAlpha(c):
		return tokenKind, d.span(isTokenTail)
	case c == ':':
		return bytesKind, d.bytes()
	case c == '?':
		return d.boolean(), nil
	case c == '@':
		d.at++
		k, text := d.number()
		d.failed = d.failed || k != integerKind
		return dateKind, text
	case c == '%':
		d.display()
		return displayKind, nil
	}
	d.failed = true
	return tokenKind, nil
}

// number reads an integer of at most 15 digits or a decimal of at most 12 and 3.
func (d *dictionary) number() (kind, []byte) {
	start := d.at
	d.accept('-')
	whole := len(d.span(isDigit))
	if !d.accept('.') {
		d.failed = d.failed || whole == 0 || whole > 15
		return integerKind, d.line[start:d.at]
	}
	fraction := len(d.span(isDigit))
	d.failed = d.failed || whole == 0 || whole > 12 || fraction == 0 || fraction > 3
	return decimalKind, d.line[start:d.at]
}

// text reads a string: printable ASCII, with \" and \\ as the only escapes.
func (d *dictionary) text() []byte {
	d.expect('"')
	start := d.at
	for ; d.at < len(d.line); d.at++ {
		switch c := d.line[d.at]; {
		case c == '"':
			d.at++
			return d.line[start : d.at-1]
		case c == '\\':
			d.at++
			d.failed = d.failed || d.peek() != '"' && d.peek() != '\\'
		case c < ' ' || c > '~':
			d.failed = true
		}
	}
	d.at, d.failed = len(d.line), true
	return nil
}

func (d *dictionary) bytes() []byte {
	d.expect(':')
	text := d.span(isBase64)
	d.expect(':')
	return text
}

func (d *dictionary) boolean() kind {
	d.expect('?')
	if d.accept('1') {
		return trueKind
	}
	d.expect('0')
	return falseKind
}

// display skips a display string; its text is of no use here, its form is judged.
func (d *dictionary) display() {
	d.expect('%')
	d.expect('"')
	for !d.failed && d.at < len(d.line) {
		c := d.line[d.at]
		d.at++
		switch {
		case c == '"':
			return
		case c == '%':
			d.failed = !isLowerHex(d.peek())
			d.at = min(d.at+1, len(d.line))
			d.failed = d.failed || !isLowerHex(d.peek())
		case c < ' ' || c > '~':
			d.failed = true
		}
	}
	d.failed = true
}

func isLowerHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' }
