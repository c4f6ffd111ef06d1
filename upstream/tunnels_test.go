package upstream

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"penstock/conn"
	"penstock/exchange"
)

// wantPlaces checks how many slots and how many places for tunnels are taken.
func wantPlaces(t *testing.T, c *Client, slots, tunnels int) {
	t.Helper()
	if got := c.pool.slots.count(); got != slots {
		t.Errorf("%d slots are taken, want %d", got, slots)
	}
	if got := c.pool.tunnels.Load(); got != int64(tunnels) {
		t.Errorf("%d places for tunnels are taken, want %d", got, tunnels)
	}
}

func upgradeRequest() *Request {
	req := request("GET", "/ws")
	req.Upgrade = []byte("websocket")
	return req
}

// switching is an act that agrees to upgrades and responds to all else.
func switching(p *peer) {
	for head := p.head(); head != ""; head = p.head() {
		if strings.Contains(head, "Upgrade: websocket") {
			p.say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			_, _ = p.rest()
			return
		}
		p.say(ok)
	}
}

func TestTunnelsLeaveTheSlotsToRequests(t *testing.T) {
	s := newScript(t, switching)
	c := clientOf(t, s, func(o *clientOptions) { o.Pool.Max, o.Pool.Tunnels, o.Pool.Queue = 1, 2, -1 })
	var open []*trial
	for range 2 {
		open = append(open, mustTry(t, c, upgradeRequest()))
	}
	wantPlaces(t, c, 0, 2)
	mustTry(t, c, request("GET", "/"))
	before := s.Connections()
	full := try(t, c, upgradeRequest())
	wantFault(t, full.fault, exchange.ConnectionLimitReached, exchange.TunnelsFull)
	if full.fault.Wrote || s.Connections() != before {
		t.Errorf("the backend heard of a tunnel that has no place")
	}
	wantPlaces(t, c, 0, 2)
	_ = open[0].resp.Tunnel.Close()
	wantPlaces(t, c, 0, 1)
	third := mustTry(t, c, upgradeRequest())
	if third.resp.Tunnel == nil {
		t.Fatal("no tunnel, though a place is free")
	}
	_ = third.resp.Tunnel.Close()
	_ = open[1].resp.Tunnel.Close()
	wantPlaces(t, c, 0, 0)
}

// A response that is no 101 gives the place back before its body has ended.
func TestPlaceOfARefusedTunnelIsFreeWithTheHead(t *testing.T) {
	c := clientOf(t, newScript(t, always("HTTP/1.1 403 Forbidden\r\nContent-Length: 100000\r\n\r\nx")))
	tr := mustTry(t, c, upgradeRequest())
	wantPlaces(t, c, 1, 0)
	_ = tr.resp.Body.Close()
	wantPlaces(t, c, 0, 0)
}

func TestPlaceOfATunnelThatIsNotReachedIsFree(t *testing.T) {
	for name, change := range map[string]func(*clientOptions){
		"no connection": func(o *clientOptions) {
			o.Dial = func(time.Duration) (*conn.Conn, error) { return nil, syscall.ECONNREFUSED }
		},
		"no slot": func(o *clientOptions) { o.Pool.Max, o.Pool.Queue = 0, -1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := clientOf(t, newScript(t, switching), change)
			if tr := try(t, c, upgradeRequest()); tr.fault == nil {
				t.Error("got a response")
			}
			wantPlaces(t, c, 0, 0)
		})
	}
}
