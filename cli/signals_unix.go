//go:build unix

package cli

import (
	"os"
	"syscall"
)

// stopSignals end the process: the first one in order, a later one at once.
func stopSignals() []os.Signal { return []os.Signal{syscall.SIGTERM, os.Interrupt} }

// reloadSignals make the gateway read its configuration anew.
func reloadSignals() []os.Signal { return []os.Signal{syscall.SIGHUP} }

// reopenSignals make the gateway open its log files anew.
func reopenSignals() []os.Signal { return []os.Signal{syscall.SIGUSR1} }

// pipeSignals come with a write to an output whose reader has left.
func pipeSignals() []os.Signal { return []os.Signal{syscall.SIGPIPE} }
