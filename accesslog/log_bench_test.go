package accesslog

import (
	"os"
	"testing"
)

// discarding returns a started Log whose lines go nowhere.
func discarding(tb testing.TB) *Log {
	l, err := New(Options{File: os.DevNull})
	if err != nil {
		tb.Fatal(err)
	}
	if err := l.Start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return l
}

// usual is an entry with nothing to escape, on a connection that was kept.
func usual() *Entry {
	e := journey()
	e.Exchange.SetID([]byte("4f1c09d2a7b3e86051d2c4f7a9b8e360"))
	e.Target, e.Host = []byte("/items/7?page=2"), []byte("shop.example")
	e.UserAgent = []byte("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	at := &e.Exchange.Attempts[0]
	at.Queue, at.Connect, at.Reused = 0, 0, true
	return e
}

func BenchmarkAppendJSON(b *testing.B) {
	e, buf := usual(), make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = JSON.Append(buf[:0], e)
	}
}

func BenchmarkWriteParallel(b *testing.B) {
	l := discarding(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		e := usual()
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
