package cache

import "sync"

// Writer takes a body as it comes from the origin. Nothing of it can be found before Commit. Only
// AcquireWriter makes one, and Store.Begin comes before Write and Commit. It is one goroutine's at
// a time.
type Writer struct {
	store   *Store
	key     Key
	entry   Entry
	size    int64 // announced; below 0 is unknown
	count   int64 // body bytes taken
	inline  int   // the largest body that stays inside the entry
	refused Refusal
	ended   bool

	segment []byte // segmentSumSize spare bytes, then what is not filed yet
	head    []byte // copies of meta and fields
	keyBuf  []byte
	buf     buffer
}

var writers = sync.Pool{New: func() any {
	return &Writer{segment: make([]byte, segmentSumSize, segmentSumSize+partSegments*segmentSize)}
}}

// AcquireWriter returns a writer for Begin; give it back with ReleaseWriter.
func AcquireWriter() *Writer { return writers.Get().(*Writer) }

// ReleaseWriter gives a writer back, which must not be used any more. One that was not committed
// is aborted.
func ReleaseWriter(w *Writer) {
	w.Abort()
	writers.Put(w)
}

// Begin starts a fill in w, which may have served for an earlier one. Its key, meta, fields and
// tags are copied. It returns Stored when the fill may go on. HeadTooBig, TooLarge (f.Size is above
// MaxObject) and NotAdmitted refuse it: then Write and Commit return Ended.
func (s *Store) Begin(w *Writer, k Key, f *Fill) Refusal {
	w.store, w.key = s, k.clone(w.keyBuf)
	w.keyBuf = w.key.parts
	w.count, w.size, w.refused, w.ended = 0, f.Size, Stored, false
	w.segment = w.segment[:segmentSumSize]

	w.head = append(append(w.head[:0], f.Meta...), f.Fields...)
	w.entry = Entry{Head: f.Head, Meta: w.head[:len(f.Meta)], Fields: w.head[len(f.Meta):]}
	w.entry.ID, w.entry.guard, w.entry.written = s.ring.newID(), k.Hash(), s.ring.odometer.Load()
	w.buf.labels = s.ring.secret.appendLabels(w.buf.labels[:0], &w.entry.labels, &k, f.Tags)

	record := shardHeader + len(k.raw) + entrySize(&w.entry.labels, len(f.Meta), len(f.Fields), 0)
	w.inline = min(maxInline-record, partSegments*segmentSize)
	switch {
	case record > maxRecord:
		return w.refuse(HeadTooBig)
	case f.Size > s.maxObject:
		return w.refuse(TooLarge)
	case !s.admits(k, f.Asked):
		return w.refuse(NotAdmitted)
	}
	return Stored
}

// admits reports whether a fill may go in.
func (s *Store) admits(k Key, asked uint64) bool {
	odometer := s.ring.odometer.Load()
	return s.sketch == nil || odometer < s.ring.fullAt() ||
		s.sketch.admits(k.Hash(), odometer) || asked != 0 && s.sketch.admits(asked, odometer)
}

// refuse ends the fill and counts the reason.
func (w *Writer) refuse(r Refusal) Refusal {
	w.refused, w.ended = r, true
	return w.store.count.note(r)
}

// ID is the entry's id, under which full segments can be read before the commit. It is random and
// drawn by Begin.
func (w *Writer) ID() uint64 { return w.entry.ID }

// Write takes and copies the next bytes of the body, all or none. The error is a Refusal, after
// which the writer takes nothing more: TooLarge, WrongSize for a body that is longer than
// announced, or Ended.
func (w *Writer) Write(p []byte) (int, error) {
	if w.ended {
		return 0, Ended
	}
	total := w.count + int64(len(p))
	switch {
	case w.size >= 0 && total > w.size:
		return 0, w.refuse(WrongSize)
	case total > w.store.maxObject:
		return 0, w.refuse(TooLarge)
	}
	for rest := p; len(rest) > 0; {
		if len(w.segment) == cap(w.segment) {
			w.flush()
		}
		n := min(cap(w.segment)-len(w.segment), len(rest))
		w.segment = append(w.segment, rest[:n]...)
		rest = rest[n:]
		w.count += int64(n)
	}
	return len(p), nil
}

// flush files the segments that were gathered. The checksum of each is written
// over the end of the one before, which is filed by then.
func (w *Writer) flush() {
	index := w.segmentIndex()
	for rest := w.segment; len(rest) > segmentSumSize; index++ {
		n := min(len(rest), segmentSumSize+segmentSize)
		w.store.ring.setSegment(w.entry.ID, index, rest[:n])
		w.store.ring.cursor.Add(1)
		w.store.rewrite.earn(n, w.store.ring.capacity)
		rest = rest[n-segmentSumSize:]
	}
	w.segment = w.segment[:segmentSumSize]
}

// segmentIndex is the index of the first segment that is being gathered.
func (w *Writer) segmentIndex() int64 {
	return (w.count - int64(len(w.segment)-segmentSumSize)) / segmentSize
}

// Commit ends the fill and makes the entry visible, replacing what was under its key. It refuses
// when the body has not the announced length (WrongSize), when the entry was purged hard since its
// fill began (Superseded), when segments of it have been pushed out already (Crowded), and after
// the fill has ended (Ended). After a refusal the earlier entry stays.
func (w *Writer) Commit() Refusal {
	if w.ended {
		return Ended
	}
	if w.size >= 0 && w.count != w.size {
		return w.refuse(WrongSize)
	}
	w.ended = true
	e := &w.entry
	e.BodySize = w.count
	begun := w.segmentIndex() // more than 0: some segments are filed
	if e.Kind = Whole; begun == 0 && len(w.segment)-segmentSumSize <= w.inline {
		e.Inline, e.written = w.segment[segmentSumSize:], w.store.ring.odometer.Load()
		return w.store.count.note(w.store.file(e, w.key, &w.buf))
	}
	e.Kind = Segments
	w.flush()
	if !w.store.ring.hasSegments(e.ID, 0, segmentCount(e.BodySize)-1) {
		return w.store.count.note(Crowded)
	}
	return w.store.count.note(w.store.file(e, w.key, &w.buf))
}

// Abort ends the fill, unless it has ended. Nothing of it can be found; what segments there are
// wait for the ring to pass over them. Write and Commit then return Ended.
func (w *Writer) Abort() { w.ended = true }
