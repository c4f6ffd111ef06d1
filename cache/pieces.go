package cache

import "encoding/binary"

// newID draws an entry's id. Its body begins in the column behind the one that
// took the last piece.
func (s *Store) newID() uint64 {
	id, columns := s.random(), s.rings.columns()
	return id - id%columns + s.cursor.Load()%columns
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
