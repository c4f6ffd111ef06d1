//go:build !linux

package program

import "errors"

// RaiseFileLimit returns an error: what needs many files reads /proc too.
func RaiseFileLimit(uint64) (uint64, error) {
	return 0, errors.New("this needs Linux: it reads /proc")
}
