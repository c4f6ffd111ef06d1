//go:build !linux

package compare

import "errors"

// raiseFileLimit says what is missing here.
func raiseFileLimit() (uint64, error) {
	return 0, errors.New("compare counts processor time in /proc: it needs Linux")
}
