//go:build linux

package regression

import (
	"strings"
	"testing"

	"penstock/origin/scripted"
)

func TestFixed19NameIsWhatViaAndProxyStatusSay(t *testing.T) {
	t.Parallel()
	o, seen := heads(t, scripted.OK("ok"))
	g := start(t, "name: edge-1\n"+one(o)+"- { path: /dead, upstream: \"http://"+free(t)+"\", retry: off }\n")
	get(t, g.address, "GET / HTTP/1.1")
	if head := <-seen; !strings.Contains(head, "\r\nVia: 1.1 edge-1\r\n") {
		t.Errorf("the backend got\n%s", head)
	}
	if got := get(t, g.address, "GET /dead HTTP/1.1").Field("Proxy-Status"); !strings.HasPrefix(got, "edge-1;") {
		t.Errorf("Proxy-Status: %s", got)
	}
}

// Two instances of one name in a row are no loop.
func TestFixed19TwoInstancesOfOneNamePass(t *testing.T) {
	t.Parallel()
	o, seen := heads(t, scripted.OK("ok"))
	inner := start(t, "name: edge\n"+one(o))
	outer := start(t, "name: edge\nroutes: [{ path: \"/*\", upstream: \"http://"+inner.address+"\" }]\n")
	if a := get(t, outer.address, "GET / HTTP/1.1"); a.Status != 200 {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
	if head := <-seen; !strings.Contains(head, "\r\nVia: 1.1 edge, 1.1 edge\r\n") {
		t.Errorf("the backend got\n%s", head)
	}
}
