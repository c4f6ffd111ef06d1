package gateway

import (
	"reflect"
	"testing"

	"penstock/headers"
)

// Another request uses the outbound that a detached body gives back. If the outbound were not
// reset, that request would inherit its body and its wish for a new connection.
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
