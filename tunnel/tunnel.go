package tunnel

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"penstock/conn"
)

// Tunnel describes the two connections that Run joins. Run closes both; neither may be nil.
type Tunnel struct {
	Client, Backend End
	FromClient      []byte        // already read from the client, delivered to the backend first
	FromBackend     []byte        // already read from the backend, delivered to the client first
	Idle            time.Duration // ended when no byte moves in either direction for that long; 0 means never, negative ends it at once
	Label           string        // names the tunnel in errors; may be empty
}

// PanicError is a panic in the goroutines of a tunnel. It ends only that tunnel, whose Run
// returns an error that wraps it.
type PanicError struct {
	Value any    // what recover returned
	Stack []byte // of the goroutine that panicked, as text
}

// Error returns the panic's value without the stack, which belongs in the log.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// run is the state of an open tunnel.
type run struct {
	Tunnel
	once  sync.Once
	cause error // why it was ended early; set once, before the connections are closed
}

// carry copies one direction until its end and ends it on the other connection. The other direction
// stays open, because a peer that has sent everything may still receive. It returns the bytes moved,
// also those before a panic, which ends the tunnel.
func (t *run) carry(dst, src End, early []byte) (done int64) {
	defer func() {
		if v := recover(); v != nil {
			t.end(&PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	moved := func(n int64) {
		done += n
		t.extend()
	}
	if len(early) > 0 {
		n, err := dst.Write(early)
		moved(int64(n))
		if err != nil {
			t.end(lost(dst, err))
			return done
		}
	}
	if err := move(dst, src, moved); err != nil {
		if side, ok := errors.AsType[*conn.SpliceError](err); ok && side.Writing {
			err = lost(dst, err)
		}
		t.end(err)
		return done
	}
	if err := dst.CloseWrite(); err != nil {
		t.end(lost(dst, err)) // without halves there is only one end for both
	}
	return done
}

// lost returns the error of a failed write: nil when the peer had ended its own direction
// before, because then it may close the connection.
func lost(dst End, err error) error {
	if broken(err) && dst.SawEOF() || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// broken reports whether the peer closed the connection; a timeout or our own close is not that.
func broken(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ENOTCONN)
}

// extend restarts the idle time of both connections in both directions, so that a download
// keeps an upload direction open that is silent.
func (t *run) extend() {
	for _, c := range [2]End{t.Client, t.Backend} {
		c.SetReadDeadlineIn(t.Idle)
		c.SetWriteDeadlineIn(t.Idle)
	}
}

// end closes both connections and so ends both directions. cause is nil for an ordinary end;
// the first cause is kept. When one connection broke, the other one is reset, so that its
// peer does not take a truncated stream for a complete one.
func (t *run) end(cause error) {
	t.once.Do(func() {
		switch {
		case cause == nil:
		case errors.Is(cause, os.ErrDeadlineExceeded):
			t.cause = fmt.Errorf("tunnel %s: no byte moved for %v: %w", t.Label, t.Idle, cause)
		default:
			t.cause = fmt.Errorf("tunnel %s: %w", t.Label, cause)
		}
		if broken(cause) {
			t.Client.Abort()
			t.Backend.Abort()
		}
		_ = t.Client.Close() // cause is the error that counts
		_ = t.Backend.Close()
	})
}
