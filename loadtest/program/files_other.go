//go:build !linux

package program

import "errors"

// RaiseFileLimit changes nothing and returns zero and an error: what needs many files reads /proc too.
func RaiseFileLimit(uint64) (uint64, error) {
	return 0, errors.New("this needs Linux: it reads /proc")
}
