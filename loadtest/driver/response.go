package driver

import (
	"bytes"
	"errors"
	"strconv"
)

// part is where in an answer the reader is.
type part uint8

const (
	inHead    part = iota
	inBody         // left bytes of it are to come
	inSize         // the line with the size of a chunk
	inChunk        // left bytes of it are to come, its line end included
	inTrailer      // lines up to an empty one
	untilEnd       // the body ends with the connection
)

// maxLine bounds what a head, a chunk's line or a trailer line may take, in bytes.
const maxLine = 64 << 10

var (
	errNoHTTP  = errors.New("not an HTTP/1.1 answer")
	errTooLong = errors.New("a head or a line without an end")
)

// answer reads one answer piece by piece and finds its end (RFC 9112 §6). The zero
// value is ready.
type answer struct {
	part    part
	left    int64
	held    []byte // the beginning of a head or line whose end has not come
	status  int
	closes  bool // the connection ends behind it
	retries bool // it has a Retry-After field
	begun   bool
}

// reset makes a ready for the next one.
func (a *answer) reset() { *a = answer{held: a.held[:0]} }

// feed takes the next bytes from the connection. done means that the answer ended
// with them; bytes behind its end are an error, as nobody asked for them.
func (a *answer) feed(p []byte) (done bool, err error) {
	a.begun = a.begun || len(p) > 0
	for len(p) > 0 {
		switch a.part {
		case untilEnd:
			return false, nil
		case inBody, inChunk:
			n := min(a.left, int64(len(p)))
			p, a.left = p[n:], a.left-n
			if a.left > 0 {
				return false, nil
			}
			done, a.part = a.part == inBody, inSize
		default:
			var text []byte
			if text, p = a.line(p); text == nil {
				if len(a.held) > maxLine {
					err = errTooLong
				}
				return false, err
			}
			done, err = a.take(text)
			a.held = a.held[:0]
		}
		if err == nil && done && len(p) > 0 {
			err = errNoHTTP
		}
		if err != nil || done {
			return done, err
		}
	}
	return false, nil
}

// line cuts a whole head, or a whole line, off p. text is nil when its end is not
// there yet; it is valid until held changes.
func (a *answer) line(p []byte) (text, rest []byte) {
	end := []byte("\n")
	if a.part == inHead {
		end = []byte("\r\n\r\n")
	}
	if len(a.held) == 0 {
		if i := bytes.Index(p, end); i >= 0 {
			return p[:i+len(end)], p[i+len(end):]
		}
	}
	before := len(a.held)
	a.held = append(a.held, p...)
	from := max(before-len(end)+1, 0)
	i := bytes.Index(a.held[from:], end)
	if i < 0 {
		return nil, nil
	}
	i += from + len(end)
	return a.held[:i], p[i-before:]
}

// take understands a head or a line.
func (a *answer) take(text []byte) (done bool, err error) {
	switch a.part {
	case inHead:
		return a.takeHead(text)
	case inSize:
		size, _, _ := bytes.Cut(bytes.TrimRight(text, "\r\n"), []byte(";"))
		if a.left, err = strconv.ParseInt(string(bytes.TrimSpace(size)), 16, 62); err != nil || a.left < 0 {
			return false, errNoHTTP
		}
		if a.part = inChunk; a.left == 0 {
			a.part = inTrailer
		} else {
			a.left += 2
		}
	case inTrailer:
		return len(bytes.TrimRight(text, "\r\n")) == 0, nil
	}
	return false, nil
}

// takeHead understands a head and decides where its body ends.
func (a *answer) takeHead(head []byte) (done bool, err error) {
	line, fields, _ := bytes.Cut(head, []byte("\r\n"))
	if len(line) < len("HTTP/1.1 200") || string(line[:len("HTTP/1.")]) != "HTTP/1." {
		return false, errNoHTTP
	}
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil || a.status < 100 || a.status > 599 {
		return false, errNoHTTP
	}
	a.closes = line[7] == '0'
	chunked, length := false, int64(-1)
	for len(fields) > 2 {
		line, fields, _ = bytes.Cut(fields, []byte("\r\n"))
		switch line[0] | 0x20 { // few names begin like this
		case 'c':
			if v, ok := field(line, "content-length"); ok {
				if length, err = strconv.ParseInt(string(v), 10, 62); err != nil || length < 0 {
					return false, errNoHTTP
				}
			} else if v, ok := field(line, "connection"); ok {
				a.closes = bytes.EqualFold(v, []byte("close"))
			}
		case 't':
			if v, ok := field(line, "transfer-encoding"); ok {
				chunked = bytes.EqualFold(v, []byte("chunked"))
			}
		case 'r':
			if _, ok := field(line, "retry-after"); ok {
				a.retries = true
			}
		}
	}
	switch {
	case a.status < 200: // the answer itself follows
		return false, nil
	case a.status == 204 || a.status == 304:
		return true, nil
	case chunked:
		a.part = inSize
	case length >= 0:
		a.part, a.left = inBody, length
		return length == 0, nil
	default:
		a.part, a.closes = untilEnd, true
	}
	return false, nil
}

// field returns the value of a field line when it has this name, which is in lower case.
func field(line []byte, name string) (value []byte, ok bool) {
	if len(line) <= len(name) || line[len(name)] != ':' || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name)+1:]), true
}
