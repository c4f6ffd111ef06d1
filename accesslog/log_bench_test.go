package accesslog

import (
	"io"
	"testing"
)

type null struct{}

func (null) Write(p []byte) (int, error) { return len(p), nil }
func (null) Close() error                { return nil }

// discarding returns a started Log whose lines go nowhere.
func discarding(tb testing.TB) *Log {
	l, err := New(Options{File: "memory"})
	if err != nil {
		tb.Fatal(err)
	}
	l.open = func() (io.WriteCloser, error) { return null{}, nil }
	if err := l.Start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return l
}

func BenchmarkAppendJSON(b *testing.B) {
	e, buf := journey(), make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = JSON.Append(buf[:0], e)
	}
}

func BenchmarkWriteParallel(b *testing.B) {
	l := discarding(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		e := journey()
		for pb.Next() {
			l.Write(e)
		}
	})
	shutdownBench(b, l)
}

func shutdownBench(b *testing.B, l *Log) {
	if err := l.Shutdown(b.Context()); err != nil {
		b.Error(err)
	}
}
