package logfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// stream is a writer that is not ours to close, such as a standard stream.
type stream struct{ io.Writer }

func (stream) Close() error { return nil }

// open opens name for appending; "stdout" and "stderr" are the process's streams.
func open(name string) (io.WriteCloser, error) {
	switch name {
	case "stdout":
		return stream{os.Stdout}, nil
	case "stderr":
		return stream{os.Stderr}, nil
	}
	if info, err := os.Stat(name); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		return &pipe{name: name}, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return nil, err // names the operation and the path already
	}
	return f, nil
}

// pipe is a named pipe. Opening one for writing waits until somebody reads it, so it
// is opened without waiting, by the first Write that finds a reader; earlier ones fail.
// A reader may leave and another one come: the pipe stays open.
type pipe struct {
	name string
	file *os.File // nil until there was a reader
}

func (p *pipe) Write(batch []byte) (int, error) {
	if p.file == nil {
		f, err := os.OpenFile(p.name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if errors.Is(err, syscall.ENXIO) {
			return 0, fmt.Errorf("no process reads the pipe %s", p.name)
		}
		if err != nil {
			return 0, err
		}
		p.file = f
	}
	return p.file.Write(batch)
}

func (p *pipe) Close() error {
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}
