package watch

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
)

type sum [sha256.Size]byte

// contents keeps the last content of the files, as checksums.
type contents struct {
	paths   []string
	log     *slog.Logger
	known   []sum  // last reported; zero: never read
	pending []sum  // read last, when it differs from known
	missing []bool // could not be read last time
}

// verdict is the result of one comparison of the files.
type verdict uint8

const (
	same    verdict = iota // as last reported
	moving                 // different, and read only once
	settled                // different, and read twice: to be reported
)

// newContents reads the files; their present content counts as reported.
func newContents(paths []string, log *slog.Logger) *contents {
	c := &contents{
		paths:   paths,
		log:     log,
		known:   make([]sum, len(paths)),
		missing: make([]bool, len(paths)),
	}
	c.known = c.look()
	return c
}

// compare reads the files once.
func (c *contents) compare() verdict {
	now := c.look()
	switch {
	case slices.Equal(now, c.known):
		c.pending = nil
		return same
	case slices.Equal(now, c.pending):
		c.known, c.pending = now, nil
		return settled
	}
	c.pending = now
	return moving
}

// look returns the checksums of the files; a file that cannot be read keeps its known one.
func (c *contents) look() []sum {
	now := make([]sum, len(c.paths))
	for i, path := range c.paths {
		s, err := sumOf(path)
		if err != nil {
			s = c.known[i]
			if !c.missing[i] {
				c.log.Warn("watched file cannot be read, its last content stays in force", "err", err)
			}
		}
		c.missing[i] = err != nil
		now[i] = s
	}
	return now
}

// Fingerprint returns a checksum of the content of all files; a file that cannot be read
// counts as empty. A caller that takes it before it reads the files can find out later
// whether it has read a change already.
func Fingerprint(paths []string) [sha256.Size]byte {
	h := sha256.New()
	for _, path := range paths {
		s, _ := sumOf(path) // zero when it cannot be read
		fmt.Fprintf(h, "%q %x\n", path, s)
	}
	return sum(h.Sum(nil))
}

// sumOf reads regular files only: opening a named pipe would wait for its writer.
func sumOf(path string) (sum, error) {
	info, err := os.Stat(path)
	if err != nil {
		return sum{}, err
	}
	if !info.Mode().IsRegular() {
		return sum{}, fmt.Errorf("%s is no regular file (%v): its changes cannot be seen", path, info.Mode())
	}
	f, err := os.Open(path)
	if err != nil {
		return sum{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum{}, err
	}
	return sum(h.Sum(nil)), nil
}
