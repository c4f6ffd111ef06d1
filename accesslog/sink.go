package accesslog

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"time"
)

// sink is the writing end of a Log; one goroutine owns it.
type sink struct {
	log     *Log
	out     io.WriteCloser
	spare   []byte // takes the place of the queue that is being written
	torn    bool   // the last write ended inside a line
	failing bool   // the last write failed
}

// run writes batches until the Log is stopped, and then what is left.
func (s *sink) run() {
	defer close(s.log.done)
	for {
		select {
		case <-s.log.wake:
			s.gather()
		case <-s.log.hurry:
		case <-s.log.stop:
			s.flush()
			s.close()
			return
		}
		s.flush()
	}
}

// gather waits for more lines, so that few writes carry many.
func (s *sink) gather() {
	timer := time.NewTimer(s.log.o.Flush)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.log.hurry:
	case <-s.log.stop:
	}
}

// flush writes the queue, into the file that Reopen brought when there is one.
func (s *sink) flush() {
	l := s.log
	l.mu.Lock()
	batch, next := l.queue, l.next
	l.queue, l.next = s.spare[:0], nil
	l.mu.Unlock()
	s.spare = batch
	if next != nil {
		s.close()
		s.out, s.torn = next, false
	}
	if len(batch) == 0 {
		return
	}
	if s.torn {
		if _, err := s.out.Write([]byte{'\n'}); err != nil {
			s.failed(batch, err)
			return
		}
		s.torn = false
	}
	n, err := s.out.Write(batch)
	if err != nil {
		s.torn = n > 0 && batch[n-1] != '\n'
		s.failed(batch[n:], err)
		return
	}
	if s.failing {
		s.failing = false
		l.o.Log.Info("access log is written again", slog.String("file", l.o.File), slog.Uint64("dropped", l.dropped.Load()))
	}
}

// failed counts the lines in rest as lost and says so once, until a write works again.
func (s *sink) failed(rest []byte, err error) {
	s.log.dropped.Add(uint64(bytes.Count(rest, []byte{'\n'})))
	if !s.failing {
		s.failing = true
		s.log.o.Log.Error("access log cannot be written, lines are lost", slog.String("file", s.log.o.File), slog.Any("error", err))
	}
}

func (s *sink) close() {
	if err := s.out.Close(); err != nil {
		s.log.o.Log.Error("access log was not closed properly", slog.String("file", s.log.o.File), slog.Any("error", err))
	}
}

// stream is a standard stream, which is not ours to close.
type stream struct{ io.Writer }

func (stream) Close() error { return nil }

// openFile opens name for appending; "stdout" and "stderr" are the process's streams.
func openFile(name string) (io.WriteCloser, error) {
	switch name {
	case "stdout":
		return stream{os.Stdout}, nil
	case "stderr":
		return stream{os.Stderr}, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return nil, err // names the operation and the path already
	}
	return f, nil
}
