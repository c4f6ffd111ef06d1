package cli

import (
	"io"
	"log/slog"
	"os"
)

// newLog returns the process log: readable lines on a terminal, else one JSON
// object a line. The level may change while it is used.
func newLog(w io.Writer, level *slog.LevelVar) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return slog.New(slog.NewTextHandler(w, options))
		}
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
