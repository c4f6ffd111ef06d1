package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Save writes the store into a folder, which is made with mode 0700, beside
// what was saved before; then one rename makes the new one valid and the old is
// removed. Whenever the process ends, the old or the new is there, whole. From
// the first Save on, purges are written to a journal there. Requests go on: they
// wait for a bucket of 512 KiB while it is copied, and never for the disk. Another
// Save waits for this one.
//
// Any error, such as that of a full disk, leaves what was saved before and removes
// what was written; ctx ends a save likewise, between two writes.
func (s *Store) Save(ctx context.Context, dir string) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	v := saver{store: s, dir: dir, manifest: manifest{Format: snapshotFormat, Capacity: s.capacity, Secret: s.secret}}
	if err := v.save(ctx); err != nil {
		return fmt.Errorf("cache files: %w", err)
	}
	return nil
}

// saver makes one snapshot.
type saver struct {
	store    *Store
	dir      string
	manifest manifest
}

func (v *saver) save(ctx context.Context) error {
	if err := os.MkdirAll(v.dir, 0o700); err != nil {
		return err
	}
	if err := v.number(); err != nil {
		return err
	}
	number := v.manifest.Number
	folder := filepath.Join(v.dir, snapshotName(number))
	err := v.writeFiles(ctx, folder)
	if err == nil {
		err = v.writeManifest()
	}
	if v.store.valid != number {
		return errors.Join(err, os.RemoveAll(folder))
	}
	return errors.Join(err, removeOlder(v.dir, number))
}

// number numbers the snapshot and lets purges go into the journal of that number from
// now on. The number of a save that failed is taken again, with its journal, so that
// failures leave no files.
func (v *saver) number() error {
	_, highest, err := savedNumbers(v.dir)
	if err != nil {
		return err
	}
	s := v.store
	s.purges.mu.Lock()
	last := s.journal
	again := last != nil && !last.broken && last.dir == v.dir && last.number == highest && highest > s.valid
	s.purges.mu.Unlock()
	if _, err := os.Lstat(filepath.Join(v.dir, snapshotName(highest))); again && errors.Is(err, fs.ErrNotExist) {
		v.manifest.Number = highest
		return nil
	}
	v.manifest.Number = highest + 1
	return s.turnJournal(v.dir, highest+1)
}

// writeFiles writes the snapshot's folder and brings it onto the disk. The purge
// tables and the odometer come last: they must not be older than an entry.
func (v *saver) writeFiles(ctx context.Context, folder string) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	s := v.store
	workers := max(1, runtime.GOMAXPROCS(0)/2) // the rest is for requests
	files, err := s.rings.save(ctx, folder, workers)
	if err != nil {
		return err
	}
	v.manifest.Odometer = s.odometer.Load()
	tables, err := writeSummed(folder, tablesName, func(w io.Writer) error {
		_, err := w.Write(s.purges.tables(&s.secret))
		return err
	})
	if err != nil {
		return err
	}
	v.manifest.Files = append(files, tables)
	return syncFolder(folder)
}

// writeManifest makes the snapshot the valid one, unless purges since it began
// are not in its journal, and notes that it is.
func (v *saver) writeManifest() error {
	text, err := v.manifest.encode()
	if err != nil {
		return err
	}
	next := filepath.Join(v.dir, manifestName+".new")
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	if err := syncPath(next); err != nil {
		return err
	}
	if err := syncFolder(v.dir); err != nil { // the snapshot and its journal are there before it is named
		return err
	}
	s := v.store
	s.purges.mu.Lock()
	defer s.purges.mu.Unlock()
	if s.journal.broken {
		return errors.New("the purge journal could not be written")
	}
	if err := os.Rename(next, filepath.Join(v.dir, manifestName)); err != nil {
		return err
	}
	s.valid = v.manifest.Number
	return syncFolder(v.dir)
}

// turnJournal lets purges go into the journal of that number from now on.
func (s *Store) turnJournal(dir string, number int) error {
	next, err := openJournal(dir, number, &s.secret)
	if err != nil {
		return err
	}
	s.purges.mu.Lock()
	last := s.journal
	s.journal = next
	s.purges.mu.Unlock()
	return last.close()
}

