package httpcache

import (
	"encoding/binary"
	"io"
	"sync"
	"time"

	"penstock/cache"
)

// sharedTier is an engine's use of a tier: it copies what the store takes into the tier, and
// what the tier has and the store lacks into the store. Its methods do nothing on nil.
type sharedTier struct {
	tier    Tier
	codec   *cache.Codec
	store   *cache.Store
	clock   clock
	log     *purgeLog
	budget  time.Duration
	maxBody int64
	buffers sync.Pool // of *tierBuffer
}

// tierBuffer is the memory of one use.
type tierBuffer struct {
	name   []byte // a key in its portable form
	sealed []byte
	body   []byte
	meta   []byte
	tags   [][]byte
	record cache.Record
}

func newSharedTier(o *Shared, store *cache.Store, c clock) *sharedTier {
	if o == nil {
		return nil
	}
	s := &sharedTier{
		tier: o.Tier, codec: o.Codec, store: store, clock: c, log: newPurgeLog(o.Tier, store),
		budget: o.Budget, maxBody: o.MaxBody,
	}
	if s.budget == 0 {
		s.budget = tierBudget
	}
	if s.maxBody == 0 {
		s.maxBody = tierMaxBody
	}
	s.buffers.New = func() any { return new(tierBuffer) }
	return s
}

// put copies into the tier what the store has under key, whose portable form is name. tags is
// the name of the response field that lists tags.
func (s *sharedTier) put(key cache.Key, name, tags []byte) {
	if s == nil || !s.log.catchUp() {
		return
	}
	b := s.buffers.Get().(*tierBuffer)
	defer s.buffers.Put(b)
	e := cache.AcquireEntry()
	defer cache.ReleaseEntry(e)
	if s.store.Get(e, key) != cache.Hit || e.BodySize > s.maxBody || !s.readBody(b, e, key) {
		return
	}
	b.tags = appendTags(b.tags[:0], e.Fields, tags)
	b.meta = binary.LittleEndian.AppendUint64(append(b.meta[:0], e.Meta...), s.log.positionAt(e.Seen))
	b.record = cache.Record{Head: e.Head, Key: name, Tags: b.tags, Meta: b.meta, Fields: e.Fields, Body: b.body}
	if b.record.Kind == cache.Segments {
		b.record.Kind = cache.Whole
	}
	b.sealed = s.codec.AppendRecord(b.sealed[:0], &b.record)
	s.tier.Put(s.codec.KeyID(name), b.sealed, usableUntil(&e.Head, s.clock.instant().Time()))
}

// readBody reads the body of an entry into b.body.
func (s *sharedTier) readBody(b *tierBuffer, e *cache.Entry, key cache.Key) bool {
	b.body = append(b.body[:0], e.Inline...)
	if e.Kind != cache.Segments {
		return true
	}
	body := cache.AcquireBody()
	defer cache.ReleaseBody(body)
	if body.Open(s.store, e, key, 0, e.BodySize) != nil {
		return false
	}
	for {
		part, err := body.Next()
		if err != nil {
			return err == io.EOF
		}
		b.body = append(b.body, part...)
	}
}

// tell lets the other instances know of a purge. clock is the store's purge clock before it.
func (s *sharedTier) tell(p SharedPurge, clock uint64) {
	if s != nil {
		s.log.tell(p, clock)
	}
}

// remove takes a record out of the tier.
func (s *sharedTier) remove(name []byte) {
	if s != nil {
		s.tier.Put(s.codec.KeyID(name), nil, time.Time{})
	}
}

// get reads the record of b.name into b.record. Seen of the record is the store's own. It is
// false for a miss.
func (s *sharedTier) get(b *tierBuffer, deadline time.Time) bool {
	var found bool
	b.sealed, found = s.tier.Get(deadline, s.codec.KeyID(b.name), b.sealed[:0])
	if !found || s.codec.ReadRecord(&b.record, b.sealed, b.name) != nil {
		return false
	}
	r := &b.record
	at := len(r.Meta) - 8
	if at < 0 {
		return false
	}
	seen, known := s.log.clockAt(binary.LittleEndian.Uint64(r.Meta[at:]))
	r.Meta, r.Seen = r.Meta[:at], seen
	return known
}

// fill puts into the store, under key, the record that was read. asked is the hash of the key
// that the request was looked up by.
func (s *sharedTier) fill(b *tierBuffer, key cache.Key, asked uint64) bool {
	r := &b.record
	if r.Kind != cache.Whole {
		return false
	}
	f := cache.Fill{Head: r.Head, Meta: r.Meta, Fields: r.Fields, Tags: r.Tags, Asked: asked}
	return s.store.Put(key, &f, r.Body) == cache.Stored
}
