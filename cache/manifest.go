package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

const (
	manifestName   = "manifest"
	tablesName     = "purges.bin"
	snapshotFormat = 2
)

// manifest says what belongs to a saved store. Its file begins with the SHA-256
// of the rest. It holds the store's secret, so only the owner may read it.
type manifest struct {
	Format   int         `json:"format"`   // of the files and of the entries in them
	Number   int         `json:"number"`   // of the snapshot and of its first journal
	Capacity int64       `json:"capacity"` // bytes
	Secret   secret      `json:"secret"`
	Odometer uint64      `json:"odometer"`
	Files    []savedFile `json:"files"`
}

// savedFile is one file of a snapshot.
type savedFile struct {
	Name string `json:"name"` // below the snapshot's folder, with '/'
	Size int64  `json:"size"` // bytes
	Sum  string `json:"sha256"`
}

func snapshotName(number int) string { return fmt.Sprintf("snapshot-%d", number) }

// encode returns the manifest's file.
func (m *manifest) encode() ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	return append([]byte(hex.EncodeToString(sum[:])+"\n"), text...), nil
}

// readManifest reads the manifest of a folder that only its owner writes to.
func readManifest(dir string) (*manifest, LoadResult, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, NothingSaved, nil
	}
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 {
		return nil, Unsafe, fmt.Errorf("mode %v: others may write", info.Mode())
	}
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, NothingSaved, nil
	}
	if err != nil {
		return nil, ManifestDamaged, err
	}
	return decodeManifest(text)
}

// decodeManifest reads a manifest's file. Another format is found out before
// anything else is looked at.
func decodeManifest(text []byte) (*manifest, LoadResult, error) {
	head, body, _ := bytes.Cut(text, []byte{'\n'})
	sum := sha256.Sum256(body)
	if string(head) != hex.EncodeToString(sum[:]) {
		return nil, ManifestDamaged, fmt.Errorf("%s: its checksum does not fit", manifestName)
	}
	var m manifest
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, ManifestDamaged, fmt.Errorf("%s: %w", manifestName, err)
	}
	if m.Format != snapshotFormat {
		return nil, OtherFormat, fmt.Errorf("%s: got format %d, want %d", manifestName, m.Format, snapshotFormat)
	}
	return &m, Loaded, nil
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

// check compares the files of a snapshot with the manifest.
func (m *manifest) check(folder string) (LoadResult, error) {
	for _, want := range m.Files {
		info, err := os.Lstat(filepath.Join(folder, filepath.FromSlash(want.Name)))
		switch {
		case err != nil:
			return FileMissing, err
		case info.Size() != want.Size:
			return FileDamaged, fmt.Errorf("%s: got %d bytes, want %d", want.Name, info.Size(), want.Size)
		}
	}
	found, err := listFiles(folder)
	if err != nil {
		return FileDamaged, err
	}
	for _, f := range found {
		i := slices.IndexFunc(m.Files, func(want savedFile) bool { return want.Name == f.Name })
		switch {
		case i < 0:
			return FileForeign, fmt.Errorf("%s: the manifest knows no such file", f.Name)
		case m.Files[i] != f:
			return FileDamaged, fmt.Errorf("%s: its SHA-256 is not the manifest's", f.Name)
		}
	}
	return Loaded, nil
}
