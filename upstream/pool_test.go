package upstream

import (
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/headers"
	"penstock/origin/scripted"
)

// held is an act that responds to each request once it is let go.
func held(arrived, letGo chan struct{}) func(*peer) {
	return func(p *peer) {
		for p.head() != "" {
			arrived <- struct{}{}
			<-letGo
			p.say(ok)
		}
	}
}

// inBackground makes a round trip on a goroutine of its own.
func inBackground(t testing.TB, c *Client, req *Request) <-chan *trial {
	done := make(chan *trial, 1)
	go func() { done <- try(t, c, req) }()
	return done
}

func TestQueue(t *testing.T) {
	arrived, letGo := make(chan struct{}), make(chan struct{})
	s := newScript(t, held(arrived, letGo))
	c := clientOf(t, s, func(o *clientOptions) { o.Pool.Max, o.Pool.Queue = 1, 1 })
	first := inBackground(t, c, request("GET", "/1"))
	within(t, "first request", arrived)
	second := inBackground(t, c, request("GET", "/2"))
	for _, _, waiting := c.Stats(); waiting != 1; _, _, waiting = c.Stats() {
		runtime.Gosched()
	}
	third := try(t, c, request("GET", "/3"))
	wantFault(t, third.fault, exchange.ConnectionLimitReached, exchange.QueueFull)
	letGo <- struct{}{}
	within(t, "second request", arrived)
	letGo <- struct{}{}
	for name, done := range map[string]<-chan *trial{"first": first, "second": second} {
		if tr := within(t, name, done); tr.fault != nil {
			t.Errorf("%s request: %v", name, tr.fault)
		} else if name == "second" && (tr.at.Queue <= 0 || !tr.at.Reused) {
			t.Errorf("second request: waited %v, reused %t; want some time and true", tr.at.Queue, tr.at.Reused)
		}
	}
	if s.Connections() != 1 {
		t.Errorf("%d connections for Max 1", s.Connections())
	}
}

func TestQueueTimesOut(t *testing.T) {
	for _, tc := range []struct {
		name     string
		wait     time.Duration
		deadline time.Duration
		reason   exchange.Reason
	}{
		{"after its own limit", 150 * time.Millisecond, time.Minute, exchange.QueueTimeout},
		{"with the request's deadline", time.Minute, 150 * time.Millisecond, exchange.OutOfTime},
	} {
		t.Run(tc.name, func(t *testing.T) {
			arrived, letGo := make(chan struct{}), make(chan struct{})
			c := clientOf(t, newScript(t, held(arrived, letGo)), func(o *clientOptions) {
				o.Pool.Max, o.Pool.QueueTimeout = 1, tc.wait
			})
			first := inBackground(t, c, request("GET", "/1"))
			within(t, "first request", arrived)
			req := request("GET", "/2")
			req.Times.Deadline = time.Now().Add(tc.deadline)
			tr := try(t, c, req)
			wantFault(t, tr.fault, exchange.Refuse(tc.reason).Kind, tc.reason)
			if tr.fault.Wrote || tr.at.Queue <= 0 {
				t.Errorf("wrote %t, waited %v", tr.fault.Wrote, tr.at.Queue)
			}
			letGo <- struct{}{}
			within(t, "first answer", first)
		})
	}
}

func TestIdleCap(t *testing.T) {
	arrived, letGo := make(chan struct{}), make(chan struct{})
	c := clientOf(t, newScript(t, held(arrived, letGo)), func(o *clientOptions) { o.Pool.Idle = 1 })
	var done []<-chan *trial
	for range 3 {
		done = append(done, inBackground(t, c, request("GET", "/")))
		within(t, "request", arrived)
	}
	wantStats(t, c, 3, 0)
	for range done {
		letGo <- struct{}{}
	}
	for _, d := range done {
		within(t, "answer", d)
	}
	open, idle, _ := c.Stats()
	if open != idle || idle < 1 || idle > 2 { // two that end at the same moment may both be kept
		t.Errorf("%d open, %d idle; want one kept", open, idle)
	}
}

func TestMaxAgeAndIdleTimeout(t *testing.T) {
	var heads []string
	s := newScript(t, func(p *peer) {
		for head := p.head(); head != ""; head = p.head() {
			heads = append(heads, head)
			p.say(ok)
		}
	})
	var offset atomic.Int64
	c := clientOf(t, s, func(o *clientOptions) {
		o.Pool.MaxAge, o.Pool.IdleTimeout = 10*time.Minute, time.Hour
		o.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	})
	ask := func(d time.Duration) *trial {
		offset.Store(int64(d))
		tr := &trial{at: exchange.Attempt{Start: c.now()}}
		if tr.fault = c.RoundTrip(request("GET", "/"), &tr.resp, &tr.at); tr.fault != nil {
			t.Fatal(tr.fault)
		}
		return tr
	}
	ask(0)
	if tr := ask(9 * time.Minute); !tr.at.Reused {
		t.Error("a young connection was not used again")
	}
	wantStats(t, c, 1, 1)
	if tr := ask(11 * time.Minute); !tr.at.Reused || !strings.Contains(heads[2], "\r\nConnection: close\r\n") {
		t.Errorf("an old connection: reused %t, request %q; want once more, announced as the last", tr.at.Reused, heads[2])
	}
	wantStats(t, c, 0, 0)
	ask(0)
	if tr := ask(2 * time.Hour); tr.at.Reused || s.Connections() != 3 {
		t.Errorf("idle for two hours: reused %t, %d connections; want a new one", tr.at.Reused, s.Connections())
	}
}

