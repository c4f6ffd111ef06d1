//go:build linux

package regression

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"penstock/origin/scripted"
)

// held are the events of an origin that responds to nothing.
type held struct {
	asked chan string   // the head of each request
	gone  chan struct{} // a connection that the gateway has closed
}

// holding is an origin that reads requests and stays silent, but for those of /ok.
func holding(t *testing.T) (*scripted.Origin, held) {
	t.Helper()
	h := held{make(chan string, 10_000), make(chan struct{}, 10_000)}
	return backend(t, func(p *scripted.Peer) {
		for {
			head, err := p.Head()
			if err != nil {
				return
			}
			h.asked <- head
			if strings.HasPrefix(head, "GET /ok ") {
				p.Say(scripted.OK("ok"))
				continue
			}
			_, _ = io.Copy(io.Discard, p.In)
			h.gone <- struct{}{}
			return
		}
	}), h
}

// drip sends text again and again, ten times a second, until the connection ends.
func (c *client) drip(text string) {
	done := make(chan struct{})
	c.t.Cleanup(func() {
		_ = c.Close()
		<-done
	})
	go func() {
		defer close(done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
			<-tick.C
		}
	}()
}

// Two clients send a byte now and then, which takes both slots. Slow transfers may hold half of
// the slots, so one of the two is ended after a while and makes room for another client.
func TestFixed03SlowTransfersLeaveHalfOfTheSlots(t *testing.T) {
	t.Parallel()
	o := backend(t, func(p *scripted.Peer) {
		for head, err := p.Head(); err == nil && strings.HasPrefix(head, "GET "); head, err = p.Head() {
			p.Say(scripted.OK("ok"))
		}
		_, _ = io.Copy(io.Discard, p.In)
	})
	g := start(t, "timeouts: { body_idle: 10m, request: off, first_byte: off }\nupstreams: { u: { backends: [\"http://"+o.Address+"\"], pool: { max: 2, queue: off } } }\n"+
		"routes: [{ path: \"/*\", upstream: u }]\n")
	for range 2 {
		c := dial(t, g.address)
		c.request("POST /", "Transfer-Encoding: chunked")
		c.drip("1\r\nx\r\n")
	}
	g.until("both slots are taken", func() bool {
		return g.metric(`penstock_backend_requests_in_flight{upstream="u",backend="`+o.Address+`"}`) == "2"
	})
	g.until("another client's request succeeds", func() bool { return g.ask("http://"+g.address+"/") == "ok" })
}

// sip reads 64 KiB every 10 ms until the connection ends or the channel closes, which it has
// to do in time.
func (c *client) sip(lost <-chan struct{}) {
	c.t.Helper()
	buf, tick, late := make([]byte, 64<<10), time.NewTicker(10*time.Millisecond), time.After(patience())
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_, _ = c.Read(buf)
		case <-lost:
			return
		case <-late:
			c.t.Fatalf("after %v the response still goes on", patience())
		}
	}
}

// leaving are the ways in which clients leave.
var leaving = map[string]func(c *client){
	"FIN":   func(c *client) { _ = c.CloseWrite() },
	"close": func(c *client) { _ = c.Close() },
	"reset": func(c *client) {
		_ = c.SetLinger(0)
		_ = c.Close()
	},
}

const patientRoute = "  timeouts: { first_byte: 10m, request: 10m }\n"

func TestFixed04AClientThatLeavesEndsItsAttempt(t *testing.T) {
	for name, leave := range leaving {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, h := holding(t)
			g := start(t, one(o)+patientRoute)
			c := dial(t, g.address)
			c.request("GET /silent")
			<-h.asked
			leave(c)
			select {
			case <-h.gone:
			case <-time.After(patience()):
				t.Fatalf("%v after its client has left the request still is at the backend", patience())
			}
			if l := g.access(1)[0]; l.Status != 499 || l.Fault != "client-gone" {
				t.Errorf("logged: %+v, want 499 client-gone", l)
			}
			g.until("the metric counts it as 499", func() bool {
				return g.metric(`penstock_requests_total{route="/*",code="499",class="4xx"}`) == "1"
			})
		})
	}
}

// Clients that leave do not take the backend away from others.
func TestFixed04ABackendIsFreeAgainAtOnce(t *testing.T) {
	t.Parallel()
	const slots = 64
	o, h := holding(t)
	g := start(t, "timeouts: { first_byte: 10m, request: 10m }\nupstreams: { u: { backends: [\"http://"+o.Address+"\"], pool: { max: 64, queue: off } } }\n"+
		"routes: [{ path: \"/*\", upstream: u }]\n")
	for range slots {
		c := dial(t, g.address)
		c.request("GET /silent")
		<-h.asked
		_ = c.Close()
	}
	g.until("another client's request succeeds", func() bool { return g.ask("http://"+g.address+"/ok") == "ok" })
}

// A client that leaves while its request waits for a backend makes room for another.
func TestFixed04AClientMayLeaveTheQueue(t *testing.T) {
	t.Parallel()
	o, h := holding(t)
	g := start(t, "timeouts: { first_byte: 10m, request: 10m }\nupstreams: { u: { backends: [\"http://"+o.Address+"\"], pool: { max: 1, queue: 1, queue_timeout: 10m }, queue: off } }\n"+
		"routes: [{ path: \"/*\", upstream: u }]\n")
	dial(t, g.address).request("GET /silent")
	<-h.asked
	waiting := func() string {
		return g.metric(`penstock_backend_requests_waiting{upstream="u",backend="` + o.Address + `"}`)
	}
	c := dial(t, g.address)
	c.request("GET /")
	g.until("a request waits", func() bool { return waiting() == "1" })
	_ = c.Close()
	g.until("nothing waits any more", func() bool { return waiting() == "0" })
}

// pipe returns both ends of a pipe, closed with the test.
func pipe(t *testing.T) (reader, writer *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = reader.Close()
		_ = writer.Close()
	})
	return reader, writer
}
