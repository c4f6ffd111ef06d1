package cli

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"slices"
	"sync"

	"penstock/config"
	"penstock/watch"
)

// watched is the watch on the files that a configuration is made of. They may
// be other files after every reload; events stays the same channel. Its methods
// are not for concurrent use.
type watched struct {
	events chan struct{} // holds one event after any number of changes
	files  []string
	loaded [sha256.Size]byte        // fingerprint of files when the configuration was last read
	seen   func() [sha256.Size]byte // fingerprint of what the watch has reported last
	stop   func()
}

func newWatched() *watched {
	w := &watched{events: make(chan struct{}, 1), stop: func() {}}
	w.seen = w.unwatched
	return w
}

// unwatched is the fingerprint function while no watch runs: nothing has changed.
func (w *watched) unwatched() [sha256.Size]byte { return w.loaded }

// follow watches exactly files and reports whether the list has changed. Then files may have
// changed since they were read, and must be read again.
func (w *watched) follow(files []string, log *slog.Logger) (changed bool) {
	if slices.Equal(files, w.files) {
		return false
	}
	w.end()
	next := watch.New(watch.Options{Paths: files, Log: log})
	if err := next.Start(context.Background()); err != nil {
		log.Error("files are not watched", "error", err)
		return false
	}
	ctx, cancel := context.WithCancel(context.Background())
	var forwarder sync.WaitGroup
	forwarder.Go(func() { w.forward(ctx, next.Events()) })
	w.files, w.seen = files, next.Seen
	w.stop = func() {
		cancel()
		forwarder.Wait()
		grace, done := context.WithTimeout(context.Background(), partGrace)
		defer done()
		_ = next.Shutdown(grace) // it only reads files: nothing is lost
	}
	return true
}

// forward passes events on until ctx ends.
func (w *watched) forward(ctx context.Context, from <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-from:
			select {
			case w.events <- struct{}{}:
			default: // one is waiting already
			}
		}
	}
}

// end stops watching.
func (w *watched) end() {
	w.stop()
	w.files, w.seen, w.stop = nil, w.unwatched, func() {}
}

// filesOf lists the files that a configuration is made of: the one it was read
// from and those it names. A renewed certificate is a change like any other.
func filesOf(file string, cfg *config.Config) []string {
	files := []string{file}
	for _, u := range cfg.Upstreams {
		for _, f := range []string{u.TLS.CA, u.TLS.Cert, u.TLS.Key} {
			if f != "" && !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	return files
}
