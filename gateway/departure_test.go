//go:build linux

package gateway_test

import (
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// silentOrigin sends nothing until release is closed, and then a 200 for each request. asked
// gets an element for each request, gone for each connection that the gateway closed before.
func silentOrigin(t *testing.T, asked, release, gone chan struct{}) *gatewaytest.Origin {
	return gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err != nil {
			return
		}
		asked <- struct{}{}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			var one [1]byte
			_, _ = p.Conn.Read(one[:])
		}()
		select {
		case <-ended:
			gone <- struct{}{}
		case <-release:
			_, _ = io.WriteString(p, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
		}
	})
}

// leaving is how a client can leave.
var leaving = map[string]func(c *gatewaytest.Client){
	"FIN":   func(c *gatewaytest.Client) { _ = c.Conn.(*net.TCPConn).CloseWrite() },
	"close": func(c *gatewaytest.Client) { _ = c.Conn.Close() },
	"reset": func(c *gatewaytest.Client) {
		_ = c.Conn.(*net.TCPConn).SetLinger(0)
		_ = c.Conn.Close()
	},
	"FIN after a pipelined request": func(c *gatewaytest.Client) {
		c.Send(get)
		_ = c.Conn.(*net.TCPConn).CloseWrite()
	},
}

func TestClientThatLeavesEndsItsAttempt(t *testing.T) {
	t.Parallel()
	for name, leave := range leaving {
		t.Run(name, func(t *testing.T) {
			asked, release, gone := make(chan struct{}, 100), make(chan struct{}), make(chan struct{}, 100)
			defer close(release)
			origin := silentOrigin(t, asked, release, gone)
			g := gatewaytest.Start(t, oneRoute(origin.URL))
			for range 20 {
				c := gatewaytest.Dial(t, g.Address)
				c.Send(get)
				<-asked
				leave(c)
			}
			for range 20 {
				select {
				case <-gone:
				case <-time.After(10 * time.Second): // timeouts.first_byte is 15 s
					t.Fatal("the backend's connection outlives the client")
				}
			}
			gatewaytest.Eventually(t, "20 requests of clients that left", func() bool {
				return g.Count(`penstock_requests_total{route="/*",code="499",class="4xx"}`) == "20"
			})
			if n := g.Count(`penstock_faults_total{route="/*",fault="client-gone"}`); n != "20" {
				t.Errorf("%s faults client-gone, want 20", n)
			}
		})
	}
}

func TestFinishGoesOnForAClientThatSentFIN(t *testing.T) {
	asked, release, gone := make(chan struct{}, 100), make(chan struct{}), make(chan struct{}, 100)
	origin := silentOrigin(t, asked, release, gone)
	g := gatewaytest.Start(t, "routes: [{ path: \"/*\", upstream: \""+origin.URL+"\", finish: on }]\n")
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	<-asked
	_ = c.Conn.(*net.TCPConn).CloseWrite()
	select {
	case <-gone:
		t.Fatal("the attempt ended although the route says finish")
	case <-time.After(500 * time.Millisecond): // five looks at the client's connection
	}
	close(release)
	if a := c.Read("GET"); a.StatusCode != 200 || a.Text != "ok" {
		t.Errorf("got %d %q", a.StatusCode, a.Text)
	}
}

func TestClientThatLeavesTheQueueMakesRoom(t *testing.T) {
	asked, release, gone := make(chan struct{}, 100), make(chan struct{}), make(chan struct{}, 100)
	origin := silentOrigin(t, asked, release, gone)
	g := gatewaytest.Start(t, "upstreams: { u: { backends: [\""+origin.URL+"\"], pool: { max: 1 }, queue: { wait: 1m } } }\n"+
		"routes: [{ path: \"/*\", upstream: u, timeouts: { first_byte: off, request: off } }]\n")
	first, waits := gatewaytest.Dial(t, g.Address), gatewaytest.Dial(t, g.Address)
	first.Send(get)
	<-asked
	waits.Send(get)
	waiting := func(n string) func() bool {
		return func() bool { return strings.Contains(g.Series("penstock_queue_waiting"), `priority="normal"} `+n+"\n") }
	}
	gatewaytest.Eventually(t, "a request waits", waiting("1"))
	_ = waits.Conn.Close()
	gatewaytest.Eventually(t, "nothing waits", waiting("0"))
	close(release)
	if a := first.Read("GET"); a.StatusCode != 200 {
		t.Errorf("got %d", a.StatusCode)
	}
}

// A body that is being stored outlives the request that asked for it. Its end must not touch
// the requests that came after, although they use the memory of the first.
func TestEndOfAStoredBodyLeavesOtherDeparturesAlone(t *testing.T) {
	const many = 8
	stored, asked, gone := make(chan chan struct{}, many), make(chan struct{}, many), make(chan struct{}, 2*many)
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		head, err := p.Head()
		switch {
		case err != nil:
		case strings.HasPrefix(head, "GET /stored/"):
			end := make(chan struct{})
			_, _ = io.WriteString(p, "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
			stored <- end
			select {
			case <-end:
			case <-t.Context().Done():
			}
			_, _ = io.WriteString(p, "0\r\n\r\n")
		default:
			_ = p.SetDeadline(time.Time{}) // only the gateway ends it
			asked <- struct{}{}
			_, _ = p.In.ReadByte()
			gone <- struct{}{}
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL, "    cache: on", "    timeouts: { first_byte: 1m, request: 1m }"))
	var ends [many]chan struct{}
	for i := range ends {
		c := gatewaytest.Dial(t, g.Address)
		c.Send("GET /stored/" + strconv.Itoa(i) + " HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"1\"\r\n\r\n")
		ends[i] = <-stored
		if a := c.Read("GET"); a.StatusCode != 304 { // without waiting for the rest
			t.Fatalf("got %d, want 304", a.StatusCode)
		}
		_ = c.Close()
	}
	gatewaytest.Eventually(t, "requests that have ended", func() bool { return g.Count(`penstock_requests_in_flight{route="/*"}`) == "0" })
	var clients [many]*gatewaytest.Client
	for i := range clients {
		clients[i] = gatewaytest.Dial(t, g.Address)
		clients[i].Send("GET /silent/" + strconv.Itoa(i) + " HTTP/1.1\r\nHost: a\r\n\r\n")
		<-asked
	}
	for _, end := range ends {
		close(end)
	}
	inFlight := `penstock_backend_requests_in_flight{upstream="` + origin.URL + `",backend="` + origin.Address + `"}`
	gatewaytest.Eventually(t, "stored bodies that have ended", func() bool { return g.Count(inFlight) == strconv.Itoa(many) })
	for _, c := range clients {
		_ = c.Close()
	}
	for range clients {
		select {
		case <-gone:
		case <-time.After(10 * time.Second): // timeouts.first_byte is a minute
			t.Fatal("a backend's connection outlives its client")
		}
	}
}
