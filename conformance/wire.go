package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Message is one HTTP/1.1 message as the strict parser of this package reads it.
type Message struct {
	Start    [3]string // method, target, version; or version, status, reason
	Fields   []Field   // in order
	Body     string    // without the chunked coding; of a message that is not Complete, its bytes as they came
	Trailers []Field   // of a chunked body, in order
	Raw      string    // all its bytes
	Complete bool      // the framing says that the body is whole
}

// Field is one field line: Name as spelled, Value without the white space around it.
type Field struct{ Name, Value string }

// errMore means that the message is not complete yet.
var errMore = errors.New("more bytes are needed")

// The grammar of RFC 9112 without any of the deviations that it tolerates.
var (
	requestLine = regexp.MustCompile("^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) (HTTP/1\\.[01])$")
	statusLine  = regexp.MustCompile(`^(HTTP/1\.[01]) ([1-5][0-9][0-9]) ([\t -~\x80-\xff]*)$`)
	fieldLine   = regexp.MustCompile("^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\\x80-\\xff]*?)[ \t]*$")
	lengthValue = regexp.MustCompile(`^[0-9]{1,18}$`)
	chunkLine   = regexp.MustCompile(`^([0-9A-Fa-f]{1,15})(?:[ \t]*;[\t -~\x80-\xff]*)?$`)
)

// all returns the values of every field of that name.
func (m *Message) all(name string) []string { return valuesOf(m.Fields, name) }

func valuesOf(fields []Field, name string) (values []string) {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// lists reports whether a Connection field of m lists the option.
func (m *Message) lists(option string) bool {
	for _, v := range m.all("Connection") {
		for part := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.Trim(part, " \t"), option) {
				return true
			}
		}
	}
	return false
}

// status returns the status code of a response.
func (m *Message) status() int {
	n, _ := strconv.Atoi(m.Start[1]) // the grammar allows digits only
	return n
}

// latin returns a string with one rune for each byte, so that the patterns above match octets.
func latin(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// bytesOf undoes latin.
func bytesOf(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
	}
	return b.String()
}

// readHead reads the start line and the fields; n is the length of the head.
func readHead(buf []byte, start *regexp.Regexp) (m Message, n int, err error) {
	for first := true; ; first = false {
		end := bytes.IndexByte(buf[n:], '\n')
		if end < 0 {
			return m, 0, errMore
		}
		line := buf[n : n+end]
		if len(line) == 0 || line[len(line)-1] != '\r' {
			return m, 0, fmt.Errorf("line %q ends without CR", line)
		}
		text := latin(line[:len(line)-1])
		n += end + 1
		switch {
		case first:
			parts := start.FindStringSubmatch(text)
			if parts == nil {
				return m, 0, fmt.Errorf("start line %.200q", line)
			}
			m.Start = [3]string{parts[1], parts[2], bytesOf(parts[3])}
		case text == "":
			return m, n, nil
		default:
			f, err := readField(text)
			if err != nil {
				return m, 0, err
			}
			m.Fields = append(m.Fields, f)
		}
	}
}

func readField(text string) (Field, error) {
	parts := fieldLine.FindStringSubmatch(text)
	if parts == nil {
		return Field{}, fmt.Errorf("field line %.200q", text)
	}
	return Field{parts[1], bytesOf(parts[2])}, nil
}

// length returns the size of the body by Content-Length and Transfer-Encoding: -1 when
// neither is there, -2 for a chunked body. Contradictory or unknown values are an error.
func (m *Message) length(http11 bool) (size int, err error) {
	codings, lengths := m.all("Transfer-Encoding"), m.all("Content-Length")
	switch {
	case len(codings) > 1 || len(lengths) > 1 || len(codings)+len(lengths) > 1:
		return 0, fmt.Errorf("Transfer-Encoding %q, Content-Length %q", codings, lengths)
	case len(codings) == 1 && (!strings.EqualFold(codings[0], "chunked") || !http11):
		return 0, fmt.Errorf("Transfer-Encoding %q", codings)
	case len(codings) == 1:
		return -2, nil
	case len(lengths) == 0:
		return -1, nil
	case !lengthValue.MatchString(lengths[0]):
		return 0, fmt.Errorf("Content-Length %q", lengths)
	}
	return strconv.Atoi(lengths[0])
}

