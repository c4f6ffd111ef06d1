package caching

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// message is a request or an answer as it stood on the wire.
type message struct {
	start  string // the first line
	fields []Field
	body   string
	cut    bool // the stream ended inside of it
}

// readMessage reads the next message. An answer may end with its connection; one
// that is bodyless has no body whatever its fields say. io.EOF means that nothing
// came at all.
func readMessage(in *bufio.Reader, answer, bodyless bool) (*message, error) {
	m, err := readHead(in)
	if err != nil {
		return nil, err
	}
	size, chunked, err := m.framing()
	switch {
	case err != nil:
		return nil, err
	case bodyless || m.status() == 204 || m.status() == 304 || answer && m.status() < 200:
	case chunked:
		err = m.readChunks(in)
	case size >= 0:
		err = m.readSized(in, size)
	case answer:
		var all []byte
		all, err = io.ReadAll(in)
		m.body = string(all)
	}
	if lost := (*net.OpError)(nil); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &lost) && !lost.Timeout() {
		m.cut, err = true, nil
	}
	return m, err
}

func readHead(in *bufio.Reader) (*message, error) {
	m := &message{}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			if m.start != "" || line != "" {
				return nil, fmt.Errorf("head ends with %q: %w", line, io.ErrUnexpectedEOF)
			}
			return nil, err
		}
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		switch {
		case m.start == "":
			m.start = line
		case line == "":
			return m, nil
		default:
			name, value, ok := strings.Cut(line, ":")
			if !ok {
				return nil, fmt.Errorf("field line %q has no colon", line)
			}
			m.fields = append(m.fields, Field{name, strings.Trim(value, " \t")})
		}
	}
}

// framing returns the stated length of the body, below 0 when none is stated.
func (m *message) framing() (size int, chunked bool, err error) {
	lengths, codings := m.all("Content-Length"), m.all("Transfer-Encoding")
	switch {
	case len(lengths)+len(codings) > 1:
		return 0, false, fmt.Errorf("Content-Length %q with Transfer-Encoding %q", lengths, codings)
	case len(codings) == 1:
		return 0, true, nil
	case len(lengths) == 0:
		return -1, false, nil
	}
	size, err = strconv.Atoi(lengths[0])
	return size, false, err
}

func (m *message) readSized(in *bufio.Reader, size int) error {
	body := make([]byte, size)
	n, err := io.ReadFull(in, body)
	m.body += string(body[:n])
	return err
}

func (m *message) readChunks(in *bufio.Reader) error {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(line), 16, 32)
		if err != nil {
			return err
		}
		if size > 0 {
			if err := m.readSized(in, int(size)); err != nil {
				return err
			}
		}
		end, err := in.ReadString('\n') // behind the last chunk: the end of the trailers, of which a cache has none
		if err != nil || end != "\r\n" {
			return errors.Join(err, fmt.Errorf("%q behind a chunk", end))
		}
		if size == 0 {
			return nil
		}
	}
}

// word returns the n-th word of the first line.
func (m *message) word(n int) string {
	if words := strings.Fields(m.start); n < len(words) {
		return words[n]
	}
	return ""
}

// status returns the status of an answer, 0 for a request.
func (m *message) status() int {
	if !strings.HasPrefix(m.start, "HTTP/") {
		return 0
	}
	n, _ := strconv.Atoi(m.word(1)) // what is no number is no wanted status either
	return n
}

// all returns the values of the fields of that name.
func (m *message) all(name string) (values []string) {
	for _, f := range m.fields {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// id is what the gateway numbers its requests with: the response to a client and all
// that the origin is asked for it have the same. It is empty where there is none.
func (m *message) id() string { return strings.Join(m.all("X-Request-Id"), ",") }

// conditional reports whether a request asks for a 304.
func (m *message) conditional() bool {
	return len(m.all("If-None-Match"))+len(m.all("If-Modified-Since")) > 0
}

// String shows the head and the beginning of the body.
func (m *message) String() string {
	var out strings.Builder
	out.WriteString(m.start)
	for _, f := range m.fields {
		out.WriteString("\n    " + f.Name + ": " + f.Value)
	}
	fmt.Fprintf(&out, "\n    (body of %d bytes) %.60q", len(m.body), m.body)
	if m.cut {
		out.WriteString(" and then cut")
	}
	return out.String()
}
