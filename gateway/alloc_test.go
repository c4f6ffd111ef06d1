//go:build !race

package gateway_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// loop returns a function that sends one request and reads its response without allocating,
// through a gateway whose origin does not allocate either.
func loop(t testing.TB, more, fields string) func() {
	t.Helper()
	answer := []byte("HTTP/1.1 200 OK\r\nDate: " + time.Now().UTC().Format(http.TimeFormat) + "\r\n" + fields + "Content-Type: text/plain\r\nConnection: keep-alive\r\nContent-Length: 1024\r\n\r\n")
	answer = append(answer, make([]byte, 1024)...)
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		buf := make([]byte, 4096)
		for {
			if _, err := p.Conn.Read(buf); err != nil {
				return
			}
			if _, err := p.Write(answer); err != nil {
				return
			}
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL, more))
	c := gatewaytest.Dial(t, g.Address)
	request := []byte("GET /index.html?x=1 HTTP/1.1\r\nHost: a.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
	if _, err := c.Write(request); err != nil {
		t.Fatal(err)
	}
	c.Head()
	body := make([]byte, 1024)
	if _, err := io.ReadFull(c.In, body); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		for { // the head's length differs by what Age and ttl say
			line, err := c.In.ReadSlice('\n')
			if err != nil {
				t.Fatal(err)
			}
			if len(line) == len("\r\n") {
				break
			}
		}
		if _, err := io.ReadFull(c.In, body); err != nil {
			t.Fatal(err)
		}
	}
}

// postLoop is loop with an upload of 10 KiB in the same segment as its head.
func postLoop(t testing.TB) func() {
	t.Helper()
	const size = 10 << 10
	answer := []byte("HTTP/1.1 204 No Content\r\nDate: " + time.Now().UTC().Format(http.TimeFormat) + "\r\n\r\n")
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		buf, got := make([]byte, 2*size), 0
		for {
			n, err := p.Conn.Read(buf[got:])
			if err != nil {
				return
			}
			got += n
			if head := bytes.Index(buf[:got], []byte("\r\n\r\n")); head < 0 || got < head+4+size {
				continue
			}
			got = 0
			if _, err := p.Write(answer); err != nil {
				return
			}
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	request := append([]byte("POST /upload HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10240\r\n\r\n"), make([]byte, size)...)
	return func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		for {
			line, err := c.In.ReadSlice('\n')
			if err != nil {
				t.Fatal(err)
			}
			if len(line) == len("\r\n") {
				return
			}
		}
	}
}

// allocatesNothing holds what once does at no allocation.
func allocatesNothing(t *testing.T, what string, once func()) {
	t.Helper()
	for range 200 {
		once() // fills the pools
	}
	if n := testing.AllocsPerRun(2000, once); n != 0 {
		t.Errorf("%v allocations %s, want 0", n, what)
	}
}

// repeat measures once.
func repeat(b *testing.B, once func()) {
	b.ReportAllocs()
	for b.Loop() {
		once()
	}
}

func TestProxiedPostAllocatesNothing(t *testing.T) {
	allocatesNothing(t, "an upload", postLoop(t))
}

func BenchmarkProxiedPost(b *testing.B) {
	repeat(b, postLoop(b))
}

const hitRoute, hitFields = "    cache: on", "Cache-Control: max-age=3600\r\nETag: \"a\"\r\n"

func TestHitAllocatesNothing(t *testing.T) {
	allocatesNothing(t, "a hit", loop(t, hitRoute, hitFields))
}

// Policies cost no allocation either: what they add is compiled, and what they edit is parsed
// into memory of the journey.
const policyRoute = `    rewrite: "/v2/index"
    headers: { request: { set: { X-Edge: penstock }, remove: [User-Agent] }, response: { set: { X-Edge: penstock }, remove: [Server] } }`

func TestPoliciesAllocateNothing(t *testing.T) {
	allocatesNothing(t, "a request with policies", loop(t, policyRoute, "Server: o\r\n"))
	allocatesNothing(t, "a hit with policies", loop(t, policyRoute+"\n"+hitRoute, "Server: o\r\n"+hitFields))
}

func BenchmarkHit(b *testing.B) {
	repeat(b, loop(b, hitRoute, hitFields))
}

func TestProxiedSmallRequestAllocatesNothing(t *testing.T) {
	allocatesNothing(t, "a request", loop(t, "", ""))
}

func BenchmarkProxiedSmallRequest(b *testing.B) {
	repeat(b, loop(b, "", ""))
}
