package cache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	recordSize  = 40
	tweakRecord = 0x70757267
)

// purgeRecord is a purge as it is kept in a file.
type purgeRecord struct {
	time  uint64 // of the purge clock
	scope Scope
	soft  bool
	slot  uint16
	url   urlID // of PurgeURL
}

// appendTo appends the record with its keyed checksum.
func (r *purgeRecord) appendTo(dst []byte, s *secret) []byte {
	at := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, r.time)
	soft := byte(0)
	if r.soft {
		soft = 1
	}
	dst = append(dst, byte(r.scope), soft)
	dst = binary.LittleEndian.AppendUint16(dst, r.slot)
	dst = append(dst, 0, 0, 0, 0)
	dst = append(dst, r.url[:]...)
	return binary.LittleEndian.AppendUint64(dst, s.sum(tweakRecord, dst[at:]))
}

// readRecord reads one record and reports whether it is one.
func readRecord(b []byte, s *secret) (purgeRecord, bool) {
	r := purgeRecord{time: word(b), scope: Scope(b[8]), soft: b[9] == 1, slot: binary.LittleEndian.Uint16(b[10:]), url: urlID(b[16:])}
	return r, word(b[32:]) == s.sum(tweakRecord, b[:32]) && r.scope < scopes
}

// journal appends each purge to a file before it is acknowledged, so that a purge
// is not undone by a restart from files that are older. A nil journal keeps
// nothing: then there are no files to be older.
type journal struct {
	file   *os.File
	dir    string
	number int
	secret *secret
	room   int64 // bytes that may still be written
	broken bool  // a record could not be written
	void   bool  // and the files that it was for are given up
	buf    []byte
}

func journalName(number int) string { return fmt.Sprintf("purges-%d.log", number) }

// journalSize bounds a journal: 1.6 million purges between two saves.
const journalSize = 64 << 20

// openJournal opens or makes the journal of that number.
func openJournal(dir string, number int, s *secret) (*journal, error) {
	file, err := os.OpenFile(filepath.Join(dir, journalName(number)), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("purge journal: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("purge journal: %w", err), file.Close())
	}
	return &journal{file: file, dir: dir, number: number, secret: s, room: journalSize - info.Size()}, nil
}

// append writes one record. When it cannot be written, or the journal is full, the
// saved files are given up, because they would bring back what was purged; the next
// Save makes others.
func (j *journal) append(r *purgeRecord) error {
	if j == nil || j.void {
		return nil
	}
	if !j.broken {
		j.buf = r.appendTo(j.buf[:0], j.secret)
		if j.room -= recordSize; j.room >= 0 {
			if _, err := j.file.Write(j.buf); err == nil {
				return nil
			}
		}
		j.broken = true
	}
	if err := os.Remove(filepath.Join(j.dir, manifestName)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("purge journal: it cannot be written, and the files that it was for stay: %w", err)
	}
	j.void = true
	return nil
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	return j.file.Close()
}

// SyncPurges brings the purges so far onto the disk. Without it they survive
// the end of the process, though not that of the machine. Before the first Save, or a Load that
// returned Loaded, it does nothing and returns nil; its error is that of the disk. Other purges
// wait meanwhile.
func (s *Store) SyncPurges() error {
	s.purges.mu.Lock()
	defer s.purges.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	return s.journal.file.Sync()
}

// tables writes the clock, how many slots were marked and which, and the listed
// prefixes as records after them.
func (p *purges) tables(s *secret) []byte {
	le := binary.LittleEndian
	p.mu.Lock()
	defer p.mu.Unlock()
	out := le.AppendUint64(nil, p.clock.Load())
	marked := uint64(0)
	out = le.AppendUint64(out, marked)
	for i, slot := range p.slots {
		hard, soft := slot.hard.Load(), slot.soft.Load()
		if hard|soft != 0 {
			marked++
			out = le.AppendUint64(le.AppendUint64(le.AppendUint64(out, uint64(i)), hard), soft)
		}
	}
	le.PutUint64(out[8:], marked)
	if list := p.paths.Load(); list != nil {
		for _, listed := range *list {
			r := purgeRecord{time: listed.time, scope: PurgePrefix, soft: listed.soft, slot: listed.slot}
			out = r.appendTo(out, s)
		}
	}
	return out
}

// slots yields every slot with its number in the file.
func (p *purges) slots(yield func(int, *slot) bool) {
	for i := range slotCount {
		if !yield(i, p.slot(i)) {
			return
		}
	}
}

const slotCount = 2 + hostSlots + 3*wideSlots

// slot returns the slot of a number below slotCount.
func (p *purges) slot(i int) *slot {
	switch at := i - 2; {
	case i == 0:
		return &p.all
	case i == 1:
		return &p.tags
	case at < hostSlots:
		return &p.host[at]
	default:
		at -= hostSlots
		return &[...]*[wideSlots]slot{&p.urls, &p.prefix, &p.tag}[at/wideSlots][at%wideSlots]
	}
}

// readTables is the inverse of tables, for purges that nobody uses yet.
func (p *purges) readTables(b []byte, s *secret) error {
	const markSize = 24
	if len(b) < 16 || word(b[8:]) > slotCount || (len(b)-16-markSize*int(word(b[8:])))%recordSize != 0 {
		return fmt.Errorf("%s: got %d bytes", tablesName, len(b))
	}
	p.clock.Store(word(b))
	marked := word(b[8:])
	for b = b[16:]; marked > 0; marked-- {
		if len(b) < markSize || word(b) >= slotCount {
			return fmt.Errorf("%s: a slot is not one", tablesName)
		}
		slot := p.slot(int(word(b)))
		slot.hard.Store(word(b[8:]))
		slot.soft.Store(word(b[16:]))
		b = b[markSize:]
	}
	for ; len(b) > 0; b = b[recordSize:] {
		r, ok := readRecord(b, s)
		if !ok {
			return fmt.Errorf("%s: a record is not one", tablesName)
		}
		p.replay(&r)
	}
	return nil
}
