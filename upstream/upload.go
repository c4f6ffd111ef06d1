package upstream

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/headers"
	"penstock/lb"
)

// upload pumps a request body from the client to the backend on a goroutine of its
// own, so that the response can be read meanwhile. Its methods, pump and its helpers
// apart, belong to the goroutine of the round trip; a nil *upload is one that was
// sent before it began.
//
// Deadlines of the backend's connection: the pump sets the write deadline, until stop
// puts it into the past for good. The round trip sets the read deadline, except that
// the pump sets the limit for the head when the body is sent, extends that of the
// response's body while its own moves, and ends all reading when the client breaks
// off. Each setter checks afterwards for what it must not undo.
type upload struct {
	conn    *conn.Conn
	backend *lb.Backend
	body    *Body
	times   Times
	client  *conn.Departure
	now     func() time.Time
	began   time.Time
	done    chan struct{} // closed when the pump has ended; what follows may be read then
	sent    int64         // body bytes written
	whole   bool          // the body was sent to its end
	fault   *exchange.Fault
	werr    error           // the backend did not take the body
	late    exchange.Reason // what a passed read deadline means; set before that deadline

	failed  atomic.Bool // fault is or will be set; reading the response is pointless
	stopped atomic.Bool // nothing more may be written
	last    atomic.Bool // the stream has ended well; only the last write is left

	mu   sync.Mutex
	head bool // the final head has arrived: the read deadline is the body's
}

// startUpload begins to send the body of t's request after its head.
func startUpload(t *trip) *upload {
	u := &upload{
		conn: t.src.conn, backend: t.client.backend, body: &t.req.Body, times: t.req.Times, client: t.req.Client, now: t.client.now,
		began: t.client.now(), done: make(chan struct{}),
	}
	u.backend.BeginTransfer() // until the body is sent, no response is expected
	go u.run()
	return u
}

func (u *upload) run() {
	defer close(u.done)
	defer u.backend.EndTransfer()
	defer func() {
		if cause := recover(); cause != nil {
			u.fail(&exchange.Fault{
				Kind: exchange.ProxyInternalError, Reason: exchange.Panicked, Source: exchange.Gateway,
				Err: fmt.Errorf("panic while a request body was read: %v", cause),
			})
		}
	}()
	p := pieces.Get().(*piece)
	defer pieces.Put(p)
	if u.body.Framing.Kind == headers.Chunked {
		u.whole = u.pumpChunked(p)
	} else {
		u.whole = u.pumpSized(p)
	}
	u.expectHead()
}

// pumpSized sends exactly Framing.Length bytes. The last of them only leave when
// the stream has confirmed that it is complete.
func (u *upload) pumpSized(p *piece) bool {
	for left := u.body.Framing.Length; ; {
		n, err := u.read(p.room())
		if err == nil && int64(n) == left {
			err = u.confirm(p.room()[n:])
		}
		if left -= int64(n); left < 0 || left > 0 && err == io.EOF {
			err = fmt.Errorf("request body does not have the announced length: %d bytes are missing", left)
		}
		if err != nil && err != io.EOF {
			u.fail(streamFault(err))
			return false
		}
		if err == io.EOF {
			u.last.Store(true)
		}
		if !u.write(p.data(n)) {
			return false
		}
		u.sent += int64(n)
		if err == io.EOF {
			return true
		}
	}
}

// confirm asks the stream for the end that must follow at once. Every byte more,
// and every other error, is the client's fault.
func (u *upload) confirm(spare []byte) error {
	if len(spare) == 0 {
		spare = make([]byte, 1)
	}
	n, err := u.read(spare[:1])
	if n > 0 {
		return errors.New("request body is longer than announced")
	}
	return err
}

