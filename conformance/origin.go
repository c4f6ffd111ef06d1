package conformance

import (
	"fmt"
	"strings"
	"time"

	"penstock/origin/scripted"
)

// ProbeTarget is the target of the request that a Runner sends to find out
// whether the client's connection still works.
const ProbeTarget = "/.well-known/probe"

const probeResponse = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nprobe"

// Origin is the backend of the gateway under test. It follows the script of one case at a
// time, which Runner.Run gives it, and records the requests that it receives. Only NewOrigin makes
// it, and Close must be called.
type Origin struct {
	*scripted.Origin

	state  *scripted.State // guards what follows, and the fields of backendConn
	script []Response      // of the case
	served int             // requests of the case that have got their response
	seen   Seen
	open   map[*backendConn]struct{}
	last   *backendConn
}

// Seen is what the backend got in one case, probes left out.
type Seen struct {
	Requests []Message // complete and valid ones, in the order of their ends
	Partial  string    // bytes at the ends of connections that are no complete request; "" when there are none
	Err      error     // why bytes are no valid request; nil when all are
}

// backendConn is one connection of the gateway.
type backendConn struct {
	*scripted.Peer
	buf       []byte
	invited   bool // 100 Continue, or an early response, was sent for the request in buf
	responded bool // an early response was sent for it
}

// NewOrigin listens on a free loopback port and serves until Close. The error is that no port is
// free.
func NewOrigin() (*Origin, error) {
	o := &Origin{state: scripted.NewState(), open: map[*backendConn]struct{}{}}
	backend, err := scripted.Start(scripted.Options{Script: o.serve})
	if err != nil {
		return nil, err
	}
	o.Origin = backend
	return o, nil
}

// begin starts a case.
func (o *Origin) begin(script []Response) {
	o.state.Change(func() { o.script, o.served, o.seen, o.last = script, 0, Seen{}, nil })
}

// end waits until no request is incomplete, at most patience, closes all connections and
// returns what was received.
func (o *Origin) end(patience time.Duration) (seen Seen) {
	late := !o.state.Wait(patience, func() bool {
		for c := range o.open {
			if len(c.buf) > 0 {
				return false
			}
		}
		return true
	})
	o.Cut()
	o.state.Look(func() {
		if late && o.seen.Partial == "" {
			o.seen.Partial = "a request that does not end"
		}
		seen = o.seen
	})
	return seen
}

// stray writes bytes on the connection that was used last.
func (o *Origin) stray(b []byte) {
	var c *backendConn
	o.state.Look(func() { c = o.last })
	if c != nil {
		_, _ = c.Write(b) // fails when the gateway has closed the connection, which is acceptable
	}
}

func (o *Origin) serve(p *scripted.Peer) {
	c := &backendConn{Peer: p}
	o.state.Change(func() { o.open[c] = struct{}{} })
	defer o.state.Change(func() {
		delete(o.open, c)
		if len(c.buf) > 0 {
			o.seen.Partial += string(c.buf)
		}
	})
	piece := make([]byte, 16<<10)
	for {
		n, err := c.Read(piece)
		if n > 0 {
			o.state.Change(func() { c.buf = append(c.buf, piece[:n]...) })
		}
		if err != nil || !o.digest(c) {
			return
		}
	}
}

// digest responds to the complete requests in the buffer; false ends the connection.
func (o *Origin) digest(c *backendConn) bool {
	for len(c.buf) > 0 {
		m, n, err := readRequest(c.buf)
		switch {
		case err == errMore && m.Start[0] != "" && n > 0:
			return o.invite(c, &m)
		case err == errMore:
			return true
		case err == nil && len(m.all("Host")) == 0 && m.Start[2] == "HTTP/1.1":
			err = fmt.Errorf("no Host field")
		}
		if err != nil {
			o.state.Change(func() { o.seen.Err = err })
			return false
		}
		if !o.respond(c, m, n) {
			return false
		}
	}
	return true
}

// invite handles a request whose head has arrived and whose body has not: it sends the
// early response of the script, or 100 Continue where that is expected.
func (o *Origin) invite(c *backendConn, m *Message) bool {
	if c.invited {
		return true
	}
	c.invited = true
	r := o.peek()
	if r.Early {
		c.responded = true
		_, err := c.Write(r.Bytes)
		return err == nil && !r.Close
	}
	if expect := m.all("Expect"); len(expect) == 1 && strings.EqualFold(expect[0], "100-continue") {
		_, err := c.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
		return err == nil
	}
	return true
}

func (o *Origin) peek() (r Response) {
	o.state.Look(func() { r = scriptedAt(o.script, o.served) })
	return r
}

// scriptedAt returns the i-th response of a script. After the end of the script that is a 200
// whose body has the number of the request.
func scriptedAt(script []Response, i int) Response {
	if i < len(script) {
		return script[i]
	}
	return Response{Bytes: fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok%d", (i+1)%10)}
}

// respond records a request and responds to it; false ends the connection.
func (o *Origin) respond(c *backendConn, m Message, n int) bool {
	probe := m.Start[0] == "GET" && m.Start[1] == ProbeTarget
	var r Response
	o.state.Change(func() {
		o.last = c
		if probe {
			r.Bytes = []byte(probeResponse)
		} else {
			r = scriptedAt(o.script, o.served)
			o.seen.Requests = append(o.seen.Requests, m)
			if m.Start[0] == "HEAD" && o.served >= len(o.script) {
				r.Bytes = r.Bytes[:len(r.Bytes)-3]
			}
			o.served++
		}
	})
	var err error
	if !c.responded {
		_, err = c.Write(r.Bytes)
	}
	o.state.Change(func() { c.buf, c.invited, c.responded = c.buf[n:], false, false })
	if r.Reset {
		c.Reset()
	}
	return err == nil && !r.Close && !r.Reset
}
