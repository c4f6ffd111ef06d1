package scripted

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// Message is a request or a response as Reader reads it.
type Message struct {
	Start          string      // the first line
	Method, Target string      // of a request
	Version        string      // "HTTP/1.1", also for higher minor versions, or "HTTP/1.0"
	Status         int         // of a response
	Fields         [][2]string // names as spelled, values without the white space around
	Body           string      // without the chunked coding; what came of it when it is not complete
	HeadComplete   bool        // the empty line after the fields came
	Complete       bool        // the message ended where its framing says; not so for a body until close
	UntilClose     bool        // a response whose body ends with the connection
}

// Field returns the first value of that name, ASCII case aside; "" without one.
func (m *Message) Field(name string) string {
	values := m.Values(name)
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// Values returns the values of all fields of that name in their order, ASCII case aside.
func (m *Message) Values(name string) (values []string) {
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
	token   = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
	maxLine = 256 << 10 // longer lines are not for tests
)

// syntax is the syntax of RFC 9112 that messages are held to.
type syntax struct{ request, status, field, chunk, size *regexp.Regexp }

func grammar() *syntax {
	return &syntax{
		request: regexp.MustCompile(`^(` + token + `) ([\x21-\x7e\x80-\xff]+) (HTTP/1\.[0-9])$`),
		status:  regexp.MustCompile(`^(HTTP/1\.[01]) ([1-9][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?$`),
		field:   regexp.MustCompile(`^(` + token + `):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*$`),
		chunk:   regexp.MustCompile(`^([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$`),
		size:    regexp.MustCompile(`^[0-9]{1,18}$`),
	}
}

// Reader takes messages from a stream of bytes, one after the other. It shares no code
// with the gateway: RFC 9112 in regular expressions and copies, slow and plain, so that
// both can be wrong only in different ways.
type Reader struct {
	in *bufio.Reader
	g  *syntax
}

// NewReader reads from in, with a buffer: nothing else may read from in afterwards.
func NewReader(in io.Reader) *Reader {
	return &Reader{in: bufio.NewReader(in), g: grammar()}
}

// Head reads the head of the next request. io.EOF means that the stream ended
// between two messages, ErrCut that it ended inside of one, os.ErrDeadlineExceeded that
// the deadline came before the end, any other error that the bytes are no request. With an error it
// returns nil. Empty lines in front are skipped (RFC 9112 §2.2).
func (s *Reader) Head() (*Message, error) {
	var line string
	for line == "" {
		_, err := s.in.Peek(1)
		if err != nil {
			return nil, endOf(err, io.EOF)
		}
		if line, err = s.line(); err != nil {
			return nil, err
		}
	}
	parts := s.g.request.FindStringSubmatch(latin1(line))
	if parts == nil {
		return nil, fmt.Errorf("not a request line: %q", line)
	}
	m := &Message{Start: line, Method: parts[1], Version: parts[3]}
	m.Target = line[len(parts[1])+1 : len(line)-len(parts[3])-1]
	if m.Version > "HTTP/1.1" {
		m.Version = "HTTP/1.1" // a higher minor version is read as the highest known (RFC 9110 §2.5)
	}
	var err error
	if m.Fields, err = s.fields(); err != nil {
		return nil, err
	}
	m.HeadComplete = true
	if hosts := len(m.Values("Host")); hosts > 1 || hosts == 0 && m.Version == "HTTP/1.1" {
		return nil, fmt.Errorf("%d Host fields", hosts)
	}
	return m, nil
}

// Request reads the next request whole. When the head fails it returns nil and an error as
// Head does. When the body fails it returns the request with the body read so far, and the error.
func (s *Reader) Request() (*Message, error) {
	m, err := s.Head()
	if err != nil {
		return nil, err
	}
	return m, s.Body(m)
}

// Body reads the body of the request m, whose head Head has just returned, and sets m.Body, also to
// the part that came before an error. A request without framing has none. The error is ErrCut, the
// deadline's, or that the framing is wrong, and m.Complete stays false.
func (s *Reader) Body(m *Message) error {
	kind, length, err := s.framing(m)
	if err != nil {
		return err
	}
	if kind == untilClose {
		kind, length = sized, 0 // a request without framing has no body (RFC 9112 §6.3)
	}
	return s.body(m, kind, length)
}

// Final reads the next final response to a request with this method and skips interim ones, 101
// among them.
// The method decides whether there is a body: not after HEAD. Errors are those of Response.
func (s *Reader) Final(method string) (*Message, error) {
	for {
		m, err := s.Response(method)
		if err != nil || m.Status >= 200 {
			return m, err
		}
	}
}

// Response reads the next response, interim or final, to a request with this method. io.EOF means
// that the stream ended between two messages, ErrCut that it ended inside of one,
// os.ErrDeadlineExceeded that the deadline came before the end, any other error that the bytes are
// no response or that a body which ends with the connection could not be read. With an error it
// returns what there was of the response once its status line was complete.
func (s *Reader) Response(method string) (*Message, error) {
	if _, err := s.in.Peek(1); err != nil {
		return nil, endOf(err, io.EOF)
	}
	line, err := s.line()
	if err != nil {
		return nil, err
	}
	parts := s.g.status.FindStringSubmatch(latin1(line))
	if parts == nil {
		return nil, fmt.Errorf("not a status line: %q", line)
	}
	m := &Message{Start: line, Version: parts[1]}
	m.Status, _ = strconv.Atoi(parts[2])
	if m.Fields, err = s.fields(); err != nil {
		return m, err
	}
	m.HeadComplete = true
	kind, length, err := s.framing(m)
	if err != nil {
		return m, err
	}
	if method == "HEAD" || m.Status < 200 || m.Status == 204 || m.Status == 304 {
		kind, length = sized, 0
	}
	return m, s.body(m, kind, length)
}

// endOf is what the end of a stream by err means to its reader: end, unless it is the
// deadline that has come.
func endOf(err, end error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return end
}

// bodyKind is how a body ends.
type bodyKind uint8

const (
	untilClose bodyKind = iota
	sized
	chunked
)

// framing judges the length of a body (RFC 9112 §6): one plain Content-Length, or
// one Transfer-Encoding that is chunked, or neither.
func (s *Reader) framing(m *Message) (bodyKind, int64, error) {
	lengths, codings := m.Values("Content-Length"), m.Values("Transfer-Encoding")
	switch {
	case len(lengths)+len(codings) > 1:
		return 0, 0, fmt.Errorf("Content-Length %q with Transfer-Encoding %q", lengths, codings)
	case len(codings) == 1 && strings.EqualFold(codings[0], "chunked") && m.Version == "HTTP/1.1":
		return chunked, 0, nil
	case len(codings) == 1:
		return 0, 0, fmt.Errorf("Transfer-Encoding %q in %s", codings[0], m.Version)
	case len(lengths) == 0:
		return untilClose, 0, nil
	case !s.g.size.MatchString(lengths[0]):
		return 0, 0, fmt.Errorf("Content-Length %q", lengths[0])
	}
	n, err := strconv.ParseInt(lengths[0], 10, 64)
	return sized, n, err
}

func (s *Reader) body(m *Message, kind bodyKind, length int64) error {
	var body strings.Builder
	defer func() { m.Body = body.String() }()
	switch kind {
	case untilClose:
		m.UntilClose = true
		_, err := io.Copy(&body, s.in)
		return err
	case sized:
		if _, err := io.CopyN(&body, s.in, length); err != nil {
			return endOf(err, ErrCut)
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

func (s *Reader) chunks(body *strings.Builder) error {
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
			return endOf(err, ErrCut)
		}
		if end, err := s.line(); err != nil || end != "" {
			return errors.Join(err, fmt.Errorf("%q after the data of a chunk", end))
		}
	}
}

// fields reads field lines up to and with the empty line.
func (s *Reader) fields() (fields [][2]string, err error) {
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
func (s *Reader) line() (string, error) {
	var line []byte
	for len(line) <= maxLine {
		c, err := s.in.ReadByte()
		if err != nil {
			return "", endOf(err, ErrCut)
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
