package h1

import (
	"testing"
	"testing/synctest"
	"time"

	"penstock/headers"
)

func TestParkingKeepsNoMemoryOfUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, w := gatePair(t, headTimes(time.Minute, time.Minute))
		w.memory = make([]byte, 0, keptMemory)
		w.body(headers.Framing{Kind: headers.Chunked})
		if _, _, p := w.chunks.Decode(nil, []byte("0\r\nX-Sum: 1\r\n\r\n")); p != headers.NoProblem || len(w.chunks.Trailer()) == 0 {
			t.Fatalf("%v, trailer %q", p, w.chunks.Trailer())
		}
		w.parked = true
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if w.memory != nil || w.chunks != nil {
			t.Errorf("%d bytes are kept, and %+v", cap(w.memory), w.chunks)
		}
	})
}
