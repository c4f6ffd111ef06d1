package tunnel

import (
	"io"
	"time"

	"penstock/conn"
)

// End is one end of a tunnel: a connection, or a stream of one that carries many. A
// *conn.Conn is an End. One goroutine reads and another writes; all other methods may be called
// beside them.
type End interface {
	io.ReadWriter                       // Read returns io.EOF only when the peer has ended its direction
	CloseWrite() error                  // ends our direction; the other stays open. Wraps errors.ErrUnsupported where that is not possible
	Close() error                       // ends both directions; reads and writes that wait return
	Abort()                             // ends both directions so that the peer sees an error; Close may follow
	SawEOF() bool                       // the peer has ended its direction, and Read has seen that
	SetReadDeadlineIn(d time.Duration)  // reads fail with os.ErrDeadlineExceeded from d on; zero means no deadline, negative is past
	SetWriteDeadlineIn(d time.Duration) // the same for writes
}

var _ End = (*conn.Conn)(nil)

// copySize is how much is copied at once where the kernel cannot move the bytes.
const copySize = 16 << 10

// move moves bytes from src to dst until src ends; moved is called with the size of each copy. Every error
// is a *conn.SpliceError.
func move(dst, src End, moved func(int64)) error {
	to, ok := dst.(*conn.Conn)
	if from, both := src.(*conn.Conn); ok && both {
		_, err := conn.Splice(to, from, -1, moved)
		return err
	}
	buf := make([]byte, copySize)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			w, werr := dst.Write(buf[:n])
			moved(int64(w))
			if werr != nil {
				return &conn.SpliceError{Writing: true, Err: werr}
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return &conn.SpliceError{Err: err}
		}
	}
}
