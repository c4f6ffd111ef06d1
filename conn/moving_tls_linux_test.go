package conn

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// slowTLS returns a TLS connection on a unix socket, in which each read of the peer makes room,
// and a wait until a write on it finds the send buffer full and has time left, or has ended.
func slowTLS(t *testing.T, s *Sweeper) (c *Conn, server *tls.Conn, fills func(ended chan error)) {
	t.Helper()
	near, far := unixPair(t)
	server = tls.Server(far, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	shaken := make(chan error, 1)
	go func() { shaken <- server.Handshake() }()
	client := tls.Client(Underlay(near), &tls.Config{InsecureSkipVerify: true})
	if err := errors.Join(client.Handshake(), <-shaken); err != nil {
		t.Fatal(err)
	}
	c = New(client, s)
	t.Cleanup(c.Abort)
	return c, server, func(ended chan error) {
		t.Helper()
		until(t, "the send buffer is full, or the write has ended", func() bool {
			return len(ended) > 0 || c.out.busy() && full(t, c) && !s.past(c.out.deadline.Load()) && !c.out.fired.Load()
		})
	}
}

func TestPeerThatTakesLittleOfTLSIsNotIdle(t *testing.T) {
	const idle = time.Second
	s := stillSweeper(t)
	c, server, fills := slowTLS(t, s)
	later := func() { s.sweep(time.Duration(s.now.Load()) + idle + 2*s.tick) }
	sent := make([]byte, 4<<20)
	for i := range sent {
		sent[i] = byte(rand.Uint32())
	}
	ended := make(chan error, 1)
	go func() { _, err := c.WriteMoving(sent, idle); ended <- err }()
	var got bytes.Buffer
	for range 5 {
		fills(ended)
		if _, err := io.CopyN(&got, server, crumb); err != nil {
			t.Fatal(err)
		}
		later()
		if len(ended) > 0 {
			t.Fatalf("got %v of a peer that takes something in every idle period", <-ended)
		}
	}
	if _, err := io.CopyN(&got, server, int64(len(sent)-got.Len())); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil || !bytes.Equal(got.Bytes(), sent) {
		t.Errorf("got %v, and what came is what was sent: %v", err, bytes.Equal(got.Bytes(), sent))
	}
	go func() { _, err := c.WriteMoving(sent, idle); ended <- err }()
	fills(ended)
	later() // the buffer was filled in this period
	fills(ended)
	later()
	if err := <-ended; err != os.ErrDeadlineExceeded {
		t.Errorf("got %v of a peer that takes nothing", err)
	}
}

// A write under TLS that is ended on purpose sends nothing more, although there is room.
func TestTLSWriteThatIsEndedOnPurposeSendsNoMore(t *testing.T) {
	s := stillSweeper(t)
	c, server, fills := slowTLS(t, s)
	ended := make(chan error, 1)
	go func() { _, err := c.WriteMoving(make([]byte, 4<<20), time.Second); ended <- err }()
	fills(ended)
	if _, err := io.CopyN(io.Discard, server, crumb); err != nil {
		t.Fatal(err)
	}
	_ = c.SetWriteDeadline(longAgo)
	if err := <-ended; err != os.ErrDeadlineExceeded {
		t.Errorf("got %v, want that its time is over", err)
	}
}
