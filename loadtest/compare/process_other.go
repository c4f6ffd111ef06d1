//go:build !linux

package compare

import (
	"errors"
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return nil }

// signalGroup ends p alone: there are no groups here.
func signalGroup(p *os.Process, _ bool) { _ = p.Kill() }

// raiseFileLimit says what is missing here.
func raiseFileLimit() (uint64, error) {
	return 0, errors.New("compare counts processor time in /proc: it needs Linux")
}
