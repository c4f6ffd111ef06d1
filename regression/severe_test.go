//go:build linux

package regression

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"penstock/origin/scripted"
)

// full starts a gateway with more to save than there is room for.
func full(t *testing.T, saveEvery string) *gateway {
	o := backend(t, scripted.Always("HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nContent-Length: 4194304\r\n\r\n"+strings.Repeat("x", 4<<20)))
	g := launch{
		config: fmt.Sprintf("cache: { memory: 64MiB, path: %q, save_every: %s }\n", filepath.Join(t.TempDir(), "cache"), saveEvery) + one(o, "cache: on"),
		env:    []string{fileLimit + "=1048576"},
	}.start(t)
	if a := get(t, g.address, "GET / HTTP/1.1"); a.Status != 200 || len(a.Body) != 4<<20 {
		t.Fatalf("got %d with %d bytes", a.Status, len(a.Body))
	}
	return g
}

func TestFixed01AFullDiskDoesNotHoldTheShutdown(t *testing.T) {
	t.Parallel()
	g := full(t, "off")
	if code := g.end(); code != 1 {
		t.Errorf("got code %d, want 1: what is stored could not be saved", code)
	}
}

func TestFixed01AFullDiskIsReported(t *testing.T) {
	t.Parallel()
	g := full(t, "1s")
	g.until("the API has the error of the last save", func() bool { return strings.Contains(g.api("/api/cache"), `"save_error": "`) })
	g.until("the log has it twice, for the next save was tried", func() bool {
		return strings.Count(g.log(), "the cache could not be saved") > 1
	})
}

// 2,500 clients send all but the last byte of 64 KiB. They are read whole as long as 16 MiB
// of memory suffice; of the others as many are streamed as the backend takes, 512. The memory for
// all of them is less than their bytes.
func TestFixed02BodiesThatDoNotEndStayWithinTheirMemory(t *testing.T) {
	t.Parallel()
	const clients, sent = 2500, 65_535
	o := backend(t, func(p *scripted.Peer) { _, _ = io.Copy(io.Discard, p.Conn) })
	g := start(t, "log: { access: off }\nlimits:\n  body: 1MiB\n  buffered_bodies: 16MiB\n"+one(o))
	body := strings.Repeat("x", sent)
	for range clients {
		c := dial(t, g.address)
		c.request("POST /", "Content-Length: 65536")
		go c.send(body) // it ends with the connection
	}
	g.until("the gateway has taken all bytes that were sent", func() bool { return unread(t, g.address) == 0 })
	used := g.live()
	t.Logf("%.0f bytes of the heap are live, for %d bytes of bodies", used, clients*sent)
	if used > clients*sent {
		t.Errorf("%.0f MB of the heap are live, for bodies of %d MB", used/1e6, clients*sent/1_000_000)
	}
}

func TestFixed02ABodyAboveTheBudgetIsRefused(t *testing.T) {
	t.Parallel()
	o := backend(t, scripted.Always(scripted.OK("ok")))
	g := start(t, "limits:\n  body: 1MiB\n  buffered_bodies: 1B\n"+one(o))
	a := get(t, g.address, "POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "", "2\r\nab\r\n0\r\n\r\n")
	if a.Status != 503 || !strings.Contains(a.Body, "buffers-full") || a.Field("Retry-After") == "" {
		t.Errorf("got %d %v %s, want 503 buffers-full with Retry-After", a.Status, a.Fields, a.Body)
	}
	if a := get(t, g.address, "POST / HTTP/1.1", "Host: a", "Content-Length: 2", "", "ab"); a.Status != 200 {
		t.Errorf("of known length: got %d %s, want 200", a.Status, a.Body)
	}
}

func TestFixed02LimitsFollowTheMemory(t *testing.T) {
	t.Parallel()
	t.Run("config", func(t *testing.T) {
		got := command(t, "config", "-config", file(t, "c.yaml", "routes: [{ path: /, respond: 200 }]\n"))
		if !regexp.MustCompile(`buffered_bodies: [1-9]`).MatchString(got.stdout) {
			t.Errorf("the effective budget is not in\n%s", got.stdout)
		}
	})
	g := launch{config: "routes: [{ path: /, respond: 200 }]\n", env: []string{"GOMEMLIMIT=64MiB"}}.start(t)
	for _, key := range []string{"limits.requests", "limits.connections"} {
		t.Run(key, func(t *testing.T) {
			if !strings.Contains(g.log(), key+" is lowered") {
				t.Errorf("the log does not say that %s is lowered:\n%s", key, g.log())
			}
		})
	}
}

// unread returns how many bytes wait in the kernel, sent to an address and not read.
func unread(t *testing.T, address string) (n uint64) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(address, ":")
	number, _ := strconv.Atoi(port)
	hex := fmt.Sprintf(":%04X", number)
	for row := range strings.Lines(string(table)) {
		f := strings.Fields(row)
		if len(f) < 5 {
			continue
		}
		send, receive, _ := strings.Cut(f[4], ":")
		if strings.HasSuffix(f[1], hex) {
			waits, _ := strconv.ParseUint(receive, 16, 64)
			n += waits
		}
		if strings.HasSuffix(f[2], hex) {
			waits, _ := strconv.ParseUint(send, 16, 64)
			n += waits
		}
	}
	return n
}

