package watch

import (
	"errors"
	"fmt"

	"github.com/fsnotify/fsnotify"
)

// notices are the system's hints that something in the watched directories has
// changed. The zero value never has any.
type notices struct {
	changed <-chan fsnotify.Event
	errors  <-chan error
	watcher *fsnotify.Watcher
}

// watchDirs watches directories, not files: a file that is renamed over takes its
// watch with it, and Kubernetes swaps a link beside the file.
func watchDirs(dirs []string) (*notices, error) {
	fw, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if err := fw.Add(dir); err != nil {
			return nil, errors.Join(fmt.Errorf("watch directory %s: %w", dir, err), fw.Close())
		}
	}
	return &notices{changed: fw.Events, errors: fw.Errors, watcher: fw}, nil
}

func (n *notices) close() {
	if n.watcher != nil {
		_ = n.watcher.Close() // the watcher is not used again
	}
}
