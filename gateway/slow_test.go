package gateway_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// slowOrigin has a body without an end for GET /long, reads that of POST, and says ok to others.
func slowOrigin(t *testing.T) *gatewaytest.Origin {
	piece := "10000\r\n" + strings.Repeat("x", 64<<10) + "\r\n"
	return gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for head, err := p.Head(); err == nil; head, err = p.Head() {
			_ = p.SetDeadline(time.Time{}) // only the gateway ends it
			switch {
			case strings.HasPrefix(head, "GET /long "):
				_, err := io.WriteString(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
				for err == nil {
					_, err = io.WriteString(p, piece)
				}
				return
			case strings.HasPrefix(head, "POST "):
				_, _ = io.Copy(io.Discard, p.In)
				return
			}
			_, _ = io.WriteString(p, gatewaytest.OK("ok"))
		}
	})
}

// Clients that take or send nothing keep half of the backend's connections at most, and half of
// limits.requests; the slowest transfer is ended.
func TestSlowTransfersOccupyHalfOfABackend(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
	for name, tc := range map[string]struct{ request, limits, pool, series, status string }{
		"responses, of a backend": {"GET /long HTTP/1.1\r\nHost: a\r\n\r\n", "", "max: 2", `{upstream="up"}`, ""},
		"uploads, of a backend":   {post, "", "max: 2", `{upstream="up"}`, "HTTP/1.1 503 "},
		"responses, in all":       {"GET /long HTTP/1.1\r\nHost: a\r\n\r\n", "limits: { requests: 2 }\n", "max: 9", `{upstream=""}`, ""},
		"uploads, in all":         {post, "limits: { requests: 2 }\n", "max: 9", `{upstream=""}`, "HTTP/1.1 503 "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			origin := slowOrigin(t)
			g := gatewaytest.Start(t, tc.limits+"timeouts: { first_byte: 1m, request: off }\n"+
				"upstreams: { up: { backends: [\""+origin.URL+"\"], pool: { "+tc.pool+", queue: off } } }\n"+oneRoute("up"))
			var slow [2]*gatewaytest.Client
			for i := range slow {
				slow[i] = gatewaytest.Dial(t, g.Address)
				slow[i].Send(tc.request)
			}
			inFlight := `penstock_backend_requests_in_flight{upstream="up",backend="` + origin.Address + `"}`
			gatewaytest.Eventually(t, "two transfers", func() bool { return g.Count(inFlight) == "2" })
			if a := gatewaytest.Get(t, g.Address, "/"); a.StatusCode != 503 {
				t.Fatalf("got %d beside two transfers", a.StatusCode)
			}
			<-time.After(11 * time.Second) // a transfer is slow after ten
			gatewaytest.Eventually(t, "one transfer", func() bool { return g.Count(inFlight) == "1" })
			if a := gatewaytest.Get(t, g.Address, "/"); a.StatusCode != 200 {
				t.Errorf("got %d beside one transfer", a.StatusCode)
			}
			if n := g.Count("penstock_slow_ended_total" + tc.series); n != "1" {
				t.Errorf("%s ended, want 1", n)
			}
			if n := g.Count(`penstock_faults_total{route="/*",fault="too-many-slow"}`); n != "1" {
				t.Errorf("%s faults, want 1", n)
			}
			if tc.status != "" && !wantOne(t, slow[:], tc.status) {
				t.Errorf("no client got %s", tc.status)
			}
		})
	}
}

// wantOne reports whether one of the clients gets a response that begins with status.
func wantOne(t *testing.T, clients []*gatewaytest.Client, status string) bool {
	t.Helper()
	got := make(chan string, len(clients))
	for _, c := range clients {
		_ = c.Conn.SetDeadline(time.Now().Add(gatewaytest.Wait)) // Dial's has passed
		go func() {
			line, _ := c.In.ReadString('\n')
			got <- line
		}()
	}
	return strings.HasPrefix(<-got, status)
}
