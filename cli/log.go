package cli

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"penstock/config"
	"penstock/logfile"
)

// Bounds of the process log.
const (
	logSize  = 256 << 10   // bytes that may wait for standard error to be read
	logGrace = time.Second // for writing them at the end
)

// processLog is the log of what the gateway does. Logging never waits: lines that standard
// error does not accept are dropped and counted, and a later line reports the gap.
type processLog struct {
	*slog.Logger
	level    *slog.LevelVar // may change while the log is used
	text     *atomic.Bool   // as may the form of its lines
	terminal bool           // standard error is a terminal
	queue    *logfile.Queue
}

// newLog returns a started process log that writes to w, in the form for w until
// follow says another.
func newLog(w io.Writer) *processLog {
	l := &processLog{level: new(slog.LevelVar), text: new(atomic.Bool), terminal: terminal(w)}
	l.text.Store(l.terminal)
	l.queue = logfile.New(logfile.Options{
		Name: "stderr", Out: w, Title: "process log", Size: logSize,
		Gap: func(dropped uint64) []byte {
			var line bytes.Buffer
			slog.New(l.handler(&line)).Error("lines of this log were lost, standard error was not read", "dropped", dropped)
			return line.Bytes()
		},
	})
	l.Logger = slog.New(l.handler(l.queue))
	_ = l.queue.Start()       // it opens nothing
	slog.SetDefault(l.Logger) // for libraries that log by themselves
	return l
}

func (l *processLog) handler(w io.Writer) slog.Handler {
	options := &slog.HandlerOptions{Level: l.level}
	return eitherHandler{l.text, slog.NewTextHandler(w, options), slog.NewJSONHandler(w, options)}
}

// follow takes level and format from a configuration.
func (l *processLog) follow(c *config.Log) {
	l.level.Set(c.Level)
	l.text.Store(c.Format == config.Text || c.Format == config.Auto && l.terminal)
}

// end writes what still waits, for a bounded time.
func (l *processLog) end() {
	ctx, cancel := context.WithTimeout(context.Background(), logGrace)
	defer cancel()
	_ = l.queue.Shutdown(ctx) // nobody would read why it is stuck
}

// eitherHandler writes text or JSON, as the flag says at the time of each record.
type eitherHandler struct {
	asText     *atomic.Bool
	text, json slog.Handler
}

func (h eitherHandler) now() slog.Handler {
	if h.asText.Load() {
		return h.text
	}
	return h.json
}

// Enabled implements slog.Handler; both have the same level.
func (h eitherHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.json.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h eitherHandler) Handle(ctx context.Context, r slog.Record) error {
	return h.now().Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h eitherHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return eitherHandler{h.asText, h.text.WithAttrs(attrs), h.json.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h eitherHandler) WithGroup(name string) slog.Handler {
	return eitherHandler{h.asText, h.text.WithGroup(name), h.json.WithGroup(name)}
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

// terminalFile reports whether the file of an access log is a terminal.
func terminalFile(name string) bool {
	switch name {
	case "stdout":
		return terminal(os.Stdout)
	case "stderr":
		return terminal(os.Stderr)
	}
	info, err := os.Stat(name)
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
