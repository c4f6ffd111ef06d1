package conformance

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// Runner plays cases through one gateway, one at a time. All fields are required.
type Runner struct {
	Address  string        // of the gateway: "host:port"
	Origin   *Origin       // what the gateway forwards to; Run changes its script, so two runners cannot share it at once
	Patience time.Duration // after this time without a byte, nothing more is expected; must be positive
}

// Observed is what happened in one case.
type Observed struct {
	Responses []Message // what the client got, interim responses too
	Tail      string    // bytes after them that are no complete response
	TailErr   error     // why they are no response; nil when they are the beginning of one, or Tail is ""
	Closed    bool      // the gateway ended the client's connection
	Silent    bool      // a response was awaited and did not come within Patience
	Seen      Seen      // what the backend got
}

// finals returns the responses that are not interim.
func (s *Observed) finals() (list []Message) {
	for _, m := range s.Responses {
		if st := m.status(); st >= 200 || st == 101 {
			list = append(list, m)
		}
	}
	return list
}

// Run plays a case over a new connection. It returns nil and an error only when it cannot connect to
// the gateway; whether what it observed is acceptable, Case.Judge says. In the end it sends a request
// for ProbeTarget on a connection that should persist, and closes all connections of the Origin.
func (r *Runner) Run(c *Case) (*Observed, error) {
	r.Origin.begin(c.Script)
	conn, err := net.Dial("tcp", r.Address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	p := &play{Runner: r, c: c, conn: conn, seen: &Observed{}}
	for _, s := range c.Steps {
		p.step(s)
	}
	for len(p.seen.finals()) < c.finals() && p.read() {
	}
	p.settle()
	p.seen.Tail = string(p.buf)
	p.seen.Seen = r.Origin.end(r.Patience)
	return p.seen, nil
}

// play is one case under way.
type play struct {
	*Runner
	c     *Case
	conn  net.Conn
	buf   []byte // received and not yet parsed
	ended bool   // the client has ended its side
	seen  *Observed
}

func (p *play) step(s Step) {
	switch s.Kind {
	case Send:
		_ = p.conn.SetWriteDeadline(time.Now().Add(p.Patience))
		_, _ = p.conn.Write(s.Bytes) // fails when the gateway has refused and closed already
	case Await:
		p.read()
	case End:
		p.ended = true
		_ = p.conn.(*net.TCPConn).CloseWrite()
	case Stray:
		p.Origin.stray(s.Bytes)
	}
}

// read parses the next response; false means that there is none.
func (p *play) read() bool {
	piece := make([]byte, 16<<10)
	for {
		if len(p.buf) > 0 {
			m, n, err := readResponse(p.buf, p.c.method(len(p.seen.finals())), p.seen.Closed)
			if err == nil {
				p.seen.Responses, p.buf = append(p.seen.Responses, m), p.buf[n:]
				return true
			}
			if err != errMore {
				p.seen.TailErr = err
				return false
			}
		}
		if p.seen.Closed || p.seen.Silent {
			return false
		}
		_ = p.conn.SetReadDeadline(time.Now().Add(p.Patience))
		n, err := p.conn.Read(piece)
		p.buf = append(p.buf, piece[:n]...)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			p.seen.Silent = true
		case err != nil:
			p.seen.Closed = true
		}
	}
}

// settle finds out whether the connection is closed, and whether bytes are left on it: a
// connection that the gateway did not announce to close must serve a probe next.
func (p *play) settle() {
	finals := p.seen.finals()
	if p.seen.Closed || p.seen.TailErr != nil || p.seen.Silent {
		return
	}
	last := &finals[len(finals)-1]
	if last.status() == 101 {
		return
	}
	persistent := !last.lists("close") && (last.Start[0] == "HTTP/1.1" || last.lists("keep-alive"))
	if persistent && !p.ended {
		_, _ = io.WriteString(p.conn, "GET "+ProbeTarget+" HTTP/1.1\r\nHost: probe.example\r\n\r\n")
	}
	for p.read() {
		n := len(p.seen.Responses) - 1
		if persistent && p.seen.Responses[n].Body == "probe" {
			p.seen.Responses = p.seen.Responses[:n]
			return
		}
	}
	p.seen.Silent = false // every response came; only the connection stays open
}
