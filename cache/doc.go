// Package cache keeps responses off the Go heap, over fastcache. It knows keys
// and bytes: no upstream, no configuration, no HTTP. The caller writes and reads
// the meaning of a response in Meta; the store knows only the few numbers that it
// needs itself.
//
// # A lookup
//
// Store.NewKey, Store.Get, and for a body in segments Body.Open and Body.Next. If
// the entry found is a Variant, its Meta says which request fields select, and
// Store.Variant makes the key of the second lookup. Nothing is allocated.
//
// # Layout
//
// Entries are records of fastcache, whose values are copied out under a lock.
// An entry's value is
//
//	checksum 8 | version 1 | kind 1 | status 2 | flags 4 | id 8 | guard 8
//	created 8 | expires 8 | stale while revalidating 8 | stale on error 8
//	purge clock 8 | odometer 8 | body size 8 | meta size 4 | fields size 4
//	host slot 2 | URL slot 2 | prefix slots 1 | tag slots 1 | 2 spare
//	prefix slots, tag slots, meta, fields, inline body
//
// in little endian. The checksum is keyed with the store's secret and covers
// all that follows it; it costs about a nanosecond for 16 bytes and makes an entry
// that was altered, torn or filed under another key a miss. A key begins with a
// guard, a keyed hash of its parts: see Key.
//
// If key and value take more than 16376 bytes, the body lies in segments of 8160
// bytes, each under the entry's random id and its index, with a checksum keyed
// with both. fastcache's own SetBig files segments under an unkeyed hash of the
// body, so that two bodies with one hash become each other; and it uses half of
// the memory. Eight segments fill a 64 KiB chunk of fastcache to 65472 bytes, of
// which 65280 are body: 99.6 %. Of a store of 256 MiB that was filled with bodies
// of log-uniform sizes from 512 bytes to 4 KiB, 40 KiB or 1 MiB, 86 to 89 % were
// whole bodies (TestPacking); of one of 64 MiB, whose buckets run less evenly, 79
// to 88 %.
//
// The secret, the id and the shards are all that a fill shares with its readers:
// segments are written before the entry that names them, so only whole bodies are
// ever found, and a replaced body can still be read to its end.
//
// # Purges
//
// A purge is a tick of a clock, and an entry is compared with the times of the
// purges that may reach it: see purge.go. Hard purges of URLs, which any client
// causes with an unsafe method, are exact: for each URL with something stored
// the ring holds a record of 16 bytes of key and 24 of value, which such a purge
// deletes: see urls.go.
//
// # Other instances
//
// Guards, checksums and ids are a store's own. For a second tier or purges that
// instances share, keys and records have another form: Key.AppendPortable and
// Store.ReadKey, and Codec (record.go), which seals records with a secret that all
// instances have.
//
// # Memory
//
// The shards take Options.Bytes, rounded up to steps of 32 MiB, in parts of
// 64 MiB as they fill, and never give them back (fastcache maps them; on
// Windows they lie on the Go heap). The collector does not see them: subtract
// them from what GOMEMLIMIT is set to. Beside the ring there are some 40 bytes
// of index on the heap for each record, 3.7 MiB of purge slots, and with
// admission a sketch of up to half a per cent. Stats reports all of it.
//
// A store above 256 MiB consists of several fastcache caches, see shards. Each of
// their 512 buckets is a ring of its own. Segments go round them one by one (see
// segmentKey); other entries fall where their hash says. A body takes at most half
// of the store, whatever Options.MaxObject says.
//
// # What fastcache does not do
//
// It has no times, no eviction but first in first out, no deletion by anything
// but the key, no list of its keys and no notice of what was pushed out. Hence
// the times in the head, the rewriting of what is hit near the end of the ring
// (rewrite.go), admission (admission.go), purges by comparing clocks (purge.go)
// and the word "estimated" in Stats.
package cache
