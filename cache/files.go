package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// savedFile is one file of a snapshot.
type savedFile struct {
	Name string `json:"name"` // below the snapshot's folder, with '/'
	Size int64  `json:"size"` // bytes
	Sum  string `json:"sha256"`
}

// listFiles returns all files below a folder with their sizes and sums.
func listFiles(folder string) ([]savedFile, error) {
	var files []savedFile
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s: not a regular file", path)
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		f := savedFile{Name: filepath.ToSlash(name)}
		f.Size, f.Sum, err = sumFile(path)
		files = append(files, f)
		return err
	})
	return files, err
}

// writeSummed makes a file, lets write fill it, and brings it onto the disk.
func writeSummed(folder, name string, write func(io.Writer) error) (savedFile, error) {
	file, err := os.OpenFile(filepath.Join(folder, filepath.FromSlash(name)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return savedFile{}, err
	}
	to := summed{file: file, sum: sha256.New()}
	err = write(&to)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return savedFile{}, err
	}
	return savedFile{Name: name, Size: to.size, Sum: hex.EncodeToString(to.sum.Sum(nil))}, nil
}

// summed is a file whose size and SHA-256 are known once it is written.
type summed struct {
	file *os.File
	sum  hash.Hash
	size int64
}

func (s *summed) Write(p []byte) (int, error) {
	n, err := s.file.Write(p)
	s.sum.Write(p[:n])
	s.size += int64(n)
	return n, err
}

// sumFile reads a file through SHA-256.
func sumFile(path string) (size int64, sum string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	return size, hex.EncodeToString(hash.Sum(nil)), err
}

// syncPath brings a file onto the disk.
func syncPath(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// syncFolder brings the names in a folder onto the disk, where a folder can be
// synced at all.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// savedNumbers returns the numbers of the journals in a folder, and the highest
// number of anything in it.
func savedNumbers(dir string) (journals map[int]bool, highest int, err error) {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, 0, err
	}
	journals = map[int]bool{}
	for _, d := range found {
		number, isJournal := numberOf(d.Name())
		if isJournal {
			journals[number] = true
		}
		highest = max(highest, number)
	}
	return journals, highest, nil
}

// numberOf reads the number from the name of a journal or a snapshot; 0 is none.
func numberOf(name string) (number int, isJournal bool) {
	text, isSnapshot := strings.CutPrefix(name, "snapshot-")
	if !isSnapshot {
		text, isJournal = strings.CutPrefix(name, "purges-")
		text, _ = strings.CutSuffix(text, ".log")
	}
	number, err := strconv.Atoi(text)
	if err != nil || number <= 0 || !isSnapshot && !isJournal {
		return 0, false
	}
	return number, isJournal
}

// removeOlder removes what belongs to snapshots before this one.
func removeOlder(dir string, number int) error {
	found, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, d := range found {
		if n, _ := numberOf(d.Name()); n > 0 && n < number {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, d.Name())))
		}
	}
	return err
}

// removeSnapshots removes all snapshots but one, for a folder that nobody writes
// to. A folder that is not there holds none.
func removeSnapshots(dir string, but int) error {
	found, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, d := range found {
		if n, isJournal := numberOf(d.Name()); n > 0 && n != but && !isJournal {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, d.Name())))
		}
	}
	return err
}
