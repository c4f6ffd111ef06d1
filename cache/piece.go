package cache

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

	// Step is what a store's size is a multiple of, in bytes: one chunk for each of
	// fastcache's buckets.
	Step = ringBuckets * ringChunk

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
