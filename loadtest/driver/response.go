package driver

import (
	"bytes"
	"errors"
	"strconv"
)

// part is the part of a response that the parser expects next.
type part uint8

const (
	inHead    part = iota
	inBody         // left more bytes of it follow
	inSize         // the line with the size of a chunk
	inChunk        // left more bytes of it follow, its line end included
	inTrailer      // lines up to an empty one
	untilEnd       // the body ends with the connection
)

// maxLine bounds the size of a head, a chunk's line or a trailer line, in bytes.
const maxLine = 64 << 10

var (
	errNoHTTP  = errors.New("not an HTTP/1.1 response")
	errTooLong = errors.New("a head or a line without an end")
)

// response parses one response as its bytes arrive and finds its end (RFC 9112 §6). The zero
// value is ready.
type response struct {
	part       part
	left       int64
	held       []byte // the beginning of a head or line whose end has not come
	status     int
	closes     bool // the connection ends after it
	retryAfter bool // it has a Retry-After field
	begun      bool
}

// reset makes r ready for the next response.
func (r *response) reset() { *r = response{held: r.held[:0]} }

// parse parses the next bytes from the connection. done means that the response ends with
// them. Bytes after its end are an error, because no request is open.
func (r *response) parse(p []byte) (done bool, err error) {
	r.begun = r.begun || len(p) > 0
	for len(p) > 0 {
		switch r.part {
		case untilEnd:
			return false, nil
		case inBody, inChunk:
			n := min(r.left, int64(len(p)))
			p, r.left = p[n:], r.left-n
			if r.left > 0 {
				return false, nil
			}
			done, r.part = r.part == inBody, inSize
		default:
			var text []byte
			if text, p = r.line(p); text == nil {
				if len(r.held) > maxLine {
					err = errTooLong
				}
				return false, err
			}
			done, err = r.take(text)
			r.held = r.held[:0]
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

// line returns a complete head or line as text, and the bytes after it. text is nil when
// its end has not arrived, and valid until held changes.
func (r *response) line(p []byte) (text, rest []byte) {
	end := []byte("\n")
	if r.part == inHead {
		end = []byte("\r\n\r\n")
	}
	if len(r.held) == 0 {
		if i := bytes.Index(p, end); i >= 0 {
			return p[:i+len(end)], p[i+len(end):]
		}
	}
	before := len(r.held)
	r.held = append(r.held, p...)
	from := max(before-len(end)+1, 0)
	i := bytes.Index(r.held[from:], end)
	if i < 0 {
		return nil, nil
	}
	i += from + len(end)
	return r.held[:i], p[i-before:]
}

// take parses a head or a line.
func (r *response) take(text []byte) (done bool, err error) {
	switch r.part {
	case inHead:
		return r.takeHead(text)
	case inSize:
		size, _, _ := bytes.Cut(bytes.TrimRight(text, "\r\n"), []byte(";"))
		if r.left, err = strconv.ParseInt(string(bytes.TrimSpace(size)), 16, 62); err != nil || r.left < 0 {
			return false, errNoHTTP
		}
		if r.part = inChunk; r.left == 0 {
			r.part = inTrailer
		} else {
			r.left += 2
		}
	case inTrailer:
		return len(bytes.TrimRight(text, "\r\n")) == 0, nil
	}
	return false, nil
}

// takeHead parses a head and finds out how the body ends.
func (r *response) takeHead(head []byte) (done bool, err error) {
	line, fields, _ := bytes.Cut(head, []byte("\r\n"))
	if len(line) < len("HTTP/1.1 200") || string(line[:len("HTTP/1.")]) != "HTTP/1." {
		return false, errNoHTTP
	}
	if r.status, err = strconv.Atoi(string(line[9:12])); err != nil || r.status < 100 || r.status > 599 {
		return false, errNoHTTP
	}
	r.closes = line[7] == '0'
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
				r.closes = bytes.EqualFold(v, []byte("close"))
			}
		case 't':
			if v, ok := field(line, "transfer-encoding"); ok {
				chunked = bytes.EqualFold(v, []byte("chunked"))
			}
		case 'r':
			if _, ok := field(line, "retry-after"); ok {
				r.retryAfter = true
			}
		}
	}
	switch {
	case r.status < 200: // interim: the final response follows
		return false, nil
	case r.status == 204 || r.status == 304:
		return true, nil
	case chunked:
		r.part = inSize
	case length >= 0:
		r.part, r.left = inBody, length
		return length == 0, nil
	default:
		r.part, r.closes = untilEnd, true
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
