package upstream

import (
	"bytes"
	"strconv"

	"penstock/exchange"
	"penstock/headers"
)

const (
	maxResponseHead = 32 << 10 // bytes of a response head; also the size of the read buffer
	maxInterim      = 16       // interim responses before a final one
)

// appendTo appends the request head and a body that is at hand. last announces
// that the connection will be closed after the response.
func (r *Request) appendTo(dst []byte, last bool) []byte {
	dst = append(append(dst, r.Method...), ' ')
	dst = append(append(dst, r.Target...), " HTTP/1.1\r\nHost: "...)
	dst = append(append(dst, r.Host...), "\r\n"...)
	dst = append(dst, r.Fields...)
	switch {
	case r.Upgrade != nil:
		dst = append(append(dst, "Connection: Upgrade\r\nUpgrade: "...), r.Upgrade...)
		dst = append(dst, "\r\n"...)
	case last:
		dst = append(dst, "Connection: close\r\n"...)
	}
	body := &r.Body
	switch {
	case body.Framing.Kind == headers.NoBody:
	case body.Stream == nil:
		dst = appendLength(dst, int64(len(body.Bytes)))
	case body.Framing.Kind == headers.Chunked:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	default:
		dst = appendLength(dst, body.Framing.Length)
	}
	dst = append(dst, "\r\n"...)
	if body.Stream == nil && body.Framing.Kind != headers.NoBody {
		dst = append(dst, body.Bytes...)
	}
	return dst
}

func appendLength(dst []byte, n int64) []byte {
	dst = strconv.AppendInt(append(dst, "Content-Length: "...), n, 10)
	return append(dst, "\r\n"...)
}

// headScan looks for the end of a header section while it arrives.
type headScan struct {
	line int // where the current line begins
	seen int // bytes looked at
}

// end returns the length of the section in buf, its empty line included, or 0
// while that has not arrived. Every line must end with CRLF (RFC 9112 §2.2).
func (s *headScan) end(buf []byte) (int, headers.Problem) {
	for {
		i := bytes.IndexByte(buf[s.seen:], '\n')
		if i < 0 {
			s.seen = len(buf)
			return 0, headers.NoProblem
		}
		i += s.seen
		if i == s.line || buf[i-1] != '\r' {
			return 0, headers.BareLF
		}
		if i-1 == s.line {
			return i + 1, headers.NoProblem
		}
		s.line, s.seen = i+1, i+1
	}
}

// readHead reads the next response head, interim or final, into resp.
func (t *trip) readHead() *exchange.Fault {
	var scan headScan
	br := t.src.br
	for {
		buf, _ := br.Peek(br.Buffered())
		n, p := scan.end(buf)
		if p != headers.NoProblem {
			return t.badHead(p)
		}
		if n > 0 {
			t.resp.raw = append(t.resp.raw[:0], buf[:n]...)
			_, _ = br.Discard(n) // buffered: cannot fail
			return t.parseHead()
		}
		if len(buf) == maxResponseHead {
			return t.fault(exchange.HTTPResponseHeaderSectionSize, exchange.NoReason, nil)
		}
		if _, err := br.Peek(len(buf) + 1); err != nil {
			return t.headFault(err)
		}
	}
}

// parseHead judges the head in resp.raw. Nothing of a head with a problem is used.
func (t *trip) parseHead() *exchange.Fault {
	t.begun = true
	r := t.resp
	line := bytes.IndexByte(r.raw, '\n')
	var p headers.Problem
	r.HTTP11, r.Status, r.Reason, p = headers.ParseStatusLine(r.raw[:line-1])
	if p == headers.NoProblem {
		p = r.Head.Parse(r.raw[line+1:])
	}
	if p == headers.NoProblem {
		r.Framing, p = headers.ResponseFraming(t.req.Method, r.Status, &r.Head, r.HTTP11)
	}
	if p != headers.NoProblem {
		return t.badHead(p)
	}
	return nil
}
