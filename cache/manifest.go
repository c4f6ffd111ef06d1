package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

const (
	manifestName   = "manifest"
	tablesName     = "purges.bin"
	snapshotFormat = 3
)

// LoadResult is the result of reading saved files. After any but Loaded the store is empty. Its
// zero value is Loaded.
type LoadResult uint8

// The results of Load.
const (
	Loaded          LoadResult = iota // the store contains what was saved
	NothingSaved                      // no manifest: the first start, or one after a refusal
	ManifestDamaged                   // unreadable, cut short or altered
	OtherFormat                       // of another version of Penstock
	OtherCapacity                     // the configured size has changed
	FileMissing                       // a file that the manifest names is not there
	FileDamaged                       // cut short or altered
	FileForeign                       // there is a file that the manifest does not name
	JournalDamaged                    // a purge journal is missing, altered or cannot be opened: purges could have been lost
	ShardRefused                      // fastcache would not read it, or panicked
	Unsafe                            // others than its owner may write to the folder; not looked at on Windows
	loadResults
)

var loadText = [loadResults]string{
	Loaded: "loaded", NothingSaved: "nothing-saved", ManifestDamaged: "manifest-damaged",
	OtherFormat: "other-format", OtherCapacity: "other-capacity", FileMissing: "file-missing",
	FileDamaged: "file-damaged", FileForeign: "file-foreign", JournalDamaged: "journal-damaged",
	ShardRefused: "ring-refused", Unsafe: "unsafe-folder",
}

// String returns the name that metrics and logs use. It panics for a number that is no result.
func (r LoadResult) String() string { return loadText[r] }

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
