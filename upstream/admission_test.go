package upstream

import (
	"errors"
	"testing"
	"time"

	"penstock/conn"
	"penstock/ratelimit"
)

// A round trip gives back the slot that was taken for it, however it ends.
func TestATakenSlotIsGivenBack(t *testing.T) {
	refused := errors.New("refused")
	for _, tc := range []struct {
		name    string
		act     func(*peer)
		request func(*Request)
		client  func(*clientOptions)
		held    int // slots after the round trip
		fault   bool
	}{
		{name: "a response", act: func(p *peer) { p.head(); p.say(ok) }},
		{name: "a body that goes on", act: func(p *peer) { p.head(); p.say("HTTP/1.1 200 OK\r\n\r\n"); _, _ = p.rest() }, held: 1},
		{name: "a tunnel", act: switching, request: func(r *Request) { r.Upgrade = []byte("websocket") }},
		{name: "no place for a tunnel", request: func(r *Request) { r.Upgrade = []byte("websocket") }, client: func(o *clientOptions) { o.Pool.Tunnels = -1 }, fault: true},
		{name: "no connection", client: func(o *clientOptions) {
			o.Dial = func(time.Duration) (*conn.Conn, error) { return nil, refused }
		}, fault: true},
		{name: "no time", request: func(r *Request) { r.Times.Deadline = time.Now().Add(-time.Second) }, fault: true},
		{name: "a cut", act: func(p *peer) { p.head() }, fault: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			act := tc.act
			if act == nil {
				act = func(*peer) {}
			}
			c := clientOf(t, newScript(t, act), func(o *clientOptions) {
				if o.Pool.Max = 1; tc.client != nil {
					tc.client(o)
				}
			})
			if !c.TakeSlot() || c.TakeSlot() {
				t.Fatal("want one slot")
			}
			req := request("GET", "/")
			if req.Slot = true; tc.request != nil {
				tc.request(req)
			}
			tr := try(t, c, req)
			if (tr.fault != nil) != tc.fault || tr.at.Queue != 0 {
				t.Errorf("got fault %v after waiting %v", tr.fault, tr.at.Queue)
			}
			if n := c.pool.slots.count(); n != tc.held {
				t.Errorf("%d slots are taken, want %d", n, tc.held)
			}
			tr.resp.Discard()
			if n := c.pool.slots.count(); n != 0 {
				t.Errorf("%d slots are taken in the end", n)
			}
		})
	}
}

func TestASlotThatWasNotUsedIsGivenBack(t *testing.T) {
	c := clientOf(t, newScript(t, func(*peer) {}), func(o *clientOptions) { o.Pool.Max = 1 })
	for range 3 {
		if !c.TakeSlot() {
			t.Fatal("no slot is free")
		}
		c.GiveSlot()
	}
}

// A limiter belongs to the address: another cluster has the same one while its options are equal.
func TestLimiterOutlivesTheCluster(t *testing.T) {
	a, b := newTestOrigin(t), newTestOrigin(t)
	o := literals(t, a, b, 5, 3)
	o.Concurrency = ratelimit.LimiterOptions{Mode: ratelimit.Fixed, Max: 9}
	first, err := NewCluster(o)
	c := must(t, first, err)
	was := pickAll(c.View("route", nil))
	if l := was[a.Address].Limiter; l == nil || l == was[b.Address].Limiter || l.Limit() != 9 {
		t.Fatalf("got limiter %p, and %p of the other backend", l, was[b.Address].Limiter)
	}
	for _, tc := range []struct {
		name   string
		change func()
		same   bool
	}{
		{"another weight and pool", func() { o.Backends[0].Weight, o.Pool.Idle = 1, 7 }, true},
		{"another limit", func() { o.Concurrency.Max = 10 }, false},
		{"the limit of the pool", func() { o.Concurrency.Max = 0; o.Pool.Max = 77 }, false},
	} {
		tc.change()
		p, err := NewPlan(o)
		if err != nil {
			t.Fatal(err)
		}
		c = must(t, p.Build(c), nil)
		now := pickAll(c.View("route", nil))
		if same := now[a.Address].Limiter == was[a.Address].Limiter; same != tc.same {
			t.Errorf("%s: the same limiter: %v, want %v", tc.name, same, tc.same)
		}
		was = now
	}
	if got := was[a.Address].Limiter.Limit(); got != 77 {
		t.Errorf("got a limit of %v, want that of the pool", got)
	}
	o.Concurrency.Mode = ratelimit.Off
	p, err := NewPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	c = must(t, p.Build(c), nil)
	if l := pickAll(c.View("route", nil))[a.Address].Limiter; l != nil {
		t.Errorf("off: got a limiter of %v", l.Limit())
	}
}

func TestPickAdmittedPassesTheMember(t *testing.T) {
	a, b := newTestOrigin(t), newTestOrigin(t)
	first, err := NewCluster(literals(t, a, b, 1, 1))
	c := must(t, first, err)
	v := c.View("route", nil)
	ask := Ask{Room: func(m *Member) bool { return m.Backend.Address() == b.Address }}
	for range 4 {
		if m, full := v.PickAdmitted(&ask); m == nil || full || m.Backend.Address() != b.Address {
			t.Fatalf("got %v and full %v", m, full)
		}
	}
	ask.Room = func(*Member) bool { return false }
	if m, full := v.PickAdmitted(&ask); m != nil || !full {
		t.Errorf("got %v and full %v, want none and true", m, full)
	}
	members := pickAll(v)
	alone := c.View("alone", map[string]int{b.Address: 0})
	if m := alone.Offer(members[a.Address], nil); m == nil || m.Backend != members[a.Address].Backend {
		t.Errorf("a view with a: got %v", m)
	}
	if m := alone.Offer(members[b.Address], nil); m != nil {
		t.Errorf("a view without b: got %v", m)
	}
}
