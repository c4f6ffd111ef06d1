package origin

import "encoding/binary"

// pattern is endless deterministic content: byte i depends on i alone, so that every origin
// serves the same bytes and a checksum proves what was received. It never repeats, so that
// a part that is delivered twice or out of order is detected.
type pattern struct{}

// ReadAt fills p with the bytes from off on. It never fails.
func (pattern) ReadAt(p []byte, off int64) (int, error) {
	for n := 0; n < len(p); {
		word := scramble(uint64(off) / 8)
		if off%8 == 0 && len(p)-n >= 8 {
			binary.LittleEndian.PutUint64(p[n:], word)
			n += 8
			off += 8
			continue
		}
		for shift := off % 8 * 8; shift < 64 && n < len(p); shift += 8 {
			p[n] = byte(word >> shift)
			n++
			off++
		}
	}
	return len(p), nil
}

// scramble spreads the bits of x (the finalizer of splitmix64).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
