package cli

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"penstock/logfile"
)

// Bounds of the process log.
const (
	logSize  = 256 << 10   // bytes that may wait for standard error to be read
	logGrace = time.Second // for writing them at the end
)

// processLog is the log of what the gateway does. Logging never waits: what standard
// error does not take is dropped and counted, and a line tells where.
type processLog struct {
	*slog.Logger
	level    *slog.LevelVar // may change while the log is used
	terminal bool           // somebody reads along
	queue    *logfile.Queue
}

// newLog returns a started process log that writes to w: readable lines on a terminal,
// else one JSON object a line.
func newLog(w io.Writer) *processLog {
	l := &processLog{level: new(slog.LevelVar), terminal: terminal(w)}
	options := &slog.HandlerOptions{Level: l.level}
	handler := func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, options) }
	if l.terminal {
		handler = func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, options) }
	}
	l.queue = logfile.New(logfile.Options{
		Name: "stderr", Out: w, Title: "process log", Size: logSize,
		Gap: func(dropped uint64) []byte {
			var line bytes.Buffer
			slog.New(handler(&line)).Error("lines of this log were lost, standard error was not read", "dropped", dropped)
			return line.Bytes()
		},
	})
	l.Logger = slog.New(handler(l.queue))
	_ = l.queue.Start()       // it opens nothing
	slog.SetDefault(l.Logger) // for libraries that log by themselves
	return l
}

// end writes what still waits, for a bounded time.
func (l *processLog) end() {
	ctx, cancel := context.WithTimeout(context.Background(), logGrace)
	defer cancel()
	_ = l.queue.Shutdown(ctx) // nobody would read why it is stuck
}

// terminal reports whether w is one.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
