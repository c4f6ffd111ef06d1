package cache

import (
	"encoding/binary"
	"math"
	"slices"
)

// Kind says what an entry contains. The zero value is not a kind.
type Kind uint8

// The kinds of entries.
const (
	Whole    Kind = iota + 1 // a response with its body inside
	Segments                 // a response whose body lies in segments of its own
	Variant                  // no response: Meta says which request fields select one
	kinds
)

// Head is what the store knows of an entry. The first block is the caller's and comes back as it
// was given: Get finds an entry whatever its times say. The second is the store's, which fills it
// in and ignores what is there; only Seen is read from a Fill.
type Head struct {
	Created         int64  // unix ms
	Expires         int64  // unix ms; fresh before
	StaleRevalidate int64  // unix ms; usable while it is revalidated before this; 0 is never
	StaleError      int64  // unix ms; usable when the origin fails before this; 0 is never
	Status          uint16 // of the response
	Flags           uint32 // the caller's own

	Kind     Kind
	ID       uint64 // random; the same body has the same id
	BodySize int64  // bytes
	Seen     uint64 // the purge clock when the fill began, from Store.Clock
	written  uint64 // the store's odometer when the entry was written, or the first of its segments
	guard    uint64 // of its key
}

// usableUntil is the time after which only a validation makes use of the entry.
func (h *Head) usableUntil() int64 { return max(h.Expires, h.StaleRevalidate, h.StaleError) }

// The layout of an entry, little endian. The checksum is keyed and covers all
// that follows it, an inline body included.
const (
	entryVersion = 1

	atChecksum = 0
	atVersion  = 8
	atKind     = 9
	atStatus   = 10
	atFlags    = 12
	atID       = 16
	atGuard    = 24
	atCreated  = 32
	atExpires  = 40
	atStaleRev = 48
	atStaleErr = 56
	atSeen     = 64
	atWritten  = 72
	atBodySize = 80
	atMetaSize = 88
	atFields   = 92
	atHost     = 96
	atURL      = 98
	atPrefixes = 100 // how many slots of prefixes
	atTags     = 101 // how many slots of tags, or allTags
	headSize   = 104 // then 2 bytes a slot, meta, fields, inline body

	allTags = 255 // more tags than are listed: any purge of a tag means it
)

// Entry is one stored response or vary record, as Store.Get found it. The zero value is ready
// for Get. Its fields mean something only after Hit. Meta, Fields and Inline are views that stay
// valid until the entry is used for the next Get or released.
type Entry struct {
	Head
	Meta   []byte // opaque to the store
	Fields []byte // the header section's field lines, opaque as well
	Inline []byte // the body of a Whole entry

	Soft bool // purged softly: to be revalidated, usable as a stale one is

	labels labels
	buf    []byte
}

// labels are the slots under which purges find an entry. The slices are views.
type labels struct {
	host, url    uint16
	prefixes     []byte // 2 bytes each
	tags         []byte // 2 bytes each
	tagsOverflow bool
}

// entrySize is the length of an encoded entry without key.
func entrySize(l *labels, meta, fields, inline int) int {
	return headSize + len(l.prefixes) + len(l.tags) + meta + fields + inline
}

// appendEntry appends an encoded entry to dst. The caller has seen to it that
// all lengths fit their fields.
func appendEntry(dst []byte, e *Entry, s *secret) []byte {
	at := len(dst)
	dst = slices.Grow(dst, entrySize(&e.labels, len(e.Meta), len(e.Fields), len(e.Inline)))
	dst = dst[:at+headSize]
	h := dst[at:]
	h[atVersion], h[atKind] = entryVersion, byte(e.Kind)
	le := binary.LittleEndian
	le.PutUint16(h[atStatus:], e.Status)
	le.PutUint32(h[atFlags:], e.Flags)
	le.PutUint64(h[atID:], e.ID)
	le.PutUint64(h[atGuard:], e.guard)
	le.PutUint64(h[atCreated:], uint64(e.Created))
	le.PutUint64(h[atExpires:], uint64(e.Expires))
	le.PutUint64(h[atStaleRev:], uint64(e.StaleRevalidate))
	le.PutUint64(h[atStaleErr:], uint64(e.StaleError))
	le.PutUint64(h[atSeen:], e.Seen)
	le.PutUint64(h[atWritten:], e.written)
	le.PutUint64(h[atBodySize:], uint64(e.BodySize))
	le.PutUint32(h[atMetaSize:], uint32(len(e.Meta)))
	le.PutUint32(h[atFields:], uint32(len(e.Fields)))
	le.PutUint16(h[atHost:], e.labels.host)
	le.PutUint16(h[atURL:], e.labels.url)
	h[atPrefixes], h[atTags] = byte(len(e.labels.prefixes)/2), byte(len(e.labels.tags)/2)
	if e.labels.tagsOverflow {
		h[atTags] = allTags
	}
	h[atTags+1], h[atTags+2] = 0, 0
	dst = append(dst, e.labels.prefixes...)
	dst = append(dst, e.labels.tags...)
	dst = append(dst, e.Meta...)
	dst = append(dst, e.Fields...)
	dst = append(dst, e.Inline...)
	le.PutUint64(dst[at+atChecksum:], s.sum(tweakEntry, dst[at+atVersion:]))
	return dst
}

// decode reads e.buf into e and reports whether it is a whole entry of this
// version that was filed under this guard. It never reads beyond e.buf and
// leaves views of it in e.
func (e *Entry) decode(s *secret, guard uint64) bool {
	b := e.buf
	if len(b) < headSize || b[atVersion] != entryVersion || b[atKind] == 0 || b[atKind] >= byte(kinds) {
		return false
	}
	if word(b[atGuard:]) != guard || word(b) != s.sum(tweakEntry, b[atVersion:]) {
		return false
	}
	le := binary.LittleEndian
	e.Head = Head{
		Created: int64(word(b[atCreated:])), Expires: int64(word(b[atExpires:])),
		StaleRevalidate: int64(word(b[atStaleRev:])), StaleError: int64(word(b[atStaleErr:])),
		Status: le.Uint16(b[atStatus:]), Flags: le.Uint32(b[atFlags:]),
		Kind: Kind(b[atKind]), ID: word(b[atID:]), BodySize: int64(word(b[atBodySize:])),
		Seen: word(b[atSeen:]), written: word(b[atWritten:]), guard: guard,
	}
	prefixes, tags := 2*int(b[atPrefixes]), 2*int(b[atTags])
	e.labels = labels{host: le.Uint16(b[atHost:]), url: le.Uint16(b[atURL:]), tagsOverflow: b[atTags] == allTags}
	if e.labels.tagsOverflow {
		tags = 0
	}
	meta, fields := uint64(le.Uint32(b[atMetaSize:])), uint64(le.Uint32(b[atFields:]))
	rest := b[headSize:]
	if uint64(prefixes)+uint64(tags)+meta+fields > uint64(len(rest)) || e.BodySize < 0 {
		return false
	}
	e.labels.prefixes, rest = rest[:prefixes], rest[prefixes:]
	e.labels.tags, rest = rest[:tags], rest[tags:]
	e.Meta, rest = rest[:meta], rest[meta:]
	e.Fields, e.Inline = rest[:fields], rest[fields:]
	switch e.Kind {
	case Whole:
		return e.BodySize == int64(len(e.Inline))
	case Segments:
		return len(e.Inline) == 0 && segmentCount(e.BodySize) <= math.MaxUint32
	}
	return len(e.Inline) == 0 && e.BodySize == 0
}
