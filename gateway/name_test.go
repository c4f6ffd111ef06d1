package gateway_test

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"penstock/gateway/gatewaytest"
)

func TestNameIsWhatViaAndProxyStatusSay(t *testing.T) {
	heads := make(chan string, 1)
	origin := gatewaytest.NewOrigin(t, record(heads, gatewaytest.OK("ok")))
	routes := `
routes:
  - { path: "/*", upstream: "` + origin.URL + `" }
  - { path: /dead, upstream: "http://` + gatewaytest.Dead(t) + `", retry: off }`
	g := gatewaytest.Start(t, "name: edge-1"+routes)
	judge := func(name string) {
		t.Helper()
		gatewaytest.Get(t, g.Address, "/", "Via: 1.0 other")
		if head := <-heads; !strings.Contains(head, "\r\nVia: 1.0 other, 1.1 "+name+"\r\n") {
			t.Errorf("want %s in Via:\n%s", name, head)
		}
		for target, want := range map[string]string{"/dead": "; error=connection_refused", "/a%2fb": `; error=http_request_error; details="path-refused"`} {
			if got := gatewaytest.Get(t, g.Address, target).Header.Get("Proxy-Status"); got != name+want {
				t.Errorf("%s: Proxy-Status %q, want %q", target, got, name+want)
			}
		}
	}
	judge("edge-1")
	if err := g.Reload(gatewaytest.Parse(t, "name: edge-2"+routes)); err != nil {
		t.Fatal(err)
	}
	judge("edge-2")
}

// Two instances of one name in a row are no loop, though Via names both alike.
func TestTwoInstancesOfOneNameInARow(t *testing.T) {
	heads := make(chan string, 1)
	origin := gatewaytest.NewOrigin(t, record(heads, gatewaytest.OK("ok")))
	inner := gatewaytest.Start(t, "name: edge\n"+oneRoute(origin.URL))
	outer := gatewaytest.Start(t, "name: edge\n"+oneRoute("http://"+inner.Address))
	if a := gatewaytest.Get(t, outer.Address, "/"); a.StatusCode != 200 || a.Text != "ok" {
		t.Fatalf("got %d %s", a.StatusCode, a.Text)
	}
	head := <-heads
	if !strings.Contains(head, "\r\nVia: 1.1 edge, 1.1 edge\r\n") {
		t.Errorf("Via does not name both:\n%s", head)
	}
	_, loop, _ := strings.Cut(head, "\r\nCDN-Loop: ")
	loop, _, _ = strings.Cut(loop, "\r\n")
	if first, second, ok := strings.Cut(loop, ", "); !ok || first == second || strings.Contains(second, ",") {
		t.Errorf("CDN-Loop: %s does not tell the two apart", loop)
	}
}

// A request that comes back to the same process is a loop, even if Via was removed on
// the way.
func TestSameInstanceTwiceIsALoop(t *testing.T) {
	var address atomic.Pointer[string]
	var passed atomic.Int32
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		head, err := p.Head()
		if err != nil || passed.Add(1) > 1 {
			return
		}
		c := gatewaytest.Dial(t, *address.Load())
		_, _ = io.WriteString(c, strings.Replace(head, "\r\nVia: ", "\r\nX-Was: ", 1))
		_, _ = io.Copy(p, c.Conn)
	})
	g := gatewaytest.Start(t, "name: edge\n"+oneRoute(origin.URL))
	address.Store(&g.Address)
	a := gatewaytest.Get(t, g.Address, "/")
	if a.StatusCode != 508 || !strings.Contains(a.Text, `"reason":"loop"`) || passed.Load() != 1 {
		t.Errorf("got %d %s, after %d rounds", a.StatusCode, a.Text, passed.Load())
	}
}
