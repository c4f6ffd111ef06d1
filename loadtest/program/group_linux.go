package program

import (
	"os"
	"syscall"
)

// ownGroup makes a child the head of a group, so that an interrupt of the terminal
// does not reach it, and ends it when we are killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// signalGroup sends SIGTERM or SIGKILL to the process group of p. A group that has ended
// is no error.
func signalGroup(p *os.Process, kill bool) {
	signal := syscall.SIGTERM
	if kill {
		signal = syscall.SIGKILL
	}
	_ = syscall.Kill(-p.Pid, signal)
}
