package watch

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

var discard = slog.New(slog.DiscardHandler)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace renames a new file over path, as editors do: the inode changes.
func replace(t *testing.T, path, content string) {
	t.Helper()
	write(t, path+".new", content)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// publish makes version the content of the volume dir as Kubernetes does: config.yaml
// always points to ..data/config.yaml, and ..data is renamed over.
func publish(t *testing.T, dir, version string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, version, "config.yaml"), version)
	link := filepath.Join(dir, "..data_tmp")
	if err := os.Symlink(version, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	if err := os.Rename(link, filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
}

// volume returns the path of a file in a published volume.
func volume(t *testing.T) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	publish(t, dir, "..one")
	path = filepath.Join(dir, "config.yaml")
	if err := os.Symlink(filepath.Join("..data", "config.yaml"), path); err != nil {
		t.Fatal(err)
	}
	return dir, path
}

// noticing returns a started watcher that gets notices of the system and never polls.
func noticing(t *testing.T, settle time.Duration, paths ...string) *Watcher {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the cases are those of inotify")
	}
	w := New(Options{Paths: paths, Poll: time.Hour, Debounce: 5 * time.Millisecond, Settle: settle, Log: discard})
	if err := w.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

func wait(t *testing.T, w *Watcher, what string) {
	t.Helper()
	select {
	case <-w.Events():
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: no event, and polling is off", what)
	}
}

func TestNoticesOfTheSystem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "one")
	w := noticing(t, 20*time.Millisecond, path)
	write(t, path, "two")
	wait(t, w, "edited in place")
	replace(t, path, "three")
	wait(t, w, "renamed over")
	write(t, path, "four")
	wait(t, w, "edited after the rename")
	remove(t, path)
	write(t, path, "five")
	wait(t, w, "removed and written anew")
}

func TestARenameDoesNotHaveToSettle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "one")
	w := noticing(t, time.Hour, path)
	for _, content := range []string{"two", "three", "four"} {
		replace(t, path, content)
		wait(t, w, "renamed over")
	}
}

func TestNoticeOfSymlinkSwap(t *testing.T) {
	dir, path := volume(t)
	w := noticing(t, time.Hour, path)
	publish(t, dir, "..two")
	wait(t, w, "first swap")
	publish(t, dir, "..three")
	wait(t, w, "second swap")
}

func TestEveryPathIsWatched(t *testing.T) {
	one, two := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	write(t, one, "a")
	write(t, two, "a")
	w := noticing(t, 20*time.Millisecond, one, two)
	for _, path := range []string{one, two} {
		write(t, path, "b")
		wait(t, w, path)
	}
}

func TestStartAndShutdown(t *testing.T) {
	if err := New(Options{}).Start(context.Background()); err == nil {
		t.Error("no paths: got nil, want an error")
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "one")
	w := New(Options{Paths: []string{path}, Log: discard})
	if err := w.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown without Start: %v", err)
	}
	if err := w.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := w.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for range 20 { // a select takes one of two ready channels by chance
		if err := w.Shutdown(over); err != nil {
			t.Fatalf("after the end, with a context that is done: %v", err)
		}
	}
}

func TestFingerprintTellsContentsApart(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, "one")
	paths := []string{a, b}
	was := Fingerprint(paths)
	replace(t, a, "one")
	if Fingerprint(paths) != was {
		t.Error("another inode with the same content: it is another one")
	}
	write(t, b, "")
	if Fingerprint(paths) == was {
		t.Error("a file has appeared: it is the same")
	}
	write(t, a, "")
	write(t, b, "one")
	moved := Fingerprint(paths)
	remove(t, b)
	write(t, a, "two")
	if moved == was || Fingerprint(paths) == moved || Fingerprint(paths[:1]) == Fingerprint(paths[1:]) {
		t.Error("other contents: it is the same")
	}
}

func TestASecondStartIsAnErrorAndChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "one")
	w := noticing(t, 20*time.Millisecond, path)
	if err := w.Start(t.Context()); err == nil {
		t.Error("the second start is taken")
	}
	write(t, path, "two")
	wait(t, w, "edited after the second start")
	if err := w.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := w.Start(t.Context()); err == nil {
		t.Error("a start after the shutdown is taken")
	}
}
