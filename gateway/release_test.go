package gateway

import (
	"reflect"
	"testing"

	"penstock/headers"
)

// What a detached body gives back is used by another request, which would take its wish for a
// connection of its own, or its body, for that one's.
func TestDetachedBodyGivesBackNothingOfItsRequest(t *testing.T) {
	g := new(proxy)
	snap := new(Snapshot)
	out := new(outbound)
	out.req.Fresh, out.req.Target, out.req.Body.Framing.Kind = true, []byte("/secret"), headers.Sized
	(&detached{g: g, out: out, snap: snap}).Close()
	if !reflect.ValueOf(out.req).IsZero() {
		t.Errorf("given back with %+v", out.req)
	}
}
