package caching_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"penstock/conformance/caching"
	"penstock/gateway/gatewaytest"
	"penstock/origin/scripted"
)

// TestLoadRepeatBelongsToNoLaterStep: a gateway repeats a background request whose response
// was lost, perhaps after the client's next request has begun. The gateway of this test always
// repeats it then.
func TestLoadRepeatBelongsToNoLaterStep(t *testing.T) {
	table, err := load(`family t
clause RFC 5861 §3
route on
case C an error in the background, and its repeat
< Cache-Control: max-age=60, stale-while-revalidate=3600
>
= new
wait 61s
< lost
>
= background 1
>
= hit 1
`)
	if err != nil {
		t.Fatal(err)
	}
	clock := caching.NewClock(begin())
	origin, err := caching.NewOrigin(clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	respond := func(p *scripted.Peer, id, status, body string) {
		p.Say(fmt.Sprintf("HTTP/1.1 200 OK\r\nX-Request-Id: %s\r\nAge: 61\r\nCache-Status: G; %s\r\nContent-Length: %d\r\n\r\n%s", id, status, len(body), body))
	}
	gateway, err := scripted.Start(scripted.Options{Patience: gatewaytest.Wait, Script: func(p *scripted.Peer) {
		for n := 0; ; n++ {
			r, err := p.Request()
			if err != nil {
				return
			}
			switch n {
			case 0:
				respond(p, "first", "fwd=uri-miss", fetched(origin.Address, r.RequestURI, "first"))
			case 1:
				respond(p, "second", "hit; ttl=-1", "answer 1")
				fetched(origin.Address, r.RequestURI, "second")
			default:
				fetched(origin.Address, r.RequestURI, "second")
				respond(p, "third", "hit; ttl=-1", "answer 1")
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Close)
	r := &caching.Runner{Address: gateway.Address, Origin: origin, Clock: clock, Patience: gatewaytest.Wait}
	if err := r.Play(table.Cases[0]); err != nil {
		t.Error(err)
	}
}

// fetched asks the origin and returns the body of its response, empty when it is lost.
func fetched(address, target, id string) string {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a.example\r\nX-Request-Id: %s\r\n\r\n", target, id)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(r.Body)
	return string(body)
}
