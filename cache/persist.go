package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Save writes the store into a folder, which is made with mode 0700, beside
// what was saved before; then one rename makes the new one valid and the old is
// removed. Whenever the process ends, the old or the new is there, whole. From
// the first Save on, purges are written to a journal there. Requests go on: they
// wait for a bucket of 512 KiB while it is copied, and never for the disk. Another
// Save waits for this one.
//
// An error before the rename, such as that of a full disk, leaves what was saved before and
// removes what was written; so does the end of ctx, which is looked at before each bucket, with
// its cause as the error. A save also fails when a purge could not be written to the journal. An
// error after the rename means that the new files are valid, but may not be on the disk yet, or
// that old ones could not be removed.
func (s *Store) Save(ctx context.Context, dir string) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	v := saver{store: s, dir: dir, manifest: manifest{Format: snapshotFormat, Capacity: s.ring.capacity, Secret: s.ring.secret}}
	if err := v.save(ctx); err != nil {
		return fmt.Errorf("cache files: %w", err)
	}
	return nil
}

// saver makes one snapshot.
type saver struct {
	store    *Store
	dir      string
	manifest manifest
}

func (v *saver) save(ctx context.Context) error {
	if err := os.MkdirAll(v.dir, 0o700); err != nil {
		return err
	}
	if err := v.number(); err != nil {
		return err
	}
	number := v.manifest.Number
	folder := filepath.Join(v.dir, snapshotName(number))
	err := v.writeFiles(ctx, folder)
	if err == nil {
		err = v.writeManifest()
	}
	if v.store.valid != number {
		return errors.Join(err, os.RemoveAll(folder))
	}
	return errors.Join(err, removeOlder(v.dir, number))
}

// number numbers the snapshot and lets purges go into the journal of that number from
// now on. The number of a save that failed is taken again, with its journal, so that
// failures leave no files.
func (v *saver) number() error {
	_, highest, err := savedNumbers(v.dir)
	if err != nil {
		return err
	}
	s := v.store
	s.purges.mu.Lock()
	last := s.journal
	again := last != nil && !last.broken && last.dir == v.dir && last.number == highest && highest > s.valid
	s.purges.mu.Unlock()
	if _, err := os.Lstat(filepath.Join(v.dir, snapshotName(highest))); again && errors.Is(err, fs.ErrNotExist) {
		v.manifest.Number = highest
		return nil
	}
	v.manifest.Number = highest + 1
	return v.turnJournal()
}

// writeFiles writes the snapshot's folder and brings it onto the disk. The purge
// tables and the odometer come last: they must not be older than an entry.
func (v *saver) writeFiles(ctx context.Context, folder string) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	s := v.store
	workers := max(1, runtime.GOMAXPROCS(0)/2) // the rest is for requests
	files, err := s.ring.shards.save(ctx, folder, workers)
	if err != nil {
		return err
	}
	v.manifest.Odometer = s.ring.odometer.Load()
	tables, err := writeSummed(folder, tablesName, func(w io.Writer) error {
		_, err := w.Write(s.purges.tables(&s.ring.secret))
		return err
	})
	if err != nil {
		return err
	}
	v.manifest.Files = append(files, tables)
	return syncFolder(folder)
}

// writeManifest makes the snapshot the valid one, unless purges since it began
// are not in its journal, and notes that it is.
func (v *saver) writeManifest() error {
	text, err := v.manifest.encode()
	if err != nil {
		return err
	}
	next := filepath.Join(v.dir, manifestName+".new")
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	if err := syncPath(next); err != nil {
		return err
	}
	if err := syncFolder(v.dir); err != nil { // the snapshot and its journal are there before it is named
		return err
	}
	if err := v.rename(next); err != nil {
		return err
	}
	v.store.valid = v.manifest.Number
	return syncFolder(v.dir)
}

// rename gives the new manifest its name, unless the journal has lost a purge. Purges
// wait meanwhile, though not for the disk to confirm it.
func (v *saver) rename(next string) error {
	s := v.store
	s.purges.mu.Lock()
	defer s.purges.mu.Unlock()
	if s.journal.broken {
		return errors.New("the purge journal could not be written")
	}
	return os.Rename(next, filepath.Join(v.dir, manifestName))
}

// turnJournal lets purges go into the snapshot's journal from now on.
func (v *saver) turnJournal() error {
	s := v.store
	next, err := openJournal(v.dir, v.manifest.Number, &s.ring.secret)
	if err != nil {
		return err
	}
	s.purges.mu.Lock()
	last := s.journal
	s.journal = next
	s.purges.mu.Unlock()
	return last.close()
}
