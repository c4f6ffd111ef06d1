package conformance

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// Runner plays cases through one gateway.
type Runner struct {
	Address  string        // of the gateway
	Origin   *Origin       // what the gateway forwards to; a Runner plays one case at a time
	Patience time.Duration // silence for so long means that nothing more will come
}

// Observed is what happened in one case.
type Observed struct {
	Answers []Message // what the client got, interim answers too
	Tail    string    // bytes behind them that are no answer
	TailErr error     // why not
	Closed  bool      // the gateway ended the client's connection
	Silent  bool      // an answer was awaited in vain
	Seen    Seen      // what the backend got
}

// finals returns the answers that are not interim.
func (s *Observed) finals() (list []Message) {
	for _, m := range s.Answers {
		if st := m.status(); st >= 200 || st == 101 {
			list = append(list, m)
		}
	}
	return list
}

// Run plays a case. The error is one of the network before the case began.
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
	buf   []byte // received and not yet understood
	ended bool   // the client has ended its side
	seen  *Observed
}

func (p *play) step(s Step) {
	switch s.Kind {
	case Send:
		_ = p.conn.SetWriteDeadline(time.Now().Add(p.Patience))
		_, _ = p.conn.Write(s.Bytes) // a gateway that has refused already may not take it
	case Await:
		p.read()
	case End:
		p.ended = true
		_ = p.conn.(*net.TCPConn).CloseWrite()
	case Stray:
		p.Origin.stray(s.Bytes)
	}
}

// read takes the next answer; false means that there is none.
func (p *play) read() bool {
	piece := make([]byte, 16<<10)
	for {
		if len(p.buf) > 0 {
			m, n, err := readAnswer(p.buf, p.c.method(len(p.seen.finals())), p.seen.Closed)
			if err == nil {
				p.seen.Answers, p.buf = append(p.seen.Answers, m), p.buf[n:]
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

// settle finds out whether the connection is closed, and whether something is
// left on it: a connection that was not announced to end must serve a probe next.
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
		n := len(p.seen.Answers) - 1
		if persistent && p.seen.Answers[n].Body == "probe" {
			p.seen.Answers = p.seen.Answers[:n]
			return
		}
	}
	p.seen.Silent = false // the answers were there; only the connection stays open
}
