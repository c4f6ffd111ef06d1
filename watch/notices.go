package watch

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/fsnotify/fsnotify"
)

// notices are the system's hints that something in the watched directories has
// changed. The zero value never has any.
type notices struct {
	changed <-chan fsnotify.Event
	errors  <-chan error
	whole   bool // they tell a file that was renamed onto a name from one that is written there
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
	// Other systems than Linux may lose the first writes to a new file.
	return &notices{changed: fw.Events, errors: fw.Errors, whole: runtime.GOOS == "linux", watcher: fw}, nil
}

// tell passes a notice on to c.
func (n *notices) tell(c *contents, e fsnotify.Event) {
	if n.whole {
		c.note(e)
	}
}

// drain passes on the notices that have come.
func (n *notices) drain(c *contents) {
	for {
		select {
		case e := <-n.changed:
			n.tell(c, e)
		default:
			return
		}
	}
}

func (n *notices) close() {
	if n.watcher != nil {
		_ = n.watcher.Close() // the watcher is not used again
	}
}
