//go:build !linux

package program

import (
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return nil }

// signalGroup asks p alone to end, or kills it: there are no groups here. Where it
// cannot be asked it is killed.
func signalGroup(p *os.Process, kill bool) {
	if kill || p.Signal(os.Interrupt) != nil {
		_ = p.Kill()
	}
}
