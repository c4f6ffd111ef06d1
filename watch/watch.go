package watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"
)

// Defaults of Options.
const (
	DefaultPoll     = 2 * time.Second
	DefaultDebounce = 100 * time.Millisecond
	DefaultSettle   = time.Second
)

// Options are what a Watcher is made from. Durations below zero mean the default too.
type Options struct {
	Paths    []string      // files; at least one. One that cannot be read now may appear later
	Poll     time.Duration // how often content is compared without a notice of the system; 0 means DefaultPoll
	Debounce time.Duration // from a notice to a reading, and between two readings of files that have changed; 0 means DefaultDebounce
	Settle   time.Duration // how long changed files must stay the same before they are reported, unless each was replaced as a whole; 0 means DefaultSettle
	Log      *slog.Logger  // nil means slog.Default
}

// Watcher reports changes of the content of files. Only New makes one. Start and Shutdown must not
// be called at the same time; Events and Seen may be called at any time after.
type Watcher struct {
	paths    []string
	poll     time.Duration
	debounce time.Duration
	settle   time.Duration
	log      *slog.Logger
	notify   func(dirs []string) (*notices, error)

	events chan struct{}
	seen   atomic.Pointer[[sha256.Size]byte]
	cancel context.CancelFunc
	done   chan struct{}
}

// New returns a watcher that does nothing before Start. It copies o.Paths and checks nothing.
func New(o Options) *Watcher {
	w := &Watcher{
		paths:    slices.Clone(o.Paths),
		poll:     o.Poll,
		debounce: o.Debounce,
		settle:   o.Settle,
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
	if w.settle <= 0 {
		w.settle = DefaultSettle
	}
	if w.log == nil {
		w.log = slog.Default()
	}
	return w
}

// Events returns the channel of events; it is never closed. It holds at most one event,
// however many changes there were. A file that vanishes is no change: its last content is the
// one that later content is compared with. One that could not be read at the start is a change once
// it can. After Shutdown an event may be left in it.
func (w *Watcher) Events() <-chan struct{} { return w.events }

// Seen returns the Fingerprint of the files when they were last reported, or at the start.
// Files that have another one now may be half written. It panics before Start has returned nil.
func (w *Watcher) Seen() [sha256.Size]byte { return *w.seen.Load() }

// Start reads the files, so that changes from now on are events, and watches until
// ctx is done or Shutdown is called. Call it before reading the files themselves: a change
// between the two would be lost. When the folder of a file is missing or the system grants no watch
// (their number is limited), changes of all files are found by polling alone; that is logged and is
// no error. It fails, and watches nothing, when there is no path or the working directory is
// unknown. A second call is an error, too, and changes nothing, also after Shutdown.
func (w *Watcher) Start(ctx context.Context) error {
	if w.cancel != nil {
		return errors.New("watch: started already")
	}
	if len(w.paths) == 0 {
		return errors.New("watch: no paths")
	}
	var dirs []string
	for i, p := range w.paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return fmt.Errorf("watch %s: %w", p, err)
		}
		w.paths[i] = abs // stays right when the working directory changes
		if dir := filepath.Dir(abs); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	n, err := w.notify(dirs)
	if err != nil {
		w.log.Warn("watching files by polling only", "every", w.poll, "err", err)
		n = new(notices)
	}
	c := newContents(w.paths, w.settle, w.log)
	w.report(c)
	ctx, w.cancel = context.WithCancel(ctx)
	go w.run(ctx, n, c)
	return nil
}

// Shutdown stops watching and returns nil when that is done, or at once before Start. It returns an
// error when ctx ends first; the watcher then still stops.
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

// run reads the files a Debounce after a notice and at every poll. After a change it reads
// them every Debounce, until they have not changed for Settle or were replaced as a whole,
// and reports it then, so that a half-written file is not reported.
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
		case e := <-n.changed:
			n.tell(c, e)
		case err := <-n.errors: // notices were lost
			w.log.Warn("watching files", "err", err)
			clear(c.swapped)
		case <-poll.C:
			look = true
		case <-again.C:
			look, waiting = true, false
			n.drain(c)
		}
		if waiting {
			continue
		}
		if look {
			switch c.compare(time.Now()) {
			case same:
				continue
			case settled:
				w.report(c)
				w.emit()
				continue
			}
		}
		again.Reset(w.debounce)
		waiting = true
	}
}

// report publishes the fingerprint of what is reported.
func (w *Watcher) report(c *contents) {
	f := c.fingerprint()
	w.seen.Store(&f)
}

// emit sends an event unless the last one has not been received yet.
func (w *Watcher) emit() {
	select {
	case w.events <- struct{}{}:
	default:
	}
}
