package h1

import (
	"bytes"
	"errors"
	"io"
	"net"

	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
)

// tlsHandshake is how a TLS client begins, with a record of any version (RFC 8446 §5.1).
const tlsHandshake = "\x16\x03"

// requestHead is a head while it is received, in order: its room holds
// what was received, and what follows the head.
type requestHead struct {
	room    *[]byte // the memory, of the server's pool; nil while the connection is parked
	got     int     // bytes received
	looked  int     // bytes in which line ends were looked for
	line    int     // where the line begins that has not ended yet
	lines   int     // lines that have ended, without empty ones before the request line
	begun   bool    // a byte other than a line end has come
	refused exchange.Reason

	method, target, protocol []byte // of the request line, empty if it was not read
	fields                   int    // where the first field line begins
}

// readHead waits for a head. It may be one that is refused. The error is io.EOF where the
// connection ends, or is parked, without a response.
func (g *gate) readHead() error {
	if g.broken != nil {
		return io.EOF
	}
	h := &g.head
	if h.room == nil {
		h.room = g.server.rooms.Get().(*[]byte)
	}
	h.got, g.readAhead = copy(*h.room, g.readAhead), nil
	for !g.scan() {
		n, err := g.conn.Read((*h.room)[h.got:])
		if n == 0 && g.waitsOn(err) {
			continue
		}
		if n == 0 && !h.begun {
			return g.silence(err)
		}
		if n == 0 && !g.breaks(err) {
			return io.EOF
		}
		h.got += n // the connection returns err again on the next Read
	}
	g.readAhead = (*h.room)[h.looked:h.got]
	g.part = unjudged
	g.heads++
	return nil
}

// scan looks for the end of the head in what has come since the last call. It reports whether
// the head is complete or refused.
func (g *gate) scan() bool {
	h, memory := &g.head, *g.head.room
	if h.lines == 0 && bytes.HasPrefix(memory[h.line:h.got], []byte(tlsHandshake)) {
		g.refuse(exchange.TLSOnPlainPort) // there may be no line end to wait for
	}
	for h.refused == exchange.NoReason {
		lf := bytes.IndexByte(memory[h.looked:h.got], '\n')
		if lf < 0 {
			break
		}
		end := h.looked + lf
		h.looked = end + 1
		switch {
		case end == h.line || memory[end-1] != '\r':
			g.refuse(exchange.BadHeader) // every line must end with CRLF (RFC 9112 §2.2)
		case end-1 > h.line:
			g.endLine(memory[h.line : end-1])
		case h.lines > 0:
			return true
		}
		h.line = h.looked
	}
	return g.judgeRest()
}

// endLine takes a line of the head that is not empty.
func (g *gate) endLine(line []byte) {
	h := &g.head
	if h.lines++; h.lines > 1 {
		return
	}
	g.begin()
	var p headers.Problem
	if h.method, h.target, h.protocol, p = headers.ParseRequestLine(line); p != headers.NoProblem {
		g.refuse(exchange.BadHeader)
	}
	h.fields = h.looked
}

// judgeRest looks at a line that has not ended.
func (g *gate) judgeRest() bool {
	h := &g.head
	h.looked = h.got
	rest := (*h.room)[h.line:h.got]
	if len(rest) > 1 || len(rest) == 1 && rest[0] != '\r' {
		g.begin()
	}
	switch {
	case h.refused != exchange.NoReason:
	case h.got < len(*h.room):
	case h.lines == 0:
		g.refuse(exchange.URITooLong) // not even the first line has ended (RFC 9112 §3)
	default:
		g.refuse(exchange.HeaderTooLarge)
	}
	return h.refused != exchange.NoReason
}

// begin notes that a head has begun. Empty lines before the request line are no part of it
// (RFC 9112 §2.2).
func (g *gate) begin() {
	if !g.head.begun {
		g.head.begun = true
		g.beginHead()
	}
}

// refuse ends the reading of a head with a response that says why. Nothing on the connection
// is believed any more.
func (g *gate) refuse(why exchange.Reason) { g.head.refused = why }

// breaks decides what becomes of a head that err has cut off. It is false where nobody is owed
// a response: this side closed the connection.
func (g *gate) breaks(err error) bool {
	if errors.Is(err, net.ErrClosed) {
		return false
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		g.refuse(exchange.HeaderStalled)
	} else {
		g.refuse(exchange.BadHeader)
	}
	return true
}

// received returns the head in its parts. They are valid until next.
func (g *gate) received() downstream.Head {
	h := &g.head
	head := downstream.Head{Protocol: h.protocol, Method: h.method, Target: h.target, Scheme: "http"}
	if h.refused == exchange.NoReason && h.lines > 0 {
		head.Fields = (*h.room)[h.fields:h.looked]
	}
	if head.Protocol == nil {
		head.Protocol = []byte{} // none was read
	}
	return head
}

// next makes way for the head of the next request. After a body that was not read there is
// none: what comes would be taken for it.
func (g *gate) next() {
	if g.unread() {
		g.broken = errBodyLeft
	}
	g.part, g.head = inHead, requestHead{room: g.head.room}
}

// giveMemory gives back what the gate has of the server. It must be called
// when nothing of a request is in use any more.
func (g *gate) giveMemory() {
	if g.head.room != nil {
		g.server.rooms.Put(g.head.room)
	}
	if g.departure != nil {
		g.departure.Forget()
		g.server.departures.Put(g.departure)
	}
	g.head, g.readAhead, g.departure = requestHead{}, nil, nil
}
