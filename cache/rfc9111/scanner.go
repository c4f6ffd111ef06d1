package rfc9111

// form says how the argument of a directive was written.
type form uint8

const (
	noForm     form = iota // no argument
	tokenForm              // name=token
	quotedForm             // name="text"
	brokenForm             // anything else after the name, such as space around "="
)

// argument is what follows the name of a directive. The value of a quoted string
// is the text between the quotes, with its escapes.
type argument struct {
	value []byte
	form  form
}

// scanner walks over the members of one Cache-Control line (RFC 9111 §5.2). It
// skips a member that it cannot read, up to the next comma outside a quoted string.
type scanner struct {
	line     []byte
	at       int
	name     []byte // of the member that next found; empty when it has none
	argument argument
	open     bool // a quoted string does not end on this line
}

// next finds the next member; false means that the line has ended.
func (s *scanner) next() bool {
	for s.at < len(s.line) && (s.line[s.at] == ',' || isSpace(s.line[s.at])) {
		s.at++
	}
	if s.at == len(s.line) {
		return false
	}
	start := s.at
	s.at = tokenEnd(s.line, start)
	s.name, s.argument = s.line[start:s.at], argument{}
	if s.at < len(s.line) && s.line[s.at] == '=' {
		s.readArgument()
	}
	if !s.atEnd() {
		s.argument = argument{nil, brokenForm}
		s.skip()
	}
	return true
}

// readArgument reads what follows "=".
func (s *scanner) readArgument() {
	s.at++
	start := s.at
	if start < len(s.line) && s.line[start] == '"' {
		s.skipQuoted()
		s.argument = argument{s.line[start+1 : max(start+1, s.at-1)], quotedForm}
		return
	}
	s.at = tokenEnd(s.line, start)
	s.argument = argument{s.line[start:s.at], tokenForm}
	if s.at == start {
		s.argument.form = brokenForm
	}
}

// atEnd reports whether nothing but white space is left of the member, and skips it.
func (s *scanner) atEnd() bool {
	i := skipSpace(s.line, s.at)
	if i < len(s.line) && s.line[i] != ',' {
		return false
	}
	s.at = i
	return true
}

// skip goes to the next comma outside a quoted string.
func (s *scanner) skip() {
	for s.at < len(s.line) && s.line[s.at] != ',' {
		if s.line[s.at] == '"' {
			s.skipQuoted()
		} else {
			s.at++
		}
	}
}

// skipQuoted moves to the end of the quoted string that begins here (RFC 9110 §5.6.4).
func (s *scanner) skipQuoted() {
	for s.at++; s.at < len(s.line); s.at++ {
		switch s.line[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return
		}
	}
	s.at, s.open = len(s.line), true
}
