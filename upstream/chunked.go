package upstream

import (
	"bytes"
	"errors"
	"io"
	"math"
	"sync"

	"penstock/headers"
)

const (
	maxSizeDigits = 16
	maxExtension  = 4 << 10 // bytes of chunk extensions in one chunk; they are skipped
	maxTrailers   = 8 << 10 // bytes of a trailer section
)

// codingError says what breaks the chunked coding (RFC 9112 §7.1).
type codingError string

func (e codingError) Error() string { return "chunked coding: " + string(e) }

const (
	badChunkSize codingError = "chunk size is not 1 to 16 hexadecimal digits, or too large"
	badExtension codingError = "chunk extension is too long or not valid"
	badChunkEnd  codingError = "no CRLF after chunk data"
	badTrailer   codingError = "trailer section is too large or not valid"
)

// errNotYet means that the next step needs bytes that have not arrived.
var errNotYet = errors.New("not yet buffered")

type chunkState uint8

const (
	atSize     chunkState = iota // a chunk's size line is next
	inData                       // left bytes of data are next
	behindData                   // the CRLF after the data is next
	atTrailer                    // the trailer section is next
	atEnd                        // the body is complete
)

// chunkReader undoes the chunked coding, strictly and without reading a byte
// beyond it. Its errors are io.EOF, only after the very last CRLF; a codingError;
// io.ErrUnexpectedEOF when the stream ends anywhere before; or an error of the
// connection. After an error every call returns it.
type chunkReader struct {
	src      *source
	state    chunkState
	left     int64 // bytes of data left in this chunk
	err      error
	trailers headers.Block // valid after io.EOF
	raw      []byte        // the bytes of trailers
}

// reset begins a new body. It keeps the memory for trailers.
func (r *chunkReader) reset(src *source) {
	r.trailers.Reset()
	*r = chunkReader{src: src, trailers: r.trailers, raw: r.raw[:0]}
}

// next returns data that is buffered, at least one byte; it is valid until advance.
// Unless wait is set it does not read from the connection and may return errNotYet.
func (r *chunkReader) next(wait bool) ([]byte, error) {
	for r.err == nil {
		var err error
		switch r.state {
		case inData:
			if err = r.need(1, wait); err == nil {
				br := r.src.br
				return br.Peek(int(min(r.left, int64(br.Buffered()))))
			}
		case behindData:
			err = r.dataEnd(wait)
		case atSize:
			err = r.sizeLine(wait)
		case atTrailer:
			err = r.trailerSection(wait)
		default:
			err = io.EOF
		}
		if err == errNotYet {
			return nil, err
		}
		r.err = err
	}
	return nil, r.err
}

// advance takes n bytes of what next returned.
func (r *chunkReader) advance(n int) {
	_, _ = r.src.br.Discard(n)
	if r.left -= int64(n); r.left == 0 {
		r.state = behindData
	}
}

// need waits for n buffered bytes. A stream that ends first was cut short.
func (r *chunkReader) need(n int, wait bool) error {
	if r.src.br.Buffered() >= n {
		return nil
	}
	if !wait {
		return errNotYet
	}
	err := r.src.fill(n)
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (r *chunkReader) dataEnd(wait bool) error {
	if err := r.need(2, wait); err != nil {
		return err
	}
	br := r.src.br
	if end, _ := br.Peek(2); string(end) != "\r\n" {
		return badChunkEnd
	}
	_, _ = br.Discard(2)
	r.state = atSize
	return nil
}

// sizeLine reads "size [;extension] CRLF" (RFC 9112 §7.1.1).
func (r *chunkReader) sizeLine(wait bool) error {
	br := r.src.br
	for seen := 0; ; {
		buf, _ := br.Peek(br.Buffered())
		i := bytes.IndexByte(buf[seen:], '\n')
		if i < 0 && len(buf) > 0 && hexDigit(buf[0]) < 0 {
			return badChunkSize // whatever the rest will be
		}
		if i < 0 && len(buf) < maxSizeDigits+maxExtension {
			seen = len(buf)
			if err := r.need(len(buf)+1, wait); err != nil {
				return err
			}
			continue
		}
		if i < 0 {
			i = len(buf) - 1 - seen // too long in any case
		}
		size, err := parseSizeLine(buf[:seen+i+1])
		if err != nil {
			return err
		}
		_, _ = br.Discard(seen + i + 1)
		r.left, r.state = size, inData
		if size == 0 {
			r.state = atTrailer
		}
		return nil
	}
}

// parseSizeLine judges a size line, LF included; one that has none is too long.
func parseSizeLine(line []byte) (size int64, err error) {
	digits := 0
	for ; digits < len(line); digits++ {
		d := hexDigit(line[digits])
		if d < 0 {
			break
		}
		if digits == maxSizeDigits || size > math.MaxInt64>>4 {
			return 0, badChunkSize
		}
		size = size<<4 | int64(d)
	}
	if digits == 0 {
		return 0, badChunkSize
	}
	ext := line[digits:]
	if len(ext) > maxExtension || !bytes.HasSuffix(ext, []byte("\r\n")) {
		return 0, badExtension
	}
	ext = ext[:len(ext)-2]
	if rest := bytes.TrimLeft(ext, " \t"); len(rest) > 0 && rest[0] != ';' {
		return 0, badExtension
	}
	for _, c := range ext {
		if c < ' ' && c != '\t' || c == 0x7f {
			return 0, badExtension
		}
	}
	return size, nil
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// trailerSection reads the fields after the last chunk and the final CRLF.
func (r *chunkReader) trailerSection(wait bool) error {
	br := r.src.br
	var scan headScan
	for {
		buf, _ := br.Peek(br.Buffered())
		n, p := scan.end(buf)
		if p != headers.NoProblem || n > maxTrailers || n == 0 && len(buf) >= maxTrailers {
			return badTrailer
		}
		if n == 0 {
			if err := r.need(len(buf)+1, wait); err != nil {
				return err
			}
			continue
		}
		if n > len("\r\n") {
			r.raw = append(r.raw[:0], buf[:n]...)
			if r.trailers.Parse(r.raw) != headers.NoProblem {
				return badTrailer
			}
		}
		_, _ = br.Discard(n)
		r.state = atEnd
		return nil
	}
}

const (
	pieceSize = 32 << 10
	pieceHead = len("7fff\r\n")
	pieceTail = len("\r\n0\r\n\r\n")
)

// piece is a buffer with room around its data, so that a chunk is written with
// its size line and CRLF in one go.
type piece [pieceSize]byte

var pieces = sync.Pool{New: func() any { return new(piece) }}

// room is where the data goes.
func (p *piece) room() []byte { return p[pieceHead : pieceSize-pieceTail] }

// data returns the first n bytes of the room as they are.
func (p *piece) data(n int) []byte { return p[pieceHead : pieceHead+n] }

// chunk returns the first n bytes of the room as a chunk; n must not be zero. last
// adds the final chunk, without trailers.
func (p *piece) chunk(n int, last bool) []byte {
	from, to := pieceHead-2, pieceHead+n
	copy(p[from:], "\r\n")
	for size := n; size > 0; size >>= 4 {
		from--
		p[from] = "0123456789abcdef"[size&15]
	}
	end := "\r\n"
	if last {
		end = "\r\n0\r\n\r\n"
	}
	return p[from : to+copy(p[to:], end)]
}
