package rfc9111

import "bytes"

// Fields is a field section that can be read line by line, any number of times.
// Names come in any case; values come without white space around them. The bytes
// stay valid as long as whoever owns the section says.
type Fields interface {
	// Next returns the field at pos and the position after it. The
	// first position is 0; a negative next means that nothing is left.
	Next(pos int) (name, value []byte, next int)
}

// Lines is a field section in wire form: "Name: value" and CRLF, repeated, with
// no empty line at the end. A line without a colon reads as a field without a
// name. The zero value is an empty section.
type Lines []byte

// Next implements Fields; pos is an offset in l, and one outside of l ends the section. Name and
// value are views of l; a line may end with LF alone.
func (l *Lines) Next(pos int) (name, value []byte, next int) {
	if pos < 0 || pos >= len(*l) {
		return nil, nil, -1
	}
	line := (*l)[pos:]
	next = len(*l)
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line, next = line[:end], pos+end+1
	}
	line = bytes.TrimSuffix(line, []byte("\r"))
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return nil, nil, next
	}
	return line[:colon], trim(line[colon+1:]), next
}

func appendLine(dst, name, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// field is a name that the rules know.
type field uint8

const (
	other field = iota
	ageField
	authorization
	cacheControl
	connection
	contentEncoding
	contentLanguage
	contentLength
	contentLocation
	contentRange
	contentType
	cookie
	dateField
	etagField
	expires
	hopByHop // any field for one connection only, but Connection itself (RFC 9110 §7.6.1)
	ifMatch
	ifModifiedSince
	ifNoneMatch
	ifRange
	ifUnmodifiedSince
	lastModified
	location
	pragma
	rangeField
	setCookie // Set-Cookie and its dead sibling Set-Cookie2
	varyField
)

// spelled pairs a name with what it is.
type spelled struct {
	name string
	is   field
}

// names is indexed by the length of the name.
var names = [...][]spelled{
	2:  {{"te", hopByHop}},
	3:  {{"age", ageField}},
	4:  {{"date", dateField}, {"etag", etagField}, {"vary", varyField}},
	5:  {{"range", rangeField}},
	6:  {{"pragma", pragma}, {"cookie", cookie}},
	7:  {{"expires", expires}, {"trailer", hopByHop}, {"upgrade", hopByHop}},
	8:  {{"location", location}, {"if-range", ifRange}, {"if-match", ifMatch}},
	10: {{"set-cookie", setCookie}, {"connection", connection}, {"keep-alive", hopByHop}},
	11: {{"set-cookie2", setCookie}},
	12: {{"content-type", contentType}},
	13: {{"cache-control", cacheControl}, {"last-modified", lastModified}, {"if-none-match", ifNoneMatch}, {"authorization", authorization}, {"content-range", contentRange}},
	14: {{"content-length", contentLength}},
	16: {{"content-encoding", contentEncoding}, {"content-language", contentLanguage}, {"content-location", contentLocation}, {"proxy-connection", hopByHop}},
	17: {{"if-modified-since", ifModifiedSince}, {"transfer-encoding", hopByHop}},
	18: {{"proxy-authenticate", hopByHop}},
	19: {{"if-unmodified-since", ifUnmodifiedSince}, {"proxy-authorization", hopByHop}},
	25: {{"proxy-authentication-info", hopByHop}},
}

func fieldOf(name []byte) field {
	if len(name) >= len(names) {
		return other
	}
	for _, s := range names[len(name)] {
		if equalFold(name, s.name) {
			return s.is
		}
	}
	return other
}

// isToken reports whether c is a tchar (RFC 9110 §5.6.2).
func isToken(c byte) bool { return tokens[c] }

var tokens = func() (table [256]bool) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		table[c] = true
	}
	return table
}()

// tokenEnd returns where the token that begins at i ends; i when none does.
func tokenEnd(b []byte, i int) int {
	for i < len(b) && isToken(b[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// skipSpace returns the first position from i on without white space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

// trim removes optional white space at both ends (RFC 9110 §5.6.3).
func trim(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// equalFold compares b with a text in lower case, ignoring the case of ASCII
// letters in b.
func equalFold(b []byte, text string) bool {
	if len(b) != len(text) {
		return false
	}
	for i := range b {
		if lower(b[i]) != text[i] {
			return false
		}
	}
	return true
}

// sameName compares two field names, ignoring the case of ASCII letters.
func sameName(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// has reports whether f has a field of that name.
func has(f Fields, name []byte) bool {
	for other, _, pos := f.Next(0); pos >= 0; other, _, pos = f.Next(pos) {
		if sameName(other, name) {
			return true
		}
	}
	return false
}

// listNames reports whether a list of tokens holds this name.
func listNames(list, name []byte) bool {
	for len(list) > 0 {
		var member []byte
		member, list, _ = bytes.Cut(list, []byte(","))
		if sameName(trim(member), name) {
			return true
		}
	}
	return false
}
