//go:build !unix

package cli

import (
	"os"
	"syscall"
)

// stopSignals end the process: the first one in order, a later one at once.
func stopSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// reloadSignals is empty: file changes and POST /api/reload remain.
func reloadSignals() []os.Signal { return nil }

// reopenSignals is empty: there is no such signal here.
func reopenSignals() []os.Signal { return nil }

// pipeSignals is empty: a write to an output whose reader has left is an error.
func pipeSignals() []os.Signal { return nil }
