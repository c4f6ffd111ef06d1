package cache

import (
	"encoding/binary"
	"math/bits"
)

// secret keys every hash of a store. It is drawn once, goes with the saved
// files and never leaves the process otherwise, so nobody outside can compute a
// guard, a slot or a checksum.
type secret [4]uint64

// sum hashes b under the secret; another tweak is another function. It folds
// 128-bit products, in four lanes for long input, and is no cryptographic hash:
// it is made to be unpredictable to those who never see a result.
func (s *secret) sum(tweak uint64, b []byte) uint64 {
	h := fold(tweak^s[0], uint64(len(b))^s[1])
	if len(b) >= 64 {
		h1, h2, h3 := h^s[1], h^s[2], h^s[3]
		for len(b) >= 64 {
			h = fold(word(b)^s[0], word(b[8:])^h)
			h1 = fold(word(b[16:])^s[1], word(b[24:])^h1)
			h2 = fold(word(b[32:])^s[2], word(b[40:])^h2)
			h3 = fold(word(b[48:])^s[3], word(b[56:])^h3)
			b = b[64:]
		}
		h = fold(h^bits.RotateLeft64(h1, 17), h2^bits.RotateLeft64(h3, 31)^s[2])
	}
	for len(b) >= 16 {
		h = fold(word(b)^s[1], word(b[8:])^h)
		b = b[16:]
	}
	var low, high uint64
	if len(b) >= 8 {
		low, b = word(b), b[8:]
	}
	for i, c := range b {
		high |= uint64(c) << (8 * i)
	}
	return fold(fold(low^s[2], high^h)^s[3], h^s[0])
}

func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// fold multiplies to 128 bits and lays the halves over each other.
func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
