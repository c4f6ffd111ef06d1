package tunnel

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"penstock/conn"
)

// Tunnel describes two connections to be joined. Run takes them over and closes
// them.
type Tunnel struct {
	Client, Backend *conn.Conn
	FromClient      []byte        // read from the client already; delivered first
	FromBackend     []byte        // read from the backend already; delivered first
	Idle            time.Duration // without a byte in either direction for so long the tunnel ends; zero means never
}

// join moves bytes both ways until both sides have ended. One side's end is passed
// on as such, and the other direction goes on; an error ends both.
func (t *Tunnel) join() (sent, received int64, err error) {
	t.moved(0)
	var failed atomic.Pointer[error]
	done := make(chan struct{})
	go func() {
		defer close(done)
		sent = t.run(t.Backend, t.Client, t.FromClient, &failed)
	}()
	received = t.run(t.Client, t.Backend, t.FromBackend, &failed)
	<-done
	_ = t.Backend.Close()
	_ = t.Client.Close()
	if p := failed.Load(); p != nil {
		err = *p
	}
	return sent, received, err
}

// run moves one direction to its end. The first error of either direction is kept
// in failed; it ends the other direction too.
func (t *Tunnel) run(dst, src *conn.Conn, first []byte, failed *atomic.Pointer[error]) (n int64) {
	defer func() {
		if cause := recover(); cause != nil {
			t.fail(fmt.Errorf("panic in a tunnel: %v", cause), failed)
		}
	}()
	for len(first) > 0 {
		m, err := dst.Write(first)
		n, first = n+int64(m), first[m:]
		if err != nil {
			t.fail(err, failed)
			return n
		}
	}
	m, err := conn.Splice(dst, src, -1, t.moved)
	n += m
	if err == nil || err == io.EOF {
		err = dst.CloseWrite()
	}
	if err != nil {
		t.fail(err, failed)
	}
	return n
}

// moved gives both connections another idle period.
func (t *Tunnel) moved(int64) {
	for _, c := range [...]*conn.Conn{t.Client, t.Backend} {
		c.SetReadDeadlineIn(t.Idle)
		c.SetWriteDeadlineIn(t.Idle)
	}
}

// fail ends both directions at once.
func (t *Tunnel) fail(err error, failed *atomic.Pointer[error]) {
	failed.CompareAndSwap(nil, &err)
	t.Client.Abort()
	t.Backend.Abort()
}
