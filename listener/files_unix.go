//go:build unix

package listener

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// RaiseFileLimit raises the soft limit of open files to the hard one and returns what
// is in force afterwards; when it is at the hard one already, nothing changes. On an error the old
// limit stays, and it is returned too, or 0 when it could not be read.
func RaiseFileLimit() (soft uint64, err error) {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 0, fmt.Errorf("read the limit of open files: %w", err)
	}
	old := r.Cur
	if r.Cur >= r.Max {
		return uint64(old), nil
	}
	r.Cur = r.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return uint64(old), fmt.Errorf("raise the limit of open files from %d to %d: %w", old, r.Max, err)
	}
	return uint64(r.Cur), nil
}
