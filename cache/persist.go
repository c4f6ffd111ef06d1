package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// LoadResult says what became of saved files. All but Loaded start empty.
type LoadResult uint8

// The results of Load.
const (
	Loaded          LoadResult = iota
	NothingSaved               // no manifest: the first start, or one after a refusal
	ManifestDamaged            // unreadable, cut short or altered
	OtherFormat                // of another version of Penstock
	OtherCapacity              // the configured size has changed
	FileMissing                // a file that the manifest names
	FileDamaged                // cut short or altered
	FileForeign                // a file that the manifest does not name
	JournalDamaged             // purges could have been lost
	RingRefused                // fastcache would not read it
	Unsafe                     // others may write to the folder
	loadResults
)

var loadText = [loadResults]string{
	Loaded: "loaded", NothingSaved: "nothing-saved", ManifestDamaged: "manifest-damaged",
	OtherFormat: "other-format", OtherCapacity: "other-capacity", FileMissing: "file-missing",
	FileDamaged: "file-damaged", FileForeign: "file-foreign", JournalDamaged: "journal-damaged",
	RingRefused: "ring-refused", Unsafe: "unsafe-folder",
}

// String returns the name that metrics and logs use.
func (r LoadResult) String() string { return loadText[r] }

// Save writes the store into a folder, which is made with mode 0700, beside
// what was saved before; then one rename makes the new one valid and the old is
// removed. Whenever the process ends, the old or the new is there, whole. From
// the first Save on, purges are written to a journal there. Everything else goes
// on, though writers of a bucket, and behind them its readers, wait while
// fastcache writes its 512 KiB out; another Save waits for this one.
func (s *Store) Save(dir string) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cache files: %w", err)
	}
	_, highest, err := savedNumbers(dir)
	if err != nil {
		return fmt.Errorf("cache files: %w", err)
	}
	m := manifest{Format: snapshotFormat, Number: highest + 1, Capacity: s.capacity, Secret: s.secret}
	if err := s.turnJournal(dir, m.Number); err != nil {
		return err
	}
	folder := filepath.Join(dir, snapshotName(m.Number))
	if err := s.saveFiles(folder, &m); err != nil {
		return errors.Join(fmt.Errorf("cache files: %w", err), os.RemoveAll(folder))
	}
	if err := s.writeManifest(dir, &m); err != nil {
		return fmt.Errorf("cache files: %w", err)
	}
	return removeOlder(dir, m.Number)
}

// saveFiles writes the snapshot's folder and brings it onto the disk. The purge
// tables and the odometer come last: they must not be older than an entry.
func (s *Store) saveFiles(folder string, m *manifest) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	workers := max(1, runtime.GOMAXPROCS(0)/2) // the rest is for requests
	if err := s.rings.save(folder, workers); err != nil {
		return err
	}
	m.Odometer = s.odometer.Load()
	tables := filepath.Join(folder, tablesName)
	if err := os.WriteFile(tables, s.purges.tables(&s.secret), 0o600); err != nil {
		return err
	}
	if err := syncPath(tables); err != nil {
		return err
	}
	var err error
	if m.Files, err = listFiles(folder); err != nil {
		return err
	}
	return syncFolder(folder)
}

// writeManifest makes a snapshot the valid one, unless purges since it began
// are not in its journal.
func (s *Store) writeManifest(dir string, m *manifest) error {
	text, err := m.encode()
	if err != nil {
		return err
	}
	next := filepath.Join(dir, manifestName+".new")
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	if err := syncPath(next); err != nil {
		return err
	}
	if err := syncFolder(dir); err != nil { // the snapshot and its journal are there before it is named
		return err
	}
	s.purges.mu.Lock()
	defer s.purges.mu.Unlock()
	if s.journal.broken {
		return errors.New("the purge journal could not be written")
	}
	if err := os.Rename(next, filepath.Join(dir, manifestName)); err != nil {
		return err
	}
	return syncFolder(dir)
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
	if result, err := s.loadPurges(dir, m.Number); result != Loaded {
		return 0, result, err
	}
	if s.rings, err = loadRings(folder, s.capacity); err != nil {
		return 0, RingRefused, err
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

// syncPath brings a file onto the disk.
func syncPath(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// syncTree brings a folder of files onto the disk.
func syncTree(folder string) error {
	found, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, d := range found {
		if err := syncPath(filepath.Join(folder, d.Name())); err != nil {
			return err
		}
	}
	return syncFolder(folder)
}

// syncFolder brings the names in a folder onto the disk, where a folder can be
// synced at all.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
