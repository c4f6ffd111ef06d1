package cli

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"penstock/config"
	"penstock/watch"
)

// watchedFile is a configuration file, the watch on it, and what has been taken of it,
// under a fake clock.
type watchedFile struct {
	t     *testing.T
	path  string
	c     *fileChange
	log   bytes.Buffer
	taken []int  // routes of each configuration that was taken
	slow  func() // called while the file is read
}

func watchFile(t *testing.T, routes int, f func(w *watchedFile)) {
	synctest.Test(t, func(t *testing.T) {
		w := &watchedFile{t: t, path: filepath.Join(t.TempDir(), "config.yaml"), taken: []int{routes}, slow: func() {}}
		w.write(routes)
		watched := newWatched()
		watched.files = []string{w.path}
		watched.loaded = watch.Fingerprint(watched.files)
		w.settle()
		w.c = &fileChange{
			watched: watched, held: newHold(), log: slog.New(slog.NewTextHandler(&w.log, nil)),
			running: func() int { return w.taken[len(w.taken)-1] },
			read: func() (*config.Config, error) {
				watched.loaded = watch.Fingerprint(watched.files)
				cfg, err := config.Load(w.path)
				w.slow()
				return cfg, err
			},
		}
		w.settle()
		f(w)
		w.c.held.drop()
	})
}

// write makes a file with so many routes, in place.
func (w *watchedFile) write(routes int) {
	w.t.Helper()
	var text strings.Builder
	text.WriteString("routes:\n")
	for i := range routes {
		fmt.Fprintf(&text, "- { path: /%d, upstream: \"http://127.0.0.1:9\" }\n", i)
	}
	if err := os.WriteFile(w.path, []byte(text.String()), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// settle makes the watch see what the file holds now.
func (w *watchedFile) settle() {
	if w.c != nil {
		seen := watch.Fingerprint([]string{w.path})
		w.c.watched.seen = func() [sha256.Size]byte { return seen }
	}
}

// follow takes the change, if it is to be taken now, and reports what has been taken in all.
func (w *watchedFile) follow() string {
	w.t.Helper()
	if cfg, err, now := w.c.follow(); now {
		if err != nil {
			w.t.Fatal(err)
		}
		w.taken = append(w.taken, len(cfg.Routes))
	}
	return fmt.Sprint(w.taken)
}

// changed is a change that the watch has seen settle.
func (w *watchedFile) changed(routes int) string {
	w.t.Helper()
	w.write(routes)
	w.settle()
	return w.follow()
}

// later waits for what is held, at most d, and follows it.
func (w *watchedFile) later(d time.Duration) string {
	w.t.Helper()
	select {
	case <-w.c.held.due:
		return w.follow()
	case <-time.After(d):
		return fmt.Sprint(w.taken)
	}
}

func (w *watchedFile) want(when, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: taken were files with %s routes, want %s", when, got, want)
	}
}

func TestAFileThatHasLostMostOfItsRoutesWaits(t *testing.T) {
	watchFile(t, 10, func(w *watchedFile) {
		w.want("half of them", w.changed(5), "[10 5]")
		w.want("more than half", w.changed(2), "[10 5]")
		if got := w.log.String(); strings.Count(got, "level=WARN") != 1 || !strings.Contains(got, "routes=2 running=5") {
			t.Errorf("got %q, want one warning with the numbers", got)
		}
		w.want("another event of the same", w.follow(), "[10 5]")
		w.want("just before its time", w.later(suspicious-1), "[10 5]")
		w.want("at its time", w.later(2), "[10 5 2]")
		w.want("an event afterwards", w.follow(), "[10 5 2]")
	})
}

func TestAFileThatChangesWhileItWaitsIsJudgedAnew(t *testing.T) {
	watchFile(t, 10, func(w *watchedFile) {
		w.want("lost", w.changed(1), "[10]")
		w.want("for a while", w.later(suspicious/2), "[10]")
		w.want("lost still", w.changed(2), "[10]")
		w.want("its time begins anew", w.later(suspicious-1), "[10]")
		w.want("whole again", w.changed(9), "[10 9]")
		w.want("nothing waits any more", w.later(time.Hour), "[10 9]")
	})
}

func TestAReloadThatIsAskedForEndsTheWait(t *testing.T) {
	watchFile(t, 10, func(w *watchedFile) {
		w.want("lost", w.changed(1), "[10]")
		w.c.held.drop() // as service.reload does
		w.taken = append(w.taken, 1)
		w.want("nothing waits any more", w.later(time.Hour), "[10 1]")
		w.want("an event of what was read", w.follow(), "[10 1]")
	})
}

func TestAFileThatIsWrittenToAfterItHasSettledWaits(t *testing.T) {
	watchFile(t, 10, func(w *watchedFile) {
		w.write(11)
		w.settle()
		w.write(7) // the beginning of the next version
		w.want("the event of the one before", w.follow(), "[10]")
		w.write(12)
		w.want("it goes on", w.later(watch.DefaultSettle+1), "[10]")
		w.want("it has not moved for a second", w.later(watch.DefaultSettle+1), "[10 12]")
		w.settle()
		w.want("the event of it", w.follow(), "[10 12]")
	})
}

func TestAFileThatIsWrittenToWhileItIsReadWaits(t *testing.T) {
	watchFile(t, 10, func(w *watchedFile) {
		w.slow = func() { w.write(6); w.slow = func() {} }
		w.want("written to while it is read", w.changed(9), "[10]")
		w.want("it has not moved for a second", w.later(watch.DefaultSettle+1), "[10 6]")
	})
}
