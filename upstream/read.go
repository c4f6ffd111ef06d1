package upstream

import (
	"bufio"
	"time"

	"penstock/conn"
	"penstock/exchange"
)

// longAgo is a deadline that wakes whoever is blocked.
var longAgo = time.Unix(1, 0)

// source is the reading side of a backend's connection: buffered, and timed by
// progress. Every piece that arrives gives the transfer another idle period, in
// both directions.
type source struct {
	br   *bufio.Reader
	conn *conn.Conn // nil when there is nothing to time, as in tests of the readers
	up   *upload    // the upload beside; nil when there is none
	// client ends the wait for the next piece of a body when it leaves; nil for one that cannot.
	client *conn.Departure
	idle   time.Duration
}

// fill waits until n bytes are buffered.
func (s *source) fill(n int) error {
	for {
		have := s.br.Buffered()
		if have >= n {
			return nil
		}
		s.arm()
		if _, err := s.br.Peek(have + 1); err != nil {
			return err
		}
		s.spare()
	}
}

// next returns what is buffered, at most limit bytes, valid until it is discarded.
// Unless wait is set it does not read from the connection and may return errNotYet.
func (s *source) next(limit int64, wait bool) ([]byte, error) {
	if s.br.Buffered() == 0 {
		if !wait {
			return nil, errNotYet
		}
		if err := s.fill(1); err != nil {
			return nil, err
		}
	}
	return s.br.Peek(int(min(limit, int64(s.br.Buffered()))))
}

// spare gives an upload that still runs another idle period, since the response moves.
func (s *source) spare() {
	if s.up.running() && !s.up.stopped.Load() {
		s.conn.SetWriteDeadlineIn(s.idle)
	}
}

// arm allows another idle period, unless the upload has failed or the client has left: then
// reading is pointless, and must not go on waiting.
func (s *source) arm() {
	if s.conn == nil {
		return
	}
	s.conn.SetReadDeadlineIn(s.idle)
	if s.up.spoiled() || s.client.Left() {
		_ = s.conn.SetReadDeadline(longAgo)
	}
}

// readWhole reads a body of n bytes into the response's own memory.
func (t *trip) readWhole(n int) *exchange.Fault {
	r := t.resp
	r.small = grow(r.small, n)
	for got := 0; got < n; {
		if err := t.src.fill(1); err != nil {
			t.at.Received = int64(got)
			return t.bodyFault(err)
		}
		m, _ := t.src.br.Read(r.small[got:]) // buffered: copies, cannot fail
		got += m
	}
	r.Buffered, t.at.Received = r.small, int64(n)
	return nil
}
