package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// bubble runs f beside a started watcher with default times under a fake clock; the
// only notices are those that f sends.
func bubble(t *testing.T, paths []string, f func(w *Watcher, hints chan<- fsnotify.Event)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := New(Options{Paths: paths, Log: discard})
		hints := make(chan fsnotify.Event)
		w.notify = func([]string) (*notices, error) { return &notices{changed: hints, whole: true}, nil }
		if err := w.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		f(w, hints)
		if err := w.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// expect counts the events of the next minute of the fake clock.
func expect(t *testing.T, w *Watcher, want int, when string) {
	t.Helper()
	got := 0
	for end := time.After(time.Minute); ; {
		select {
		case <-w.Events():
			got++
			continue
		case <-end:
		}
		break
	}
	if got != want {
		t.Errorf("%s: got %d events, want %d", when, got, want)
	}
}

// pass advances the fake clock by d and waits for all that this causes.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestPollingSeesEveryKindOfChange(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(t *testing.T, path string)
		want   int
	}{
		{"nothing", func(*testing.T, string) {}, 0},
		{"edited in place", func(t *testing.T, p string) { write(t, p, "two") }, 1},
		{"another inode, as a bind mount replaced", func(t *testing.T, p string) { replace(t, p, "two") }, 1},
		{"another inode, same content", func(t *testing.T, p string) { replace(t, p, "one") }, 0},
		{"there and back", func(t *testing.T, p string) { write(t, p, "two"); write(t, p, "one") }, 0},
		{"same size, same time", func(t *testing.T, p string) {
			info, err := os.Stat(p)
			if err != nil {
				t.Fatal(err)
			}
			write(t, p, "two")
			if err := os.Chtimes(p, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}, 1},
		{"vanished", remove, 0},
		{"became a directory", func(t *testing.T, p string) {
			remove(t, p)
			if err := os.Mkdir(p, 0o700); err != nil {
				t.Fatal(err)
			}
		}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.yaml")
			write(t, path, "one")
			bubble(t, []string{path}, func(w *Watcher, _ chan<- fsnotify.Event) {
				tc.change(t, path)
				expect(t, w, tc.want, tc.name)
			})
		})
	}
}

func TestPollingSeesSymlinkSwap(t *testing.T) {
	dir, path := volume(t)
	bubble(t, []string{path}, func(w *Watcher, _ chan<- fsnotify.Event) {
		publish(t, dir, "..two")
		expect(t, w, 1, "swap")
	})
}

func TestVanishedFileReturns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "one")
	bubble(t, []string{path}, func(w *Watcher, _ chan<- fsnotify.Event) {
		remove(t, path)
		expect(t, w, 0, "gone")
		write(t, path, "one")
		expect(t, w, 0, "returned as it was")
		remove(t, path)
		expect(t, w, 0, "gone again")
		write(t, path, "two")
		expect(t, w, 1, "returned changed")
	})
}

func TestFileThatAppearsLater(t *testing.T) {
	dir := t.TempDir()
	first, late := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, first, "one")
	bubble(t, []string{first, late}, func(w *Watcher, _ chan<- fsnotify.Event) {
		write(t, late, "certificate")
		expect(t, w, 1, "appeared")
		write(t, first, "two")
		write(t, late, "renewed")
		expect(t, w, 1, "both at once")
	})
}

func TestNoticesAreDebounced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "one")
	bubble(t, []string{path}, func(w *Watcher, hints chan<- fsnotify.Event) {
		for i := range 50 { // four writes in each debounce
			write(t, path, "half "+string(rune('A'+i)))
			hints <- fsnotify.Event{Name: path, Op: fsnotify.Write}
			pass(DefaultDebounce / 4)
		}
		if len(w.events) != 0 {
			t.Error("event while the file was still being written")
		}
		pass(DefaultSettle + 2*DefaultDebounce)
		if len(w.events) != 1 {
			t.Error("no event soon after the last write")
		}
		expect(t, w, 1, "in all")
	})
}

func TestPollDoesNotReportAHalfWrittenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "one")
	bubble(t, []string{path}, func(w *Watcher, _ chan<- fsnotify.Event) {
		write(t, path, "tw")
		pass(DefaultPoll + DefaultDebounce/2) // the poll has seen the half
		write(t, path, "two")
		pass(DefaultDebounce)
		if len(w.events) != 0 {
			t.Error("event although two looks differed")
		}
		expect(t, w, 1, "written")
	})
}

func TestEventsThatAreNotTakenAreOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "one")
	bubble(t, []string{path}, func(w *Watcher, _ chan<- fsnotify.Event) {
		for _, content := range []string{"two", "three", "four"} {
			write(t, path, content)
			pass(2 * DefaultPoll)
		}
		expect(t, w, 1, "after three changes")
	})
}

func TestSystemWithoutNotices(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "one")
	synctest.Test(t, func(t *testing.T) {
		w := New(Options{Paths: []string{path}, Log: discard})
		w.notify = func([]string) (*notices, error) { return nil, errors.New("no watches left") }
		if err := w.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		write(t, path, "two")
		expect(t, w, 1, "polling alone")
		if err := w.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
