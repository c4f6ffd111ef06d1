package accesslog

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// started returns a Log that writes to a file, and what reads that.
func started(t *testing.T, o Options) (l *Log, lines func() string) {
	t.Helper()
	o.File = filepath.Join(t.TempDir(), "access.log")
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l, func() string {
		text, err := os.ReadFile(o.File)
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
}

func shutdown(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Shutdown(context.Background()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestLinesThatAreLostAreCounted(t *testing.T) {
	l, lines := started(t, Options{})
	l.Write(journey())
	shutdown(t, l)
	l.Write(journey())
	if got := l.Dropped(); got != 1 {
		t.Errorf("a line after shutdown: got %d dropped, want 1", got)
	}
	if got, want := lines(), string(JSON.Append(nil, journey())); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestANilLogTakesEveryCallAndLogsNothing(t *testing.T) {
	var l *Log
	if err := l.Set(JSON, Rule{Sample: 1}); err != nil {
		t.Errorf("set: %v", err)
	}
	if err := l.Set(JSON, Rule{Sample: 2}); err == nil {
		t.Error("a sample of 2 is taken")
	}
	if err := l.Start(t.Context()); err != nil {
		t.Errorf("start: %v", err)
	}
	if l.Wanted(500, time.Hour) {
		t.Error("a line is wanted")
	}
	l.Write(journey())
	if err := l.Reopen(); err != nil {
		t.Errorf("reopen: %v", err)
	}
	if n := l.Dropped(); n != 0 {
		t.Errorf("got %d dropped, want 0", n)
	}
	shutdown(t, l)
}
