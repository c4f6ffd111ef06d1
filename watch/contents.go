package watch

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

type sum [sha256.Size]byte

// contents keeps the last content of the files, as checksums.
type contents struct {
	paths    []string
	settle   time.Duration
	log      *slog.Logger
	reported []view    // last reported; a zero sum: never read
	pending  []view    // read last, when it differs from reported
	since    time.Time // pending was first read then
	swapped  []bool    // another file was renamed onto the name, and not written to since
	missing  []bool    // could not be read last time
}

// view is what one reading shows of a file.
type view struct {
	sum   sum
	size  int64
	mtime int64  // Unix time in nanoseconds
	real  string // the path without symbolic links
}

// verdict is the result of one comparison of the files.
type verdict uint8

const (
	same    verdict = iota // as last reported
	moving                 // different, and perhaps still being written
	settled                // different, and to be reported
)

// newContents reads the files; their present content counts as reported.
func newContents(paths []string, settle time.Duration, log *slog.Logger) *contents {
	c := &contents{
		paths:    paths,
		settle:   settle,
		log:      log,
		reported: make([]view, len(paths)),
		swapped:  make([]bool, len(paths)),
		missing:  make([]bool, len(paths)),
	}
	c.reported = c.look()
	return c
}

// note takes from a notice whether a file was replaced as a whole. A file that is
// renamed onto the name is created there and, unlike a new one, not written to.
func (c *contents) note(e fsnotify.Event) {
	i := slices.Index(c.paths, filepath.Clean(e.Name))
	switch {
	case i < 0:
	case e.Has(fsnotify.Write):
		c.swapped[i] = false
	case e.Has(fsnotify.Create):
		c.swapped[i] = true
	}
}

// compare reads the files once. A change is settled when two readings are equal and every
// changed file was replaced as a whole, or when all readings during c.settle are equal.
func (c *contents) compare(now time.Time) verdict {
	seen := c.look()
	changed, whole := false, true
	for i := range seen {
		if seen[i].sum == c.reported[i].sum {
			continue
		}
		changed = true
		whole = whole && seen[i].size > 0 && (c.swapped[i] || seen[i].real != c.reported[i].real)
	}
	switch {
	case !changed:
		c.pending = nil
		clear(c.swapped)
		return same
	case !slices.Equal(seen, c.pending):
		c.pending, c.since = seen, now
		return moving
	case !whole && now.Sub(c.since) < c.settle:
		return moving
	}
	c.reported, c.pending = seen, nil
	clear(c.swapped)
	return settled
}

// look returns views of the files; a file that cannot be read counts as unchanged.
func (c *contents) look() []view {
	seen := make([]view, len(c.paths))
	for i, path := range c.paths {
		v, err := viewOf(path)
		if err != nil {
			v = c.reported[i]
			if !c.missing[i] {
				c.log.Warn("watched file cannot be read, its last content stays in force", "err", err)
			}
		}
		c.missing[i] = err != nil
		seen[i] = v
	}
	return seen
}

// fingerprint is Fingerprint of what was reported last.
func (c *contents) fingerprint() [sha256.Size]byte {
	sums := make([]sum, len(c.paths))
	for i := range sums {
		if !c.missing[i] {
			sums[i] = c.reported[i].sum
		}
	}
	return fingerprint(sums)
}

// Fingerprint returns a checksum of the content of all files, in this order. A file that cannot be
// read, or is no regular file, counts as a checksum of zeros, which differs from that of an empty
// file. A caller that takes it before it reads the files can find out later whether it has read a
// change already.
func Fingerprint(paths []string) [sha256.Size]byte {
	sums := make([]sum, len(paths))
	for i, path := range paths {
		v, _ := viewOf(path) // zero when it cannot be read
		sums[i] = v.sum
	}
	return fingerprint(sums)
}

func fingerprint(sums []sum) [sha256.Size]byte {
	h := sha256.New()
	for _, s := range sums {
		h.Write(s[:])
	}
	return sum(h.Sum(nil))
}

// viewOf reads regular files only: opening a named pipe would wait for its writer.
func viewOf(path string) (view, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return view{}, err
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return view{}, err
	}
	if !info.Mode().IsRegular() {
		return view{}, fmt.Errorf("%s is no regular file (%v): its changes cannot be seen", path, info.Mode())
	}
	f, err := os.Open(resolved)
	if err != nil {
		return view{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return view{}, err
	}
	return view{sum(h.Sum(nil)), info.Size(), info.ModTime().UnixNano(), resolved}, nil
}
