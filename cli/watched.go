package cli

import (
	"context"
	"log/slog"
	"slices"

	"penstock/config"
	"penstock/watch"
)

// watched is the watch on the files that the running configuration is made of.
// The zero value watches nothing. It belongs to one goroutine.
type watched struct {
	files   []string
	watcher *watch.Watcher
}

// follow watches exactly files and reports whether that is a change.
func (w *watched) follow(files []string, log *slog.Logger) (changed bool) {
	if slices.Equal(files, w.files) {
		return false
	}
	w.end()
	w.files = files
	next := watch.New(watch.Options{Paths: files, Log: log})
	if err := next.Start(context.Background()); err != nil {
		log.Error("files are not watched", "error", err)
		return false
	}
	w.watcher = next
	return true
}

// events has one event after any number of changes; nil, which never has one,
// when nothing is watched.
func (w *watched) events() <-chan struct{} {
	if w.watcher == nil {
		return nil
	}
	return w.watcher.Events()
}

// end stops watching.
func (w *watched) end() {
	if w.watcher == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), partGrace)
	defer cancel()
	_ = w.watcher.Shutdown(ctx) // it only reads files: nothing is lost
	w.watcher = nil
}

// certificates lists the files that a configuration points to; a renewed one
// takes effect like a changed configuration.
func certificates(cfg *config.Config) []string {
	var files []string
	for _, u := range cfg.Upstreams {
		for _, file := range []string{u.TLS.CA, u.TLS.Cert, u.TLS.Key} {
			if file != "" && !slices.Contains(files, file) {
				files = append(files, file)
			}
		}
	}
	return files
}