func TestDeadIdleConnectionsAreSkipped(t *testing.T) {
	for _, tc := range []struct{ name, last string }{
		{"closed by the backend", ""},
		{"a stray answer waits on it", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"},
		{"the backend said 408 and closed", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			died := make(chan struct{})
			var posts atomic.Int64
			s := newScript(t, func(p *peer) {
				p.head()
				p.say(ok)
				<-died
				p.say(tc.last)
				_ = p.Conn.(*net.TCPConn).CloseWrite()
				died <- struct{}{}
				_, _ = p.rest()
			}, func(p *peer) {
				p.head()
				posts.Add(1)
				p.take(3)
				p.say(ok)
				_, _ = p.rest()
			})
			c := clientOf(t, s)
			mustTry(t, c, request("GET", "/"))
			wantStats(t, c, 1, 1)
			died <- struct{}{}
			<-died
			post := request("POST", "/")
			post.Body = Body{Framing: headers.Framing{Kind: headers.Sized, Length: 3}, Bytes: []byte("abc")}
			tr := mustTry(t, c, post)
			if tr.at.Reused || string(tr.resp.Buffered) != "ok" || posts.Load() != 1 {
				t.Errorf("POST: reused %t, answer %q, %d times; want a new connection, once", tr.at.Reused, tr.resp.Buffered, posts.Load())
			}
		})
	}
}

func TestPooledConnectionThatDiesUnderARequest(t *testing.T) {
	s := newScript(t, func(p *peer) {
		p.head()
		p.say(ok)
		p.head() // the second request is read, and then the connection is closed
	}, always(ok))
	c := clientOf(t, s)
	mustTry(t, c, request("GET", "/"))
	tr := try(t, c, request("GET", "/"))
	wantFault(t, tr.fault, exchange.ConnectionTerminated, exchange.NoReason)
	if f := tr.fault; !f.Reused || !f.Wrote || f.Begun {
		t.Errorf("fault %+v: want reused, wrote, not begun, so that the gateway may repeat it", f)
	}
	if s.Connections() != 1 {
		t.Errorf("%d connections: the request was repeated on its own", s.Connections())
	}
	fresh := request("GET", "/")
	fresh.Fresh = true
	if tr := mustTry(t, c, fresh); tr.at.Reused {
		t.Error("a fresh request got a pooled connection")
	}
}

func TestFreshLeavesThePoolAlone(t *testing.T) {
	s := newScript(t, always(ok))
	c := clientOf(t, s)
	mustTry(t, c, request("GET", "/"))
	fresh := request("GET", "/")
	fresh.Fresh = true
	if tr := mustTry(t, c, fresh); tr.at.Reused || tr.at.Connect <= 0 || s.Connections() != 2 {
		t.Errorf("fresh: reused %t, connect %v, %d connections", tr.at.Reused, tr.at.Connect, s.Connections())
	}
	wantStats(t, c, 1, 1)
}

func TestClose(t *testing.T) {
	arrived, letGo := make(chan struct{}), make(chan struct{})
	c := clientOf(t, newScript(t, held(arrived, letGo)))
	done := inBackground(t, c, request("GET", "/"))
	within(t, "request", arrived)
	c.Close()
	letGo <- struct{}{}
	if tr := within(t, "answer", done); tr.fault != nil {
		t.Errorf("a request that was running when the client was closed: %v", tr.fault)
	}
	wantStats(t, c, 0, 0)
}

func TestConnectFaults(t *testing.T) {
	gone := &scripted.Origin{Address: refusing(t)}
	for _, fresh := range []bool{false, true} {
		c := clientOf(t, gone)
		req := request("GET", "/")
		req.Fresh = fresh
		tr := try(t, c, req)
		wantFault(t, tr.fault, exchange.ConnectionRefused, exchange.NoReason)
		if tr.fault.Wrote || tr.fault.Source != exchange.Upstream || tr.at.Connect <= 0 {
			t.Errorf("fresh %t: fault %+v, connect %v", fresh, tr.fault, tr.at.Connect)
		}
		wantStats(t, c, 0, 0)
	}
}

func TestConnectIsBoundByTheRequest(t *testing.T) {
	var limit time.Duration
	c := clientOf(t, &scripted.Origin{}, func(o *clientOptions) {
		o.Dial = func(timeout time.Duration) (*conn.Conn, error) {
			limit = timeout
			return nil, &DialError{Address: "192.0.2.1:80", Kind: exchange.ConnectionTimeout, Err: net.ErrClosed}
		}
	})
	req := request("GET", "/")
	wantFault(t, try(t, c, req).fault, exchange.ConnectionTimeout, exchange.NoReason)
	if limit != req.Times.Connect {
		t.Errorf("dialled with %v, want %v", limit, req.Times.Connect)
	}
	req.Times.Deadline = time.Now().Add(time.Second)
	wantFault(t, try(t, c, req).fault, exchange.ConnectionTimeout, exchange.OutOfTime)
	if limit <= 0 || limit > time.Second {
		t.Errorf("dialled with %v, want at most what is left of the request: 1s", limit)
	}
}