// Load fills a new store that nobody uses yet with what Save left in a folder;
// call it before the first Save there. One process uses a folder at a time.
// Anything but Loaded leaves it empty, and what was saved is no longer valid:
// purges that come from now on would be missing there. Snapshots that are not
// valid, such as one whose Save was killed, are removed. The error says more than
// the result; NothingSaved and Loaded have none.
func (s *Store) Load(dir string) (LoadResult, error) {
	fresh := *s.blank()
	number, result, err := s.load(dir)
	if result == Loaded {
		s.valid = number
		_ = removeSnapshots(dir, number) // the next Save tries again, and says so
		return Loaded, nil
	}
	s.restore(&fresh)
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

// blank is what load may have changed when it fails.
type blank struct {
	rings  *rings
	secret secret
}

func (s *Store) blank() *blank { return &blank{s.rings, s.secret} }

func (s *Store) restore(b *blank) {
	_ = s.journal.close() // nothing was written to it
	s.rings, s.secret, s.purges, s.journal = b.rings, b.secret, &purges{}, nil
	s.odometer.Store(0)
}

// load returns the number of the snapshot that it has loaded.
func (s *Store) load(dir string) (number int, result LoadResult, err error) {
	defer func() {
		if p := recover(); p != nil {
			result, err = RingRefused, fmt.Errorf("panic: %v", p)
		}
	}()
	m, result, err := readManifest(dir)
	if result != Loaded {
		return 0, result, err
	}
	if m.Capacity != s.capacity {
		return 0, OtherCapacity, fmt.Errorf("got %d bytes, want %d", m.Capacity, s.capacity)
	}
	folder := filepath.Join(dir, snapshotName(m.Number))
	if result, err := m.check(folder); result != Loaded {
		return 0, result, err
	}
	s.secret = m.Secret
	s.odometer.Store(m.Odometer)
	if s.rings, err = loadRings(folder, s.capacity); err != nil {
		return 0, RingRefused, err
	}
	if result, err := s.loadPurges(dir, m.Number); result != Loaded {
		return 0, result, err
	}
	return m.Number, Loaded, nil
}

// loadPurges reads the tables and all journals since, and goes on with the last.
func (s *Store) loadPurges(dir string, number int) (LoadResult, error) {
	tables, err := os.ReadFile(filepath.Join(dir, snapshotName(number), tablesName))
	if err != nil {
		return FileMissing, err
	}
	if err := s.purges.readTables(tables, &s.secret); err != nil {
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
		if err := s.replayJournal(dir, n); err != nil {
			return JournalDamaged, err
		}
	}
	if s.journal, err = openJournal(dir, last, &s.secret); err != nil {
		return JournalDamaged, err
	}
	return Loaded, nil
}

// savedNumbers returns the numbers of the journals in a folder, and the highest
// that anything in it bears.
func savedNumbers(dir string) (journals map[int]bool, highest int, err error) {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, 0, err
	}
	journals = map[int]bool{}
	for _, d := range found {
		number, isJournal := numberOf(d.Name())
		if isJournal {
			journals[number] = true
		}
		highest = max(highest, number)
	}
	return journals, highest, nil
}

// numberOf reads the number from the name of a journal or a snapshot; 0 is none.
func numberOf(name string) (number int, isJournal bool) {
	text, isSnapshot := strings.CutPrefix(name, "snapshot-")
	if !isSnapshot {
		text, isJournal = strings.CutPrefix(name, "purges-")
		text, _ = strings.CutSuffix(text, ".log")
	}
	number, err := strconv.Atoi(text)
	if err != nil || number <= 0 || !isSnapshot && !isJournal {
		return 0, false
	}
	return number, isJournal
}

// removeOlder removes what belongs to snapshots before this one.
func removeOlder(dir string, number int) error {
	found, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, d := range found {
		if n, _ := numberOf(d.Name()); n > 0 && n < number {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, d.Name())))
		}
	}
	return err
}

// removeSnapshots removes all snapshots but one, for a folder that nobody writes
// to. A folder that is not there holds none.
func removeSnapshots(dir string, but int) error {
	found, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, d := range found {
		if n, isJournal := numberOf(d.Name()); n > 0 && n != but && !isJournal {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, d.Name())))
		}
	}
	return err
}
