package headers

// Bounds of what a chunked body may carry besides its data.
const (
	maxChunkDigits    = 16
	maxChunkExtension = 4 << 10 // bytes of extensions in one chunk
	maxTrailerBytes   = 8 << 10 // bytes of the trailer section
)

// ChunkScan undoes the chunked coding and finds its exact end, by the letter of
// RFC 9112 §7.1: strictly. The zero value is ready for the first chunk. It is not safe for
// concurrent use.
type ChunkScan struct {
	state   chunkState
	left    uint64 // bytes of data still to come
	digits  int    // of the size line
	extra   int    // bytes of chunk extensions in this chunk
	trailer []byte // the trailer section so far
	block   Block
}

type chunkState uint8

const (
	chunkSize    chunkState = iota // a digit, or what ends the digits
	chunkSpace                     // white space in front of an extension
	chunkExt                       // an extension, up to CR
	chunkSizeLF                    // the LF of the size line
	chunkData                      // left bytes of data
	chunkDataCR                    // the CRLF after the data
	chunkDataLF                    // its second half
	chunkLine                      // the begin of a trailer line, or the CR of the end
	chunkTrailer                   // inside a trailer line
	chunkEndLF                     // the very last LF
	chunkDone
)

// Reset puts the scan before the first chunk of another body; it keeps its memory.
func (s *ChunkScan) Reset() {
	*s = ChunkScan{trailer: s.trailer[:0], block: s.block}
}

// Done reports whether the body has ended.
func (s *ChunkScan) Done() bool { return s.state == chunkDone }

// Decode takes the next bytes of the connection, and copies the chunk data among them to
// dst. It stops at the end of the body, which Done reports, and before data that dst has no
// room for. It returns how many bytes it has copied and how many it has taken, with BadChunk or
// BadTrailer for those before the byte that is wrong. A p that ends early is no problem: the rest
// is decoded by the next call. After a problem nothing on the connection can be believed, and s
// needs a Reset. dst and p may begin at the same place.
func (s *ChunkScan) Decode(dst, p []byte) (copied, taken int, problem Problem) {
	for taken < len(p) && s.state != chunkDone {
		if s.state == chunkData {
			some := p[taken:min(uint64(len(p)), uint64(taken)+s.left)]
			m := copy(dst[copied:], some)
			if m == 0 {
				break
			}
			copied, taken = copied+m, taken+m
			s.Pass(m)
			continue
		}
		if problem = s.step(p[taken]); problem != NoProblem {
			break
		}
		taken++
	}
	return copied, taken, problem
}

// Data returns how many bytes of chunk data come next, before anything else; zero when something
// else, or nothing, comes next.
func (s *ChunkScan) Data() uint64 {
	if s.state != chunkData {
		return 0
	}
	return s.left
}

// Pass takes n bytes of the data that Data has reported, without Decode. n is from 0, which changes
// nothing, to what Data returns; it does not check that.
func (s *ChunkScan) Pass(n int) {
	if n == 0 {
		return
	}
	if s.left -= uint64(n); s.left == 0 {
		s.state = chunkDataCR
	}
}

// Trailer returns the trailer section, as field lines without the empty line, once the body has
// ended; empty when there is none. It is valid until Reset.
func (s *ChunkScan) Trailer() []byte { return s.trailer }

// step takes one byte that is not chunk data.
func (s *ChunkScan) step(c byte) Problem {
	switch s.state {
	case chunkSize:
		return s.sizeOctet(c)
	case chunkSpace:
		if c == ';' {
			s.state = chunkExt
		} else if s.extra++; s.extra > maxChunkExtension || c != ' ' && c != '\t' {
			return BadChunk
		}
	case chunkExt:
		if c == '\r' {
			s.state = chunkSizeLF
			return NoProblem
		}
		if s.extra++; s.extra > maxChunkExtension || !is(c, valueOctet) {
			return BadChunk
		}
	case chunkSizeLF:
		return s.expect(c, '\n', s.afterSize())
	case chunkDataCR:
		return s.expect(c, '\r', chunkDataLF)
	case chunkDataLF:
		s.digits, s.extra = 0, 0
		return s.expect(c, '\n', chunkSize)
	case chunkLine:
		if c == '\r' {
			s.state = chunkEndLF
			return NoProblem
		}
		return s.trailerOctet(c)
	case chunkTrailer:
		return s.trailerOctet(c)
	case chunkEndLF:
		if s.block.Parse(s.trailer) != NoProblem {
			return BadTrailer
		}
		return s.expect(c, '\n', chunkDone)
	}
	return NoProblem
}

// expect wants one certain byte and then goes on to the next state.
func (s *ChunkScan) expect(c, want byte, next chunkState) Problem {
	if c != want {
		return BadChunk
	}
	s.state = next
	return NoProblem
}

// afterSize is the state after the size line.
func (s *ChunkScan) afterSize() chunkState {
	if s.left == 0 {
		return chunkLine
	}
	return chunkData
}

func (s *ChunkScan) sizeOctet(c byte) Problem {
	if is(c, hexOctet) {
		if s.digits++; s.digits > maxChunkDigits || s.left > 1<<59-1 {
			return BadChunk
		}
		s.left = s.left<<4 | uint64(unhex(c))
		return NoProblem
	}
	switch {
	case s.digits == 0:
		return BadChunk
	case c == '\r':
		s.state = chunkSizeLF
	case c == ';':
		s.state = chunkExt
	case c == ' ' || c == '\t':
		s.state = chunkSpace
	default:
		return BadChunk
	}
	return NoProblem
}

func (s *ChunkScan) trailerOctet(c byte) Problem {
	if len(s.trailer) == maxTrailerBytes {
		return BadTrailer
	}
	s.trailer = append(s.trailer, c)
	s.state = chunkTrailer
	if c != '\n' {
		return NoProblem
	}
	if n := len(s.trailer); n < 2 || s.trailer[n-2] != '\r' {
		return BadTrailer
	}
	s.state = chunkLine
	return NoProblem
}
