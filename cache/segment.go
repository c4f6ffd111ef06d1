package cache

// The sizes that make entries pack. fastcache writes into chunks of 64 KiB, an
// entry never spans two of them and never ends exactly where one ends. Eight
// times (4 + 12 + 8 + 8160) bytes are 65472, so full segments alone waste 64 bytes
// of a chunk. Among entries of mixed sizes about half a segment is lost at its
// end: with segments of 16352 bytes, four a chunk, whole bodies of up to 1 MiB
// made up 81 % of a store of 256 MiB, with these 88 %, with 4064 bytes 94 %.
// Each segment costs some 100 ns to find and 40 bytes of index.
const (
	shardChunk   = 64 << 10 // fastcache's chunk
	shardBuckets = 512      // fastcache's buckets, each a ring of chunks
	shardHeader  = 4        // fastcache's own bytes before each key

	// Step is what a store's size is a multiple of, in bytes: one chunk for each of
	// fastcache's buckets.
	Step = shardBuckets * shardChunk

	segmentsPerChunk = 8
	segmentKeySize   = 12 // entry id and index
	segmentSumSize   = 8
	segmentSize      = 8160 // body bytes in a full segment
	partSegments     = 2    // segments that are filed and handed out at once

	maxInline = shardChunk/4 - 8 // with key and header; a larger entry has its body in segments
	maxRecord = shardChunk - 1   // with key and header: what fastcache stores at all
)

// segmentCount is how many segments a body of that many bytes takes.
func segmentCount(size int64) int64 { return (size + segmentSize - 1) / segmentSize }

// segmentLength is how many body bytes the segment of that index holds.
func segmentLength(size, index int64) int { return int(min(size-index*segmentSize, segmentSize)) }

// segmentTweak ties a segment's checksum to its place.
func segmentTweak(id uint64, index int64) uint64 {
	return fold(id^0x9e3779b97f4a7c15, uint64(index)<<8|tweakSegment) ^ tweakSegment
}
