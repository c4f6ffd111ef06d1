package conn

import (
	"io"
	"sync"
)

// bufferSize is the piece that is copied when the kernel cannot move bytes by itself.
const bufferSize = 32 << 10

// recordSize is the largest piece handed to TLS at once: one record's payload.
const recordSize = 16 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// SpliceError is an error of a Splice with the side that ended it.
type SpliceError struct {
	Writing bool  // the destination failed; else the source
	Err     error // never nil: what Read or Write returns, io.ErrUnexpectedEOF, io.ErrShortWrite or the socket's error
}

// Error returns the cause with its direction.
func (e *SpliceError) Error() string {
	if e.Writing {
		return "splice, writing: " + e.Err.Error()
	}
	return "splice, reading: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *SpliceError) Unwrap() error { return e.Err }

// Splice moves n bytes from src to dst, all until the end of the stream when n is
// negative, none when it is zero, and returns how many were written. An end before n bytes is
// io.ErrUnexpectedEOF; with a negative n the end is no error. Every error is a *SpliceError,
// after which bytes that were read from src and not written are lost. It closes neither side.
//
// moved, when not nil, is called after every piece that was written, with its size;
// it may extend the deadlines of both connections, which bind the transfer as they
// bind Read and Write. On Linux the bytes go through the kernel alone when neither
// side is TLS; else they are copied. No other goroutine may read src or write dst meanwhile.
func Splice(dst, src *Conn, n int64, moved func(int64)) (int64, error) {
	if n == 0 {
		return 0, nil
	}
	if moved == nil {
		moved = func(int64) {}
	}
	if src.sys != nil && dst.sys != nil && !src.secure && !dst.secure {
		done, err, ok := spliceSockets(dst, src, n, moved)
		if ok {
			return done, err
		}
		if n > 0 {
			n -= done
		}
		rest, err := copyPieces(dst, src, n, moved)
		return done + rest, err
	}
	return copyPieces(dst, src, n, moved)
}

// StartSmall has a Splice of n bytes from src to dst, which follows, begin with small buffers in
// the kernel, once in the life of each connection. That ends by itself when 512 KiB were moved.
// It does nothing unless n is above that, and on systems other than Linux. It is for the
// goroutine that calls Splice.
func StartSmall(dst, src *Conn, n int64) {
	if n > provenBy {
		dst.sends.boundSending(dst.sys)
		src.receives.boundReceiving(src.sys)
	}
}

// grow ends what StartSmall has begun, when enough of a transfer was moved.
func grow(dst, src *Conn, done int64) {
	if done >= provenBy {
		dst.sends.freeSending(dst.sys)
		src.receives.freeReceiving(src.sys)
	}
}

// copyPieces is Splice through a buffer.
func copyPieces(dst, src *Conn, n int64, moved func(int64)) (done int64, err error) {
	for n < 0 || done < n {
		want := bufferSize
		if n > 0 {
			want = int(min(bufferSize, n-done))
		}
		w, eof, err := copyPiece(dst, src, want, moved)
		done += w
		if err != nil || eof {
			return done, endOf(n-done, err)
		}
		grow(dst, src, done)
	}
	return done, nil
}

// endOf returns the error of a transfer that ended with err, or with the end of the
// stream when err is nil, while left bytes were still to come; negative means "all
// there are".
func endOf(left int64, err error) error {
	if err == nil && left > 0 {
		return &SpliceError{Err: io.ErrUnexpectedEOF}
	}
	return err
}

// copyPiece copies what one Read of at most limit bytes returns.
func copyPiece(dst, src *Conn, limit int, moved func(int64)) (done int64, eof bool, err error) {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	got, rerr := src.Read((*buf)[:min(limit, bufferSize)])
	done, err = writePieces(dst, (*buf)[:got], moved)
	switch {
	case err != nil:
		return done, false, &SpliceError{Writing: true, Err: err}
	case rerr == io.EOF:
		return done, true, nil
	case rerr != nil:
		return done, false, &SpliceError{Err: rerr}
	}
	return done, false, nil
}

// writePieces writes p and reports every piece. A slow peer may take longer for one
// piece than the deadline allows; as long as some of it was taken in that time, moved
// hears of it and may extend the deadline.
func writePieces(dst *Conn, p []byte, moved func(int64)) (done int64, err error) {
	for len(p) > 0 {
		piece := p
		if dst.secure {
			piece = p[:min(len(p), recordSize)]
		}
		w, err := dst.Write(piece)
		p = p[w:]
		done += int64(w)
		if w > 0 {
			moved(int64(w))
		}
		if err != nil && (w == 0 || dst.secure || !timedOut(err)) {
			return done, err
		}
	}
	return done, nil
}
