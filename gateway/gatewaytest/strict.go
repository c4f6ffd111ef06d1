package gatewaytest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Message is a request or an answer as the strict parser reads it. It shares no
// code with the gateway: RFC 9112 in regular expressions and copies, slow and
// plain, so that both can be wrong only in different ways.
type Message struct {
	Method, Target string      // of a request
	Version        string      // "HTTP/1.1", also for higher minor versions, or "HTTP/1.0"
	Status         int         // of an answer
	Fields         [][2]string // names as spelled, values without the white space around
	Body           string
	Complete       bool // the message ended where its framing says; not so for a body until close
	UntilClose     bool // an answer whose body ends with the connection
}

// Field returns the first value of that name, ASCII case aside; "" without one.
func (m *Message) Field(name string) string {
	values := m.values(name)
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func (m *Message) values(name string) (values []string) {
	for _, f := range m.Fields {
		if strings.EqualFold(f[0], name) {
			values = append(values, f[1])
		}
	}
	return values
}

// ErrCut means that the bytes ended inside of a message.
var ErrCut = errors.New("cut inside of a message")

const (
	strictToken = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
	strictLine  = 256 << 10 // longer lines are not for tests
)

// strictGrammar is the syntax of RFC 9112 that messages are held to.
type strictGrammar struct{ request, status, field, chunk, size *regexp.Regexp }

func grammar() *strictGrammar {
	return &strictGrammar{
		request: regexp.MustCompile(`^(` + strictToken + `) ([\x21-\x7e\x80-\xff]+) (HTTP/1\.[0-9])$`),
		status:  regexp.MustCompile(`^(HTTP/1\.[01]) ([1-9][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?$`),
		field:   regexp.MustCompile(`^(` + strictToken + `):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*$`),
		chunk:   regexp.MustCompile(`^([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$`),
		size:    regexp.MustCompile(`^[0-9]{1,18}$`),
	}
}

// StrictReader takes messages from a stream of bytes, one after the other.
type StrictReader struct {
	in *bufio.Reader
	g  *strictGrammar
}

// NewStrictReader reads from in.
func NewStrictReader(in io.Reader) *StrictReader {
	return &StrictReader{in: bufio.NewReader(in), g: grammar()}
}

// Head reads the head of the next request. io.EOF means that the stream ended
// between two messages, ErrCut that it ended inside of one, any other error that
// the bytes are no request. Empty lines in front are skipped (RFC 9112 §2.2).
func (s *StrictReader) Head() (*Message, error) {
	var line string
	for line == "" {
		_, err := s.in.Peek(1)
		if err != nil {
			return nil, io.EOF
		}
		if line, err = s.line(); err != nil {
			return nil, err
		}
	}
	parts := s.g.request.FindStringSubmatch(latin1(line))
	if parts == nil {
		return nil, fmt.Errorf("not a request line: %q", line)
	}
	m := &Message{Method: parts[1], Version: parts[3]}
	m.Target = line[len(parts[1])+1 : len(line)-len(parts[3])-1]
	if m.Version > "HTTP/1.1" {
		m.Version = "HTTP/1.1" // a higher minor version is read as the highest known (RFC 9110 §2.5)
	}
	var err error
	if m.Fields, err = s.fields(); err != nil {
		return nil, err
	}
	if hosts := len(m.values("Host")); hosts > 1 || hosts == 0 && m.Version == "HTTP/1.1" {
		return nil, fmt.Errorf("%d Host fields", hosts)
	}
	return m, nil
}

// Request reads the next request whole. With an error it returns what there was of
// the request once its head was complete.
func (s *StrictReader) Request() (*Message, error) {
	m, err := s.Head()
	if err != nil {
		return nil, err
	}
	return m, s.Body(m)
}

// Body reads the body of a request whose head was read.
func (s *StrictReader) Body(m *Message) error {
	kind, length, err := s.framing(m)
	if err != nil {
		return err
	}
	if kind == strictUntilClose {
		kind, length = strictSized, 0 // a request without framing has no body (RFC 9112 §6.3)
	}
	return s.body(m, kind, length)
}

// Answer reads the next final answer to a request with this method; interim ones
// are skipped. Errors are those of Request.
func (s *StrictReader) Answer(method string) (*Message, error) {
	for {
		if _, gone := s.in.Peek(1); gone != nil {
			return nil, io.EOF
		}
		line, err := s.line()
		if err != nil {
			return nil, err
		}
		parts := s.g.status.FindStringSubmatch(latin1(line))
		if parts == nil {
			return nil, fmt.Errorf("not a status line: %q", line)
		}
		m := &Message{Version: parts[1]}
		m.Status, _ = strconv.Atoi(parts[2])
		if m.Fields, err = s.fields(); err != nil {
			return m, err
		}
		kind, length, err := s.framing(m)
		switch {
		case err != nil:
			return m, err
		case m.Status < 200:
			continue
		case method == "HEAD" || m.Status == 204 || m.Status == 304:
			kind, length = strictSized, 0
		}
		return m, s.body(m, kind, length)
	}
}

// strictKind is how a body ends.
type strictKind uint8

const (
	strictUntilClose strictKind = iota
	strictSized
	strictChunked
)

// framing judges the length of a body (RFC 9112 §6): one plain Content-Length, or
// one Transfer-Encoding that is chunked, or neither.
func (s *StrictReader) framing(m *Message) (strictKind, int64, error) {
	lengths, codings := m.values("Content-Length"), m.values("Transfer-Encoding")
	switch {
	case len(lengths)+len(codings) > 1:
		return 0, 0, fmt.Errorf("Content-Length %q with Transfer-Encoding %q", lengths, codings)
	case len(codings) == 1 && strings.EqualFold(codings[0], "chunked") && m.Version == "HTTP/1.1":
		return strictChunked, 0, nil
	case len(codings) == 1:
		return 0, 0, fmt.Errorf("Transfer-Encoding %q in %s", codings[0], m.Version)
	case len(lengths) == 0:
		return strictUntilClose, 0, nil
	case !s.g.size.MatchString(lengths[0]):
		return 0, 0, fmt.Errorf("Content-Length %q", lengths[0])
	}
	n, err := strconv.ParseInt(lengths[0], 10, 64)
	return strictSized, n, err
}

func (s *StrictReader) body(m *Message, kind strictKind, length int64) error {
	var body strings.Builder
	defer func() { m.Body = body.String() }()
	switch kind {
	case strictUntilClose:
		m.UntilClose = true
		_, err := io.Copy(&body, s.in)
		return err
	case strictSized:
		if _, err := io.CopyN(&body, s.in, length); err != nil {
			return ErrCut
		}
	default:
		if err := s.chunks(&body); err != nil {
			return err
		}
		if _, err := s.fields(); err != nil { // trailers
			return err
		}
	}
	m.Complete = true
	return nil
}

func (s *StrictReader) chunks(body *strings.Builder) error {
	for {
		line, err := s.line()
		if err != nil {
			return err
		}
		parts := s.g.chunk.FindStringSubmatch(latin1(line))
		if parts == nil {
			return fmt.Errorf("not a chunk size: %q", line)
		}
		n, err := strconv.ParseInt(parts[1], 16, 64)
		if err != nil || n == 0 {
			return err
		}
		if _, err := io.CopyN(body, s.in, n); err != nil {
			return ErrCut
		}
		if end, err := s.line(); err != nil || end != "" {
			return errors.Join(err, fmt.Errorf("%q behind the data of a chunk", end))
		}
	}
}

// fields reads field lines up to and with the empty line.
func (s *StrictReader) fields() (fields [][2]string, err error) {
	for {
		line, err := s.line()
		if err != nil || line == "" {
			return fields, err
		}
		parts := s.g.field.FindStringSubmatch(latin1(line))
		if parts == nil {
			return nil, fmt.Errorf("not a field line: %q", line)
		}
		fields = append(fields, [2]string{parts[1], octets(parts[2])})
	}
}

// line reads up to CRLF, which it takes off. A CR or LF alone is an error.
func (s *StrictReader) line() (string, error) {
	var line []byte
	for len(line) <= strictLine {
		c, err := s.in.ReadByte()
		if err != nil {
			return "", ErrCut
		}
		switch {
		case c == '\n' && len(line) > 0 && line[len(line)-1] == '\r':
			return string(line[:len(line)-1]), nil
		case c == '\n' || len(line) > 0 && line[len(line)-1] == '\r':
			return "", fmt.Errorf("a line ends badly: %q", append(line, c))
		}
		line = append(line, c)
	}
	return "", errors.New("an endless line")
}

// latin1 makes every octet a rune, as regexp does not know octets; octets undoes it.
func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

func octets(s string) string {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		out = append(out, byte(r))
	}
	return string(out)
}
