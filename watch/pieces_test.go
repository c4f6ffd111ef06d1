package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// writeInParts writes a new content to path in 20 parts over three seconds of the fake clock,
// with the notices that the system gives of it, if hints is not nil.
func writeInParts(t *testing.T, path string, round int, anew bool, hints chan<- fsnotify.Event) {
	t.Helper()
	hint := func(op fsnotify.Op) {
		if hints != nil {
			hints <- fsnotify.Event{Name: path, Op: op}
		}
	}
	if anew {
		remove(t, path)
		hint(fsnotify.Remove)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if anew {
		hint(fsnotify.Create)
	} else {
		hint(fsnotify.Write)
	}
	for piece := range 20 {
		if _, err := fmt.Fprintf(f, "round %d, piece %d\n", round, piece); err != nil {
			t.Fatal(err)
		}
		hint(fsnotify.Write)
		if piece < 19 {
			pass(3 * time.Second / 19)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAFileInPiecesIsReportedWhole(t *testing.T) {
	for _, tc := range []struct {
		name          string
		noticed, anew bool
	}{
		{"in place", true, false},
		{"in place, without notices", false, false},
		{"removed and written anew", true, true},
		{"removed and written anew, without notices", false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.yaml")
			write(t, path, "one")
			bubble(t, []string{path}, func(w *Watcher, hints chan<- fsnotify.Event) {
				if !tc.noticed {
					hints = nil
				}
				for round := range 50 {
					before := w.Seen()
					writeInParts(t, path, round, tc.anew, hints)
					if len(w.events) != 0 || w.Seen() != before {
						t.Fatalf("round %d: an event while the file was being written", round)
					}
					pass(DefaultPoll + DefaultSettle + 2*DefaultDebounce)
					if len(w.events) != 1 || w.Seen() != Fingerprint([]string{path}) {
						t.Fatalf("round %d: got %d events of the whole file, want 1", round, len(w.events))
					}
					<-w.Events()
				}
			})
		})
	}
}

func TestWhatIsReplacedAsAWholeIsReportedAtOnce(t *testing.T) {
	soon := 3 * DefaultDebounce
	t.Run("a rename onto the name", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "config.yaml")
		write(t, path, "one")
		bubble(t, []string{path}, func(w *Watcher, hints chan<- fsnotify.Event) {
			write(t, path, "half") // by somebody before
			hints <- fsnotify.Event{Name: path, Op: fsnotify.Write}
			replace(t, path, "two")
			hints <- fsnotify.Event{Name: path + ".new", Op: fsnotify.Create}
			hints <- fsnotify.Event{Name: path + ".new", Op: fsnotify.Write}
			hints <- fsnotify.Event{Name: path, Op: fsnotify.Create}
			pass(soon)
			if len(w.events) != 1 {
				t.Error("no event soon after the rename")
			}
		})
	})
	t.Run("a symbolic link that is swapped", func(t *testing.T) {
		dir, path := volume(t)
		bubble(t, []string{path}, func(w *Watcher, hints chan<- fsnotify.Event) {
			publish(t, dir, "..two")
			hints <- fsnotify.Event{Name: filepath.Join(dir, "..data"), Op: fsnotify.Create}
			pass(soon)
			if len(w.events) != 1 {
				t.Error("no event soon after the swap")
			}
		})
	})
	t.Run("but no new file that is empty at first", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "config.yaml")
		write(t, path, "one")
		bubble(t, []string{path}, func(w *Watcher, hints chan<- fsnotify.Event) {
			replace(t, path, "")
			hints <- fsnotify.Event{Name: path, Op: fsnotify.Create}
			pass(DefaultSettle)
			if len(w.events) != 0 {
				t.Error("an event of an empty file within the time to settle")
			}
			expect(t, w, 1, "it stays empty")
		})
	})
	t.Run("but no file that is written to after it", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "config.yaml")
		write(t, path, "one")
		bubble(t, []string{path}, func(w *Watcher, hints chan<- fsnotify.Event) {
			replace(t, path, "tw")
			hints <- fsnotify.Event{Name: path, Op: fsnotify.Create}
			pass(DefaultDebounce / 2)
			write(t, path, "two")
			hints <- fsnotify.Event{Name: path, Op: fsnotify.Write}
			pass(DefaultSettle)
			if len(w.events) != 0 {
				t.Error("an event within the time to settle")
			}
			expect(t, w, 1, "written")
		})
	})
}
