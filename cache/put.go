package cache

import "sync"

// Refusal is the result of storing: Stored, the zero value, or why something was not stored.
type Refusal uint8

// The refusals.
const (
	Stored      Refusal = iota
	TooLarge            // the body is above the largest object
	HeadTooBig          // key, meta, fields and tags do not fit one record
	NotAdmitted         // the store is nearly full and this key was not asked for often enough, see Options.Admission
	Superseded          // purged, replaced or gone since the fill began
	Crowded             // its own segments were pushed out before it was complete
	WrongSize           // the body has not the announced length
	Ended               // the fill was committed, refused or aborted before
	refusals
)

var refusalText = [refusals]string{
	Stored: "stored", TooLarge: "too-large", HeadTooBig: "head-too-large", NotAdmitted: "not-admitted",
	Superseded: "superseded", Crowded: "crowded", WrongSize: "wrong-size", Ended: "ended",
}

// String returns the name that metrics and logs use. It panics for a number that is no refusal.
func (r Refusal) String() string { return refusalText[r] }

// Error makes a refusal an error for io.Writer. Stored is never returned as an error.
func (r Refusal) Error() string { return "cache: not stored: " + r.String() }

// Fill describes an entry that is to be stored. The store copies what it keeps.
type Fill struct {
	Head            // the caller's block, and Seen: Store.Clock from before the origin was asked
	Meta   []byte   // opaque
	Fields []byte   // the field lines as they are sent, opaque
	Tags   [][]byte // for PurgeTag
	Size   int64    // of the body in bytes; below 0 is not known yet
	Asked  uint64   // Hash of the key that was looked up, when the response's Vary led to another; else 0
}

// Put stores an entry whose body is at hand, and copies it. It sets f.Size. It returns Stored, or
// why nothing was stored, as Begin and Commit do; an earlier entry of the key then stays.
func (s *Store) Put(k Key, f *Fill, body []byte) Refusal {
	w := AcquireWriter()
	defer ReleaseWriter(w)
	f.Size = int64(len(body))
	if r := s.Begin(w, k, f); r != Stored {
		return r
	}
	if _, err := w.Write(body); err != nil {
		w.Abort()
		return w.refused
	}
	return w.Commit()
}

// PutVariant stores a vary record, which has no body, in the place of what is under k, and returns
// its id for Store.Variant. Tags and Size of f are ignored. It is not subject to admission: its
// variants are. The id means nothing unless r is Stored; the refusals are HeadTooBig and
// Superseded.
func (s *Store) PutVariant(k Key, f *Fill) (record uint64, r Refusal) {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	e := Entry{Head: f.Head, Meta: f.Meta, Fields: f.Fields}
	e.Kind, e.ID, e.BodySize, e.guard = Variant, s.ring.random(), 0, k.Hash()
	e.written = s.ring.odometer.Load()
	b.labels = s.ring.secret.appendLabels(b.labels[:0], &e.labels, &k, nil)
	return e.ID, s.count.note(s.file(&e, k, b))
}

// Update replaces the head, meta and fields of the entry that was read into e,
// as a 304 or a HEAD wants it (RFC 9111 §4.3.4, §4.3.5). A body in segments stays
// where it is; an inline one is written again. The entry must still be the one
// that was read, and not have been purged hard since it was filled nor since f.Seen: else
// Update returns Superseded. It returns HeadTooBig when the new one does not fit. After a refusal
// the stored entry stays as it was. Tags are given anew; f.Size means nothing.
func (s *Store) Update(e *Entry, k Key, f *Fill) Refusal {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	next := Entry{Head: f.Head, Meta: f.Meta, Fields: f.Fields, Inline: e.Inline}
	next.Kind, next.ID, next.BodySize, next.guard = e.Kind, e.ID, e.BodySize, k.Hash()
	b.labels = s.ring.secret.appendLabels(b.labels[:0], &next.labels, &k, f.Tags)
	next.written = s.ring.odometer.Load()
	if e.Kind == Segments {
		next.written = e.written // the segments are as old as they were
	}
	lock := s.lock(k)
	defer lock.Unlock()
	if !s.holds(b, k, e.ID) {
		return s.count.note(Superseded)
	}
	held := Entry{buf: b.value}
	if !held.decode(&s.ring.secret, k.Hash()) || s.judge(&held, &k) == gone {
		return s.count.note(Superseded)
	}
	return s.count.note(s.fileLocked(&next, k, b))
}

// holds reports whether the entry under k has that id. The caller holds the
// stripe of k.
func (s *Store) holds(b *buffer, k Key, id uint64) bool {
	value, found := s.ring.shards.of(k).HasGet(b.value[:0], k.raw)
	b.value = value
	return found && len(value) >= headSize && word(value[atID:]) == id && word(value[atGuard:]) == k.Hash()
}

// file writes an entry.
func (s *Store) file(e *Entry, k Key, b *buffer) Refusal {
	lock := s.lock(k)
	defer lock.Unlock()
	return s.fileLocked(e, k, b)
}

// fileLocked encodes an entry and sets it, unless it was purged since its fill
// began: it would be gone anyway and might lie over a newer one.
func (s *Store) fileLocked(e *Entry, k Key, b *buffer) Refusal {
	if shardHeader+len(k.raw)+entrySize(&e.labels, len(e.Meta), len(e.Fields), len(e.Inline)) > maxRecord {
		return HeadTooBig
	}
	id := s.ring.secret.urlID(&k)
	if s.purges.judge(e, &k) == gone || !s.counts(&id, e.Seen) && s.purges.reached(&id, e.Seen) {
		return Superseded
	}
	s.ring.keepURL(&id, e.Seen)
	b.value = appendEntry(b.value[:0], e, &s.ring.secret)
	s.ring.set(s.ring.shards.of(k), k.raw, b.value)
	s.rewrite.earn(len(b.value), s.ring.capacity)
	if s.sketch != nil {
		s.sketch.wrote(e.guard, s.ring.odometer.Load(), shardHeader+len(k.raw)+len(b.value))
	}
	return Stored
}

// buffer is the spare memory of one write.
type buffer struct {
	value  []byte
	labels []byte
}

var buffers = sync.Pool{New: func() any { return new(buffer) }}
