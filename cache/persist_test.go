package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// saved makes a folder with a store of two bodies, one of them purged later.
func saved(t *testing.T, o Options) (dir string, s *Store) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "cache")
	s = newStore(t, o)
	s.Put(keyOf(s, "a.example", "/small"), fillOf(s, "m"), []byte("small"))
	s.Put(keyOf(s, "a.example", "/large"), fillOf(s, "m"), bodyOf(1, 3*segmentSize))
	if err := s.Save(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	return dir, s
}

// reload loads a folder into a new store.
func reload(t *testing.T, dir string, want LoadResult) *Store {
	t.Helper()
	s := newStore(t, Options{})
	got, err := s.Load(dir)
	if got != want {
		t.Fatalf("load: got %v (%v), want %v", got, err, want)
	}
	if want != Loaded {
		if again, _ := newStore(t, Options{}).Load(dir); again != NothingSaved && want != Unsafe {
			t.Errorf("what was refused is found again: %v", again)
		}
		if st := s.Stats(); st.Records != 0 {
			t.Errorf("%d records after a refusal", st.Records)
		}
		k := keyOf(s, "a.example", "/new")
		s.Put(k, fillOf(s, ""), nil)
		wantBody(t, s, k, nil)
	}
	return s
}

func TestARestartKeepsAll(t *testing.T) {
	dir, first := saved(t, Options{})
	first.journal.close()
	s := reload(t, dir, Loaded)
	wantBody(t, s, keyOf(s, "a.example", "/small"), []byte("small"))
	wantBody(t, s, keyOf(s, "a.example", "/large"), bodyOf(1, 3*segmentSize))
	if got, want := s.ring.odometer.Load(), first.ring.odometer.Load(); got != want {
		t.Errorf("odometer: got %d, want %d", got, want)
	}
	if err := s.Save(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	reload(t, dir, Loaded)
	if names, _ := os.ReadDir(dir); len(names) != 3 {
		t.Errorf("got %v, want manifest, one snapshot and one journal", names)
	}
	for _, name := range []string{dir, filepath.Join(dir, manifestName)} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: got %v, want nothing for others", name, info.Mode())
		}
	}
}

func TestPurgesSurvive(t *testing.T) {
	for _, when := range []string{"before", "after", "list before", "prefix after", "after a failed save"} {
		t.Run(when, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			s := newStore(t, Options{})
			small, other := keyOf(s, "a.example", "/img/small"), keyOf(s, "b.example", "/other")
			s.Put(small, fillOf(s, ""), []byte("small"))
			s.Put(other, fillOf(s, ""), []byte("other"))
			purge := func(name string) {
				if name != when {
					return
				}
				if strings.Contains(name, "list") || strings.Contains(name, "prefix") {
					s.PurgePrefix([]byte("a.example"), []byte("/img/sm"), false)
				} else {
					s.PurgeURL(small, false)
				}
			}
			purge("before")
			purge("list before")
			if err := s.Save(t.Context(), dir); err != nil {
				t.Fatal(err)
			}
			purge("after")
			purge("prefix after")
			v := saver{store: s, dir: dir, manifest: manifest{Number: s.journal.number + 1}}
			if err := v.turnJournal(); err != nil {
				t.Fatal(err)
			}
			purge("after a failed save")
			if err := s.SyncPurges(); err != nil {
				t.Fatal(err)
			}
			s = reload(t, dir, Loaded)
			wantOutcome(t, s, keyOf(s, "a.example", "/img/small"), Purged)
			wantBody(t, s, keyOf(s, "b.example", "/other"), []byte("other"))
			s.PurgeAll(false)
			wantOutcome(t, s, keyOf(s, "b.example", "/other"), Purged)
		})
	}
}

// damaged is something that happens to saved files, and what Load says of it.
type damaged struct {
	name   string
	damage func(dir string) error
	want   LoadResult
}

// flip changes a bit of a file, at a part of its length from 0 to 1.
func flip(name string, part float64) func(dir string) error {
	return func(dir string) error {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || len(text) == 0 {
			return errors.Join(err, errors.New("nothing to flip"))
		}
		text[int(part*float64(len(text)-1))] ^= 4
		return os.WriteFile(filepath.Join(dir, name), text, 0o600)
	}
}

func cut(name string) func(dir string) error {
	return func(dir string) error { return os.Truncate(filepath.Join(dir, name), 5) }
}

func remove(name string) func(dir string) error {
	return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
}

