//go:build !race

package ratelimit

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"
)

// resident returns the resident set of the process in bytes.
func resident(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(string(bytes.Fields(text)[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// TestTenMillionKeysTakeNoMemory is the bar: ten million different keys change neither the
// heap nor, within 1 MiB, the resident set of the process.
func TestTenMillionKeysTakeNoMemory(t *testing.T) {
	a, k := newAlone(NewRate(1, time.Second, 10), 65_536)
	if k.Size() != 65_536 {
		t.Fatalf("room for %d keys, want 65536", k.Size())
	}
	debug.FreeOSMemory()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rss := resident(t)
	for i := range uint64(10_000_000) {
		a.take(i*0x9e3779b97f4a7c15, noon+int64(i)*1000) // a million a second
	}
	grown := resident(t) - rss
	runtime.ReadMemStats(&after)
	if grown > 1<<20 || grown < -1<<20 {
		t.Errorf("the resident set changed by %d bytes, want at most 1 MiB", grown)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 64<<10 {
		t.Errorf("%d bytes were allocated", allocated)
	}
	if k.Forgotten() < 9_000_000 {
		t.Errorf("%d keys were forgotten: the test shows nothing", k.Forgotten())
	}
	runtime.KeepAlive(k)
}
