package gateway

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"penstock/cache"
	"penstock/headers"
)

// What a fetch gives back is used by another request, which would take its wish for a
// connection of its own, or its body, for that one's.
func TestFetchGivesBackNothingOfItsRequest(t *testing.T) {
	g := headTimes(time.Minute, time.Minute)
	out := new(outbound)
	out.req.Fresh, out.req.Target, out.req.Body.Framing.Kind = true, []byte("/secret"), headers.Sized
	f := &fetch{g: g, out: out, lead: cache.NewFlights(cache.FlightOptions{}).Lead(cache.Key{}), snap: g.current.Load()}
	f.survive()
	if !reflect.ValueOf(out.req).IsZero() {
		t.Errorf("given back with %+v", out.req)
	}
}

func TestRestKeepsNoMemoryOfUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, w := wirePair(t, headTimes(time.Minute, time.Minute))
		w.memory = make([]byte, 0, heldMemory)
		if _, _, p := w.chunks.Decode(nil, []byte("0\r\nX-Sum: 1\r\n\r\n")); p != headers.NoProblem || len(w.chunks.Trailer()) == 0 {
			t.Fatalf("%v, trailer %q", p, w.chunks.Trailer())
		}
		w.resting = true
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if w.memory != nil || !reflect.ValueOf(w.chunks).IsZero() {
			t.Errorf("%d bytes are kept, and %+v", cap(w.memory), w.chunks)
		}
	})
}
