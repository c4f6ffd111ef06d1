package gateway

import (
	"reflect"
	"testing"

	"penstock/cache"
	"penstock/headers"
)

// What a fetch gives back is used by another request, which would take its wish for a
// connection of its own, or its body, for that one's.
func TestFetchGivesBackNothingOfItsRequest(t *testing.T) {
	g := new(proxy)
	snap := new(Snapshot)
	out := new(outbound)
	out.req.Fresh, out.req.Target, out.req.Body.Framing.Kind = true, []byte("/secret"), headers.Sized
	f := &fetch{g: g, out: out, lead: cache.NewFlights(cache.FlightOptions{}).Lead(cache.Key{}), snap: snap}
	f.survive()
	if !reflect.ValueOf(out.req).IsZero() {
		t.Errorf("given back with %+v", out.req)
	}
}