// readRequest parses the first request in buf; n is its length. For an incomplete request it
// returns errMore with what has been parsed.
func readRequest(buf []byte) (m Message, n int, err error) {
	m, n, err = readHead(buf, requestLine)
	if err != nil {
		return m, 0, err
	}
	size, err := m.length(m.Start[2] == "HTTP/1.1")
	if err != nil {
		return m, 0, err
	}
	return m.finish(buf, n, max(size, -2), false)
}

// readResponse parses the first response in buf, to a request with this method; n is its
// length. ended means that buf will not grow.
func readResponse(buf []byte, method string, ended bool) (m Message, n int, err error) {
	m, n, err = readHead(buf, statusLine)
	if err != nil {
		return m, 0, err
	}
	size, err := m.length(m.Start[0] == "HTTP/1.1")
	if err != nil {
		return m, 0, err
	}
	if s := m.status(); method == "HEAD" || s < 200 || s == 204 || s == 304 {
		size = 0
	} else if size == -1 {
		m.Complete, m.Body, m.Raw = ended, string(buf[n:]), string(buf)
		if !ended {
			return m, 0, errMore
		}
		return m, len(buf), nil
	}
	m, n, err = m.finish(buf, n, size, true)
	if err == errMore && ended {
		m.Body, m.Raw = string(buf[min(len(buf), n):]), string(buf)
		return m, len(buf), nil // cut: not complete
	}
	return m, n, err
}

// finish parses the body that begins at n and returns where it ends, or n with errMore.
func (m Message) finish(buf []byte, n, size int, response bool) (Message, int, error) {
	switch {
	case size == -2:
		end, err := m.readChunks(buf, n)
		if err != nil {
			return m, n, err
		}
		n = end
	case size > len(buf)-n:
		return m, n, errMore
	case size > 0:
		m.Body = string(buf[n : n+size])
		n += size
	}
	if !response && len(m.all("Host")) > 1 {
		return m, 0, fmt.Errorf("%d Host fields", len(m.all("Host")))
	}
	m.Complete, m.Raw = true, string(buf[:n])
	return m, n, nil
}

// readChunks parses a chunked body that begins at n and returns where it ends.
func (m *Message) readChunks(buf []byte, n int) (int, error) {
	line := func() (string, error) {
		end := bytes.IndexByte(buf[n:], '\n')
		if end < 0 {
			return "", errMore
		}
		text := latin(buf[n : n+end])
		n += end + 1
		if !strings.HasSuffix(text, "\r") {
			return "", fmt.Errorf("line %.200q of a chunked body ends without CR", text)
		}
		return text[:len(text)-1], nil
	}
	for {
		text, err := line()
		if err != nil {
			return 0, err
		}
		parts := chunkLine.FindStringSubmatch(text)
		if parts == nil {
			return 0, fmt.Errorf("chunk size line %.200q", text)
		}
		size, _ := strconv.ParseInt(parts[1], 16, 64) // the pattern allows nothing that fails
		if size == 0 {
			break
		}
		if int64(len(buf)-n) < size+2 {
			return 0, errMore
		}
		m.Body += string(buf[n : n+int(size)])
		n += int(size)
		if end := string(buf[n : n+2]); end != "\r\n" {
			return 0, fmt.Errorf("%q after the data of a chunk", end)
		}
		n += 2
	}
	for {
		text, err := line()
		if err != nil || text == "" {
			return n, err
		}
		f, err := readField(text)
		if err != nil {
			return 0, err
		}
		m.Trailers = append(m.Trailers, f)
	}
}
