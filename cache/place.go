package cache

import (
	"encoding/binary"
	"math/bits"
)

// The constants of xxhash64, and the inverses of three of them modulo 2^64.
const (
	prime1   = 0x9e3779b185ebca87
	prime2   = 0xc2b2ae3d27d4eb4f
	prime3   = 0x165667b19e3779f9
	prime4   = 0x85ebca77c2b2ae63
	prime5   = 0x27d4eb2f165667c5
	unprime1 = 0x887493432badb37
	unprime2 = 0xba79078168d4baf
	unprime3 = 0xe9e9f4c41d6df849
)

// segmentKey is where a segment is filed. Entry keys are longer, so neither can be
// taken for the other; the id is random, so none can be foretold.
//
// fastcache puts a key into the bucket that its xxhash64 names, and each bucket
// is a ring of its own. Were it left to chance, some bucket would always run
// ahead of the others and tear a hole into every large body: in a store of
// 64 MiB, a third of the memory would hold bodies that are still whole. So the
// key is calculated backwards from the hash that it shall have: segment by segment,
// a body goes round the buckets. Should fastcache take another hash one day,
// nothing breaks but this evenness.
type segmentKey [segmentKeySize]byte

// makeSegmentKey makes the key of a segment that is to lie in this bucket.
func makeSegmentKey(id uint64, index int64, bucket uint64) (k segmentKey) {
	hash := fold(id^prime1, uint64(index)^prime2)&^(shardBuckets-1) | bucket
	binary.LittleEndian.PutUint64(k[:], unhash(hash, uint32(index)))
	binary.LittleEndian.PutUint32(k[8:], uint32(index))
	return k
}

// unhash returns the first eight bytes, as a number, of the twelve whose
// xxhash64 is hash and whose last four are tail. It undoes step after step:
// every one of them is a bijection.
func unhash(hash uint64, tail uint32) uint64 {
	h := hash ^ hash>>32
	h *= unprime3
	h ^= h>>29 ^ h>>58
	h *= unprime2
	h ^= h >> 33

	h = (h - prime3) * unprime2
	h = bits.RotateLeft64(h, -23) ^ uint64(tail)*prime1

	h = (h - prime4) * unprime1
	h = bits.RotateLeft64(h, -27) ^ (prime5 + segmentKeySize)
	return bits.RotateLeft64(h*unprime1, -31) * unprime2
}