func TestDamagedFilesAreRefused(t *testing.T) {
	dir, s := saved(t, Options{})
	s.PurgeTag([]byte("tag"), false)
	snapshot := snapshotName(1)
	tables, data := snapshot+"/"+tablesName, snapshot+"/"+largestData(t, dir, snapshot)
	cases := []damaged{
		{"untouched", func(string) error { return nil }, Loaded},
		{"no manifest", remove(manifestName), NothingSaved},
		{"an empty manifest", func(dir string) error { return os.Truncate(filepath.Join(dir, manifestName), 0) }, ManifestDamaged},
		{"a manifest cut short", cut(manifestName), ManifestDamaged},
		{"a table cut short", cut(tables), FileDamaged},
		{"a table gone", remove(tables), FileMissing},
		{"a ring file gone", remove(data), FileMissing},
		{"the journal gone", remove(journalName(1)), JournalDamaged},
		{"a journal's record cut short was never answered", cut(journalName(1)), Loaded},
		{"a foreign file", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, snapshot, "shard-0", "data.99.bin"), nil, 0o600)
		}, FileForeign},
		{"a folder that others write to", func(dir string) error { return os.Chmod(dir, 0o777) }, Unsafe},
	}
	cases = append(cases, flips(t, dir, snapshot)...)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), "cache")
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			os.Chmod(copied, 0o700)
			if err := tc.damage(copied); err != nil {
				t.Fatal(err)
			}
			reload(t, copied, tc.want)
		})
	}
}

// largestData names the largest file of the ring: how the writers share the
// buckets is left to chance.
func largestData(t *testing.T, dir, snapshot string) string {
	t.Helper()
	files, err := listFiles(filepath.Join(dir, snapshot))
	if err != nil {
		t.Fatal(err)
	}
	var largest savedFile
	for _, f := range files {
		if strings.HasPrefix(f.Name, "shard-0/data.") && f.Size > largest.Size {
			largest = f
		}
	}
	return largest.Name
}

// flips changes bits in every file: at its ends and between, and more of them for
// acceptance.
func flips(t *testing.T, dir, snapshot string) (cases []damaged) {
	t.Helper()
	files, err := listFiles(filepath.Join(dir, snapshot))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]LoadResult{manifestName: ManifestDamaged, journalName(1): JournalDamaged}
	for _, f := range files {
		names[snapshot+"/"+f.Name] = FileDamaged
	}
	steps := 2
	if os.Getenv(bigRun) != "" {
		steps = 40
	}
	for name, want := range names {
		for i := range steps + 1 {
			part := float64(i) / float64(steps)
			cases = append(cases, damaged{fmt.Sprintf("%s flipped at %.3f", name, part), flip(name, part), want})
		}
	}
	return cases
}

func TestOthersFilesAreRefused(t *testing.T) {
	dir, _ := saved(t, Options{Bytes: 2 * Step})
	reload(t, dir, OtherCapacity)

	dir, _ = saved(t, Options{})
	m, _, _ := decodeManifest(readFile(t, filepath.Join(dir, manifestName)))
	m.Format++
	text, _ := m.encode()
	if err := os.WriteFile(filepath.Join(dir, manifestName), text, 0o600); err != nil {
		t.Fatal(err)
	}
	reload(t, dir, OtherFormat)
	reload(t, filepath.Join(dir, "nowhere"), NothingSaved)
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestAPurgeThatCannotBeKeptVoidsTheFiles closes the journal under the store.
func TestAPurgeThatCannotBeKeptVoidsTheFiles(t *testing.T) {
	dir, s := saved(t, Options{})
	s.journal.file.Close()
	if err := s.PurgeAll(false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, manifestName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the manifest is still there: %v", err)
	}
}

// TestSavesThatWereKilledLeaveNothing holds that their files do not pile up.
func TestSavesThatWereKilledLeaveNothing(t *testing.T) {
	for _, want := range []LoadResult{Loaded, ManifestDamaged, NothingSaved} {
		dir, _ := saved(t, Options{})
		for _, n := range []int{2, 3} {
			half := filepath.Join(dir, snapshotName(n), shardName(0), "fastcache.tmp.7")
			if err := os.MkdirAll(half, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		manifest := filepath.Join(dir, manifestName)
		switch want {
		case ManifestDamaged:
			os.WriteFile(manifest, []byte("half"), 0o600)
		case NothingSaved:
			os.Remove(manifest)
		}
		reload(t, dir, want)
		left, _ := filepath.Glob(filepath.Join(dir, "snapshot-*"))
		if want == Loaded && len(left) != 1 || want != Loaded && len(left) != 0 {
			t.Errorf("%v: left are %v", want, left)
		}
	}
}