const websocket = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

func TestFixed03ASilentTunnelTakesNoSlotOfRequests(t *testing.T) {
	t.Parallel()
	o := backend(t, func(p *scripted.Peer) {
		for head, err := p.Head(); err == nil; head, err = p.Head() {
			if strings.Contains(head, "Upgrade: websocket") {
				p.Say(websocket)
				_, _ = io.Copy(io.Discard, p.In)
				return
			}
			p.Say(scripted.OK("ok"))
		}
	})
	g := start(t, "upstreams: { u: { backends: [\"http://"+o.Address+"\"], pool: { max: 1, queue: off } } }\nroutes: [{ path: \"/*\", upstream: u }]\n")
	c := dial(t, g.address)
	c.request("GET /ws", "Connection: Upgrade", "Upgrade: websocket")
	if m, err := c.in.Response("GET"); err != nil || m.Status != 101 {
		t.Fatalf("got %+v, %v", m, err)
	}
	if a := get(t, g.address, "GET / HTTP/1.1"); a.Status != 200 {
		t.Errorf("a request beside an open tunnel: got %d %s, want 200", a.Status, a.Body)
	}
}

// The only slot is taken. A body that does not go on after its first byte asks for a slot
// when 250 ms have passed, and is refused then and not before.
func TestFixed03TheBeginningOfABodyIsReadBeforeASlotIsTaken(t *testing.T) {
	t.Parallel()
	o, h := holding(t)
	g := start(t, "timeouts: { first_byte: 10m, request: 10m }\nupstreams: { u: { backends: [\"http://"+o.Address+"\"], pool: { max: 1, queue: off } } }\n"+
		"routes: [{ path: \"/*\", upstream: u }]\n")
	dial(t, g.address).request("GET /silent")
	<-h.asked
	for range 5 {
		c := dial(t, g.address)
		began := time.Now()
		c.request("POST /", "Transfer-Encoding: chunked")
		c.send("1", "x", "")
		if a := c.read(); a.Status != 503 || time.Since(began) < 250*time.Millisecond {
			t.Fatalf("got %d after %v, want 503 after 250 ms", a.Status, time.Since(began))
		}
	}
}

// A byte now and then is no reason to hold a slot without end.
func TestFixed03ASlowBodyEndsWith408(t *testing.T) {
	t.Parallel()
	o := backend(t, func(p *scripted.Peer) { _, _ = io.Copy(io.Discard, p.Conn) })
	g := start(t, "timeouts: { body_idle: 1s, request: off, first_byte: off }\n"+one(o))
	for name, framing := range map[string]string{"of a known length": "Content-Length: 60000", "chunked": "Transfer-Encoding: chunked"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, g.address)
			c.request("POST /", framing)
			c.drip(map[bool]string{true: "1\r\nx\r\n", false: "x"}[framing == "Transfer-Encoding: chunked"])
			if a := c.read(); a.Status != 408 || !strings.Contains(a.Body, "slow-request") {
				t.Errorf("got %d %s, want 408 slow-request", a.Status, a.Body)
			}
		})
	}
}

// A client that takes a response too slowly is cut. The rate is one that no client reaches.
func TestFixed03ASlowReaderIsCut(t *testing.T) {
	t.Parallel()
	lost := make(chan struct{})
	o := backend(t, func(p *scripted.Peer) {
		_, _ = p.Head()
		p.Say("HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n")
		for piece := strings.Repeat("x", 64<<10); p.Say(piece); {
		}
		close(lost)
	})
	g := start(t, "timeouts:\n  body_idle: 1s\n  body_min_rate: 1TiB/s\n"+one(o))
	c := dial(t, g.address)
	c.request("GET /")
	c.sip(lost)
}
