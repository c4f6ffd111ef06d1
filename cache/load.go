package cache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Load fills a new store that nobody uses yet with what Save left in a folder;
// call it before the first Save there. One process uses a folder at a time.
// Anything but Loaded leaves it empty, and what was saved is no longer valid:
// purges that come from now on would be missing there. Snapshots that are not
// valid, such as one whose Save was killed, are removed, unless the result is Unsafe. The error
// says more than the result; NothingSaved and Loaded have none. After Loaded, purges are written to
// the journal there.
func (s *Store) Load(dir string) (LoadResult, error) {
	l := loader{store: s, dir: dir, shards: s.ring.shards, secret: s.ring.secret}
	number, result, err := l.load()
	if result == Loaded {
		s.valid = number
		_ = removeSnapshots(dir, number) // the next Save does it again, and returns the error
		return Loaded, nil
	}
	l.restore()
	switch gone := os.Remove(filepath.Join(dir, manifestName)); {
	case gone != nil && !errors.Is(gone, fs.ErrNotExist):
		err = errors.Join(err, gone)
	case result != Unsafe:
		_ = removeSnapshots(dir, 0)
	}
	if err != nil {
		err = fmt.Errorf("cache files in %s: %w", dir, err)
	}
	return result, err
}

// loader loads one snapshot.
type loader struct {
	store  *Store
	dir    string
	shards *shards // of the store before, for when nothing can be loaded
	secret secret  // likewise
}

func (l *loader) restore() {
	s := l.store
	_ = s.journal.close() // nothing was written to it
	s.ring.shards, s.ring.secret, s.purges, s.journal = l.shards, l.secret, &purges{}, nil
	s.ring.odometer.Store(0)
	s.ring.kept.Store(0)
}

// load returns the number of the snapshot that it has loaded.
func (l *loader) load() (number int, result LoadResult, err error) {
	s := l.store
	defer func() {
		if p := recover(); p != nil {
			result, err = ShardRefused, fmt.Errorf("panic: %v", p)
		}
	}()
	m, result, err := readManifest(l.dir)
	if result != Loaded {
		return 0, result, err
	}
	if m.Capacity != s.ring.capacity {
		return 0, OtherCapacity, fmt.Errorf("got %d bytes, want %d", m.Capacity, s.ring.capacity)
	}
	folder := filepath.Join(l.dir, snapshotName(m.Number))
	if result, err := m.check(folder); result != Loaded {
		return 0, result, err
	}
	s.ring.secret = m.Secret
	s.ring.odometer.Store(m.Odometer)
	if s.ring.shards, err = loadShards(folder, s.ring.capacity); err != nil {
		return 0, ShardRefused, err
	}
	s.ring.kept.Store(int64(s.ring.shards.stats().EntriesCount))
	if result, err := l.loadPurges(m.Number); result != Loaded {
		return 0, result, err
	}
	return m.Number, Loaded, nil
}

// loadPurges reads the tables and all journals since, and goes on with the last.
func (l *loader) loadPurges(number int) (LoadResult, error) {
	s, dir := l.store, l.dir
	tables, err := os.ReadFile(filepath.Join(dir, snapshotName(number), tablesName))
	if err != nil {
		return FileMissing, err
	}
	if err := s.purges.readTables(tables, &s.ring.secret); err != nil {
		return FileDamaged, err
	}
	journals, _, err := savedNumbers(dir)
	if err != nil {
		return JournalDamaged, err
	}
	last := number
	for n := range journals {
		last = max(last, n)
	}
	for n := number; n <= last; n++ { // without a gap: each may hold purges
		if err := l.replayJournal(n); err != nil {
			return JournalDamaged, err
		}
	}
	if s.journal, err = openJournal(dir, last, &s.ring.secret); err != nil {
		return JournalDamaged, err
	}
	return Loaded, nil
}

// replayJournal repeats the purges of one journal on the shards that are loaded. A record that is
// cut short was never acknowledged and is cut off; a false one is an error.
func (l *loader) replayJournal(number int) error {
	s := l.store
	name := filepath.Join(l.dir, journalName(number))
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	whole := len(text) / recordSize * recordSize
	for at := 0; at < whole; at += recordSize {
		r, ok := readRecord(text[at:at+recordSize], &s.ring.secret)
		if !ok {
			return fmt.Errorf("%s: record %d is not one", journalName(number), at/recordSize)
		}
		s.purges.replay(&r)
		if r.scope == PurgeURL && !r.soft {
			s.dropURL(&r.url, r.time)
		}
	}
	if whole < len(text) {
		return file.Truncate(int64(whole))
	}
	return nil
}
