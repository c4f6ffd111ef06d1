package cache

import "encoding/binary"

// The sizes that make entries pack. fastcache writes into chunks of 64 KiB, an
// entry never spans two of them and never ends exactly where one ends. Four
// times (4 + 12 + 8 + 16352) bytes are 65504, so a full piece wastes 8 bytes.
const (
	ringChunk   = 64 << 10 // fastcache's chunk
	ringBuckets = 512      // fastcache's buckets, each a ring of chunks
	ringHeader  = 4        // fastcache's own bytes before each key

	piecesPerChunk = 4
	pieceKeySize   = 12 // entry id and index
	pieceSumSize   = 8
	pieceSize      = 16352 // body bytes in a full piece

	maxInline = ringHeader + pieceKeySize + pieceSumSize + pieceSize // with key; a larger entry has its body in pieces
	maxRecord = ringChunk - 1                                        // with key and header: what fastcache stores at all
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
	key := makePieceKey(id, index)
	s.set(key[:], buf)
	s.cursor.Add(1)
}

// getPiece appends the value of a piece to dst[:0], verified for its place and
// its length. The body bytes begin at pieceSumSize.
func (s *Store) getPiece(dst []byte, id uint64, index int64, length int) ([]byte, bool) {
	key := makePieceKey(id, index)
	value, found := s.ring.HasGet(dst[:0], key[:])
	if !found || len(value) != pieceSumSize+length {
		return value, false
	}
	if word(value) != s.secret.sum(pieceTweak(id, index), value[pieceSumSize:]) {
		s.count.damaged.Add(1)
		return value, false
	}
	return value, true
}

// hasPieces reports whether all pieces from first to last are there.
func (s *Store) hasPieces(id uint64, first, last int64) bool {
	for i := first; i <= last; i++ {
		key := makePieceKey(id, i)
		if !s.ring.Has(key[:]) {
			return false
		}
	}
	return true
}
