package cache

import "sync"

// Writer takes a body as it comes from the origin. Nothing of it can be found
// before Commit. It is one goroutine's at a time.
type Writer struct {
	store   *Store
	key     Key
	entry   Entry
	size    int64 // announced; below 0 is unknown
	count   int64 // body bytes taken
	inline  int   // the largest body that stays inside the entry
	refused Refusal
	ended   bool

	piece  []byte // pieceSumSize spare bytes, then what is not filed yet
	head   []byte // copies of meta and fields
	keyBuf []byte
	buf    buffer
}

var writers = sync.Pool{New: func() any { return &Writer{piece: make([]byte, pieceSumSize, pieceSumSize+partPieces*pieceSize)} }}

// AcquireWriter returns a writer for Begin; give it back with ReleaseWriter.
func AcquireWriter() *Writer { return writers.Get().(*Writer) }

// ReleaseWriter gives a writer back. One that was not committed is aborted.
func ReleaseWriter(w *Writer) {
	w.Abort()
	writers.Put(w)
}

// Begin starts a fill. Its key, meta, fields and tags are copied. Anything but
// Stored refuses it, and the writer then takes nothing.
func (s *Store) Begin(w *Writer, k Key, f *Fill) Refusal {
	w.store, w.key = s, k.clone(w.keyBuf)
	w.keyBuf = w.key.parts
	w.count, w.size, w.refused, w.ended = 0, f.Size, Stored, false
	w.piece = w.piece[:pieceSumSize]

	w.head = append(append(w.head[:0], f.Meta...), f.Fields...)
	w.entry = Entry{Head: f.Head, Meta: w.head[:len(f.Meta)], Fields: w.head[len(f.Meta):]}
	w.entry.ID, w.entry.guard, w.entry.written = s.newID(), k.Hash(), s.odometer.Load()
	w.buf.labels = s.secret.appendLabels(w.buf.labels[:0], &w.entry.labels, &k, f.Tags)

	record := ringHeader + len(k.raw) + entrySize(&w.entry.labels, len(f.Meta), len(f.Fields), 0)
	w.inline = min(maxInline-record, partPieces*pieceSize)
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
	odometer := s.odometer.Load()
	return s.sketch == nil || odometer < s.fullAt() ||
		s.sketch.admits(k.Hash(), odometer) || asked != 0 && s.sketch.admits(asked, odometer)
}

// refuse ends the fill and counts the reason.
func (w *Writer) refuse(r Refusal) Refusal {
	w.refused, w.ended = r, true
	return w.store.count.note(r)
}

// ID is the entry's id, under which full pieces can be read before the commit.
func (w *Writer) ID() uint64 { return w.entry.ID }

// Write takes the next bytes of the body. The error is a Refusal, after which
// the writer takes nothing more: the body is too large or longer than announced.
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
		if len(w.piece) == cap(w.piece) {
			w.flush()
		}
		n := min(cap(w.piece)-len(w.piece), len(rest))
		w.piece = append(w.piece, rest[:n]...)
		rest = rest[n:]
		w.count += int64(n)
	}
	return len(p), nil
}

// flush files the pieces that were gathered. The checksum of each is written
// over the end of the one before, which is filed by then.
func (w *Writer) flush() {
	index := w.pieceIndex()
	for rest := w.piece; len(rest) > pieceSumSize; index++ {
		n := min(len(rest), pieceSumSize+pieceSize)
		w.store.setPiece(w.entry.ID, index, rest[:n])
		w.store.cursor.Add(1)
		w.store.rewrite.earn(n, w.store.capacity)
		rest = rest[n-pieceSumSize:]
	}
	w.piece = w.piece[:pieceSumSize]
}

// pieceIndex is the index of the first piece that is being gathered.
func (w *Writer) pieceIndex() int64 {
	return (w.count - int64(len(w.piece)-pieceSumSize)) / pieceSize
}

// Commit makes the entry visible, replacing what was under its key. It refuses
// when the body has not the announced length, when the entry was purged since
// its fill began, and when pieces of it have been pushed out already.
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
	begun := w.pieceIndex() // more than 0: some pieces are filed
	if e.Kind = Whole; begun == 0 && len(w.piece)-pieceSumSize <= w.inline {
		e.Inline, e.written = w.piece[pieceSumSize:], w.store.odometer.Load()
		return w.store.count.note(w.store.file(e, w.key, &w.buf))
	}
	e.Kind = Pieces
	w.flush()
	if !w.store.hasPieces(e.ID, 0, pieceCount(e.BodySize)-1) {
		return w.store.count.note(Crowded)
	}
	return w.store.count.note(w.store.file(e, w.key, &w.buf))
}

// Abort ends the fill. Nothing of it can be found; what pieces there are wait
// for the ring to pass over them.
func (w *Writer) Abort() { w.ended = true }
