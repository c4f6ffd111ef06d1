//go:build unix

package cache

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// smallFiles, set to a folder, makes TestSavingSurvivesWriteErrors the process in
// which no file may grow beyond fileLimit.
const (
	smallFiles = "PENSTOCK_CACHE_SMALL_FILES"
	fileLimit  = 1 << 20
)

// TestSavingSurvivesWriteErrors saves where the system refuses to write on: each save
// ends with an error, keeps what was saved before, leaves nothing of itself, and
// the first one for which there is room again succeeds. It runs in a process of its
// own, because the limit on files is a process's.
func TestSavingSurvivesWriteErrors(t *testing.T) {
	if dir := os.Getenv(smallFiles); dir != "" {
		saveWithoutRoom(t, dir)
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestSavingSurvivesWriteErrors$", "-test.v")
	cmd.Env = append(os.Environ(), smallFiles+"="+filepath.Join(t.TempDir(), "cache"))
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS")) {
		t.Fatalf("%v, %v\n%s", err, ctx.Err(), out)
	}
}

func saveWithoutRoom(t *testing.T, dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	s := newStore(t, Options{})
	kept, purged := keyOf(s, "a.example", "/kept"), keyOf(s, "a.example", "/purged")
	s.Put(kept, fillOf(s, ""), []byte("kept"))
	s.Put(purged, fillOf(s, ""), []byte("purged"))
	if err := s.Save(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for i := range 3 * fileLimit >> 13 {
		s.Put(keyOf(s, "a.example", "/"+strconv.Itoa(i)), fillOf(s, ""), bodyOf(uint64(i), 8000))
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := before
	limit.Cur = fileLimit
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.Save(t.Context(), dir); !errors.Is(err, syscall.EFBIG) {
			t.Errorf("a save without room: got %v, want %v", err, syscall.EFBIG)
		}
		if got, _ := os.ReadDir(dir); len(got) != 4 {
			t.Errorf("after a save without room: got %v, want a manifest, a snapshot and two journals", got)
		}
	}
	if err := s.PurgeURL(purged, false); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "cache")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	os.Chmod(copied, 0o700)
	old := reload(t, copied, Loaded)
	wantBody(t, old, keyOf(old, "a.example", "/kept"), []byte("kept"))
	wantOutcome(t, old, keyOf(old, "a.example", "/purged"), Purged)

	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), dir); err != nil {
		t.Errorf("a save that has room again: %v", err)
	}
	last := reload(t, dir, Loaded)
	wantBody(t, last, keyOf(last, "a.example", "/7"), bodyOf(7, 8000))
	wantOutcome(t, last, keyOf(last, "a.example", "/purged"), Purged)
}

// TestASaveCanBeEnded holds that a save ends with its context, as with an error.
func TestASaveCanBeEnded(t *testing.T) {
	dir, s := saved(t, Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	if err := s.Save(ctx, dir); !errors.Is(err, enough) {
		t.Errorf("got %v, want %v", err, enough)
	}
	s.journal.close()
	reload(t, dir, Loaded)
}