// pumpChunked sends every piece as one chunk, and the last chunk only when the
// stream has ended well.
func (u *upload) pumpChunked(p *piece) bool {
	for {
		n, err := u.read(p.room())
		if err != nil && err != io.EOF {
			u.fail(streamFault(err))
			return false
		}
		end := err == io.EOF
		if !end {
			if !u.write(p.chunk(n, false)) {
				return false
			}
			u.sent += int64(n)
			continue
		}
		u.last.Store(true)
		var trailers []byte
		if u.body.Trailers != nil {
			trailers = u.body.Trailers()
		}
		switch {
		case len(trailers) > 0:
			final := append(p[:0:0], "0\r\n"...)
			if n > 0 {
				final = append(append(final[:0], p.chunk(n, false)...), "0\r\n"...)
			}
			final = append(append(final, trailers...), "\r\n"...)
			end = u.write(final)
		case n > 0:
			end = u.write(p.chunk(n, true))
		default:
			end = u.write([]byte("0\r\n\r\n"))
		}
		if end {
			u.sent += int64(n)
		}
		return end
	}
}

// read returns at least one byte, or an error, or both.
func (u *upload) read(p []byte) (int, error) {
	for range 100 {
		if n, err := u.body.Stream.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// write sends p, as long as the backend takes some of it in every idle period. It
// reports whether all was taken.
func (u *upload) write(p []byte) bool {
	for len(p) > 0 {
		u.conn.SetWriteDeadlineIn(u.times.BodyIdle)
		if u.stopped.Load() { // after the deadline, so that stop's own one is not undone
			return false
		}
		n, err := u.conn.Write(p)
		p = p[n:]
		if err != nil && (n == 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			u.werr = err
			return false
		}
		u.moved()
	}
	return true
}

// moved gives a response that flows already another idle period.
func (u *upload) moved() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.head {
		u.conn.SetReadDeadlineIn(u.times.BodyIdle)
	}
}

// fail ends the round trip because of the client: a blocked reader of the response is woken.
func (u *upload) fail(f *exchange.Fault) {
	if u.stopped.Load() {
		return // the error is the echo of Abort
	}
	u.fault = f
	u.failed.Store(true)
	_ = u.conn.SetReadDeadline(longAgo)
}

// expectHead sets the limit for the response head now that nothing more is sent.
func (u *upload) expectHead() {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.head || u.failed.Load() || u.stopped.Load():
	case u.whole:
		now := u.now()
		by, late := u.times.headBy(now, now.Sub(u.began))
		u.late = late
		_ = u.conn.SetReadDeadline(by)
		u.conn.Phase().Store(awaitingHead)
		u.client.Interrupt(u.conn)
	default:
		u.conn.SetReadDeadlineIn(lastWords)
	}
}

// headArrived notes that the final head has arrived.
func (u *upload) headArrived() {
	if u == nil {
		return
	}
	u.mu.Lock()
	u.head = true
	u.mu.Unlock()
}

// running reports whether the body is still being sent.
func (u *upload) running() bool {
	if u == nil {
		return false
	}
	select {
	case <-u.done:
		return false
	default:
		return true
	}
}

// spoiled reports whether the client has broken off.
func (u *upload) spoiled() bool { return u != nil && u.failed.Load() }

// stop ends the upload if it still runs and waits for it. It reports whether the
// body was sent to its end. Later calls report the same.
func (u *upload) stop() bool {
	if u == nil {
		return true
	}
	if u.running() && !u.stopped.Load() {
		u.stopped.Store(true)
		_ = u.conn.SetWriteDeadline(longAgo)
		if !u.last.Load() { // else it is about to end, and the client's stream is in order
			u.body.Abort()
		}
	}
	<-u.done
	return u.whole
}

// clientFault returns why the client broke off, nil when it did not.
func (u *upload) clientFault() *exchange.Fault {
	if !u.spoiled() {
		return nil
	}
	<-u.done
	return u.fault
}

// writeFault returns why the backend did not take the body, nil when it did or
// when the upload was stopped. Only after stop.
func (u *upload) writeFault() error {
	if u == nil || u.stopped.Load() {
		return nil
	}
	return u.werr
}
