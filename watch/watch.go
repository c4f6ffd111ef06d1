package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"
)

// Defaults of Options.
const (
	DefaultPoll     = 2 * time.Second
	DefaultDebounce = 100 * time.Millisecond
)

// Options says what to watch.
type Options struct {
	Paths    []string      // files; at least one. One that cannot be read now may appear later
	Poll     time.Duration // how often content is compared without notice; 0 means DefaultPoll
	Debounce time.Duration // how long content must stay the same to count; 0 means DefaultDebounce
	Log      *slog.Logger  // nil means slog.Default
}

// Watcher compares the content of files with what it was.
type Watcher struct {
	paths    []string
	poll     time.Duration
	debounce time.Duration
	log      *slog.Logger
	notify   func(dirs []string) (*notices, error)

	events chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

// New returns a watcher that does nothing before Start.
func New(o Options) *Watcher {
	w := &Watcher{
		paths:    slices.Clone(o.Paths),
		poll:     o.Poll,
		debounce: o.Debounce,
		log:      o.Log,
		notify:   watchDirs,
		events:   make(chan struct{}, 1),
		done:     make(chan struct{}),
	}
	if w.poll <= 0 {
		w.poll = DefaultPoll
	}
	if w.debounce <= 0 {
		w.debounce = DefaultDebounce
	}
	if w.log == nil {
		w.log = slog.Default()
	}
	return w
}

// Events has one event after any number of changes; the channel is never closed. A
// file that vanishes is no change, its last content stays the one to compare with.
func (w *Watcher) Events() <-chan struct{} { return w.events }

// Start reads the files, so that changes from now on are events, and watches until
// ctx is done or Shutdown is called. Start it before reading the files for their
// meaning, or a change in between is lost. Without notice from the system (there is
// a limit on watches) polling alone must do; that is logged, not an error.
func (w *Watcher) Start(ctx context.Context) error {
	if len(w.paths) == 0 {
		return errors.New("watch: no paths")
	}
	var dirs []string
	for i, p := range w.paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return fmt.Errorf("watch %s: %w", p, err)
		}
		w.paths[i] = abs // a later change of the working directory must not matter
		if dir := filepath.Dir(abs); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	n, err := w.notify(dirs)
	if err != nil {
		w.log.Warn("watching files by polling only", "every", w.poll, "err", err)
		n = new(notices)
	}
	c := newContents(w.paths, w.log)
	ctx, w.cancel = context.WithCancel(ctx)
	go w.run(ctx, n, c)
	return nil
}

// Shutdown ends watching and waits for that until ctx is done.
func (w *Watcher) Shutdown(ctx context.Context) error {
	if w.cancel == nil {
		return nil
	}
	w.cancel()
	select {
	case <-w.done:
	case <-ctx.Done():
	}
	select {
	case <-w.done:
		return nil
	default:
		return fmt.Errorf("watcher still runs: %w", ctx.Err())
	}
}

// run looks at the files a Debounce after a notice and at every poll. A change counts
// when two looks a Debounce apart see the same: a file half written is not reported.
func (w *Watcher) run(ctx context.Context, n *notices, c *contents) {
	defer close(w.done)
	defer n.close()
	poll := time.NewTicker(w.poll)
	defer poll.Stop()
	again := time.NewTimer(w.debounce)
	again.Stop()
	waiting := false // again is running
	for {
		look := false
		select {
		case <-ctx.Done():
			return
		case <-n.changed:
		case err := <-n.errors: // notices were lost
			w.log.Warn("watching files", "err", err)
		case <-poll.C:
			look = true
		case <-again.C:
			look, waiting = true, false
		}
		if waiting {
			continue
		}
		if look {
			switch c.compare() {
			case same:
				continue
			case settled:
				w.emit()
				continue
			}
		}
		again.Reset(w.debounce)
		waiting = true
	}
}

// emit leaves an event unless one is still waiting to be taken.
func (w *Watcher) emit() {
	select {
	case w.events <- struct{}{}:
	default:
	}
}
