package cache

import "encoding/binary"

// The sizes that make entries pack. fastcache writes into chunks of 64 KiB, an
// entry never spans two of them and never ends exactly where one ends. Eight
// times (4 + 12 + 8 + 8160) bytes are 65472, so full pieces alone waste 64 bytes
// of a chunk. Among entries of mixed sizes about half a piece is lost at its
// end: with pieces of 16352 bytes, four a chunk, whole bodies of up to 1 MiB
// made up 81 % of a store of 256 MiB, with these 88 %, with 4064 bytes 94 %.
// Each piece costs some 100 ns to find and 40 bytes of index.
const (
	ringChunk   = 64 << 10 // fastcache's chunk
	ringBuckets = 512      // fastcache's buckets, each a ring of chunks
	ringHeader  = 4        // fastcache's own bytes before each key

	piecesPerChunk = 8
	pieceKeySize   = 12 // entry id and index
	pieceSumSize   = 8
	pieceSize      = 8160 // body bytes in a full piece
	partPieces     = 2    // pieces that are filed and handed out at once

	maxInline = ringChunk/4 - 8 // with key and header; a larger entry has its body in pieces
	maxRecord = ringChunk - 1   // with key and header: what fastcache stores at all
)

// pieceCount is how many pieces a body of that many bytes takes.
func pieceCount(size int64) int64 { return (size + pieceSize - 1) / pieceSize }

// pieceLength is how many body bytes the piece of that index holds.
func pieceLength(size, index int64) int { return int(min(size-index*pieceSize, pieceSize)) }

// pieceTweak ties a piece's checksum to its place.
func pieceTweak(id uint64, index int64) uint64 {
	return fold(id^0x9e3779b97f4a7c15, uint64(index)<<8|tweakPiece) ^ tweakPiece
}

// setPiece files one piece. buf holds pieceSumSize spare bytes and then the
// body bytes.
func (s *Store) setPiece(id uint64, index int64, buf []byte) {
	sum := s.secret.sum(pieceTweak(id, index), buf[pieceSumSize:])
	binary.LittleEndian.PutUint64(buf, sum)
	ring, key := s.rings.piece(id, index)
	s.set(ring, key[:], buf)
}

// pieceBuffer returns b as an empty buffer for appendPiece.
func pieceBuffer(b []byte) []byte { return append(b[:0], make([]byte, pieceSumSize)...) }

// appendPiece appends the body bytes of a piece to dst, verified for their
// place and their length. dst comes from pieceBuffer: fastcache writes a
// piece's checksum over the end of dst, which is put back, so that pieces come
// to lie side by side without another copy.
func (s *Store) appendPiece(dst []byte, id uint64, index int64, length int) ([]byte, bool) {
	at := len(dst) - pieceSumSize
	end := word(dst[at:])
	ring, key := s.rings.piece(id, index)
	value, found := ring.HasGet(dst[:at], key[:])
	whole := len(value) == len(dst)+length
	ok := found && whole && word(value[at:]) == s.secret.sum(pieceTweak(id, index), value[len(dst):])
	binary.LittleEndian.PutUint64(dst[at:], end)
	if ok {
		binary.LittleEndian.PutUint64(value[at:], end)
		return value, true
	}
	if found {
		s.count.damaged.Add(1)
	}
	return dst, false
}

// hasPieces reports whether all pieces from first to last are there.
func (s *Store) hasPieces(id uint64, first, last int64) bool {
	for i := first; i <= last; i++ {
		ring, key := s.rings.piece(id, i)
		if !ring.Has(key[:]) {
			return false
		}
	}
	return true
}
