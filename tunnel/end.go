package tunnel

import (
	"io"
	"time"

	"penstock/conn"
)

// End is one end of a tunnel: a connection, or a stream of one that carries many. A
// *conn.Conn is an End.
type End interface {
	io.ReadWriter
	CloseWrite() error // ends our direction; the other stays open
	Close() error
	Abort()       // ends both directions so that the peer sees an error
	SawEOF() bool // the peer has ended its direction
	SetReadDeadlineIn(d time.Duration)
	SetWriteDeadlineIn(d time.Duration)
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
