package driver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"penstock/origin/scripted"
)

// target is a backend of the test's own.
func target(t *testing.T, script func(*scripted.Peer)) netip.AddrPort {
	t.Helper()
	o, err := scripted.Start(scripted.Options{Script: script})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return netip.MustParseAddrPort(o.Address)
}

// requests calls respond for each request on a connection until it returns false.
func requests(p *scripted.Peer, respond func(path string, body int64) bool) {
	for {
		r, err := p.Request()
		if err != nil {
			return
		}
		n, _ := io.Copy(io.Discard, r.Body) // it was read already
		if !respond(r.URL.Path, n) {
			return
		}
	}
}

const good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// usual are options for 100 arrivals in a fifth of a second.
func usual(to netip.AddrPort) Options {
	return Options{
		Address: to, Requests: [][]byte{[]byte("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")},
		Rate: 500, Connections: 4, Duration: 200 * time.Millisecond,
	}
}

// sum is how many arrivals a report accounts for.
func (r *Report) sum() int64 {
	return r.Good.Count() + r.Refused.Count() + r.Other.Count() + r.Failed()
}

func drives(t *testing.T, o Options) *Report {
	t.Helper()
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if want := o.arrivals(o.Warmup+o.Duration) - o.arrivals(o.Warmup); r.Arrivals != want || r.sum() != want {
		t.Errorf("got %d arrivals of which %d are accounted for, want %d:\n%s", r.Arrivals, r.sum(), want, printed(r))
	}
	return r
}

func printed(r *Report) string {
	var text bytes.Buffer
	r.Print(&text)
	return text.String()
}

func TestRequestsAreSentInTurn(t *testing.T) {
	var a, b, bytesUp atomic.Int64
	to := target(t, func(p *scripted.Peer) {
		requests(p, func(path string, body int64) bool {
			bytesUp.Add(body)
			if path == "/a" {
				a.Add(1)
			} else {
				b.Add(1)
			}
			return p.Say(good)
		})
	})
	o := usual(to)
	address, post, err := Request("http://"+to.String()+"/b?x=y", make([]byte, 300_000), "X-A: b")
	if err != nil || address != to {
		t.Fatalf("got %v, %v", address, err)
	}
	o.Requests, o.Connections, o.Warmup = append(o.Requests, post), 100, 50*time.Millisecond
	r := drives(t, o)
	if r.Status[200] != r.Good.Count() || r.Good.Count() == 0 || r.Cut+r.Timeouts > 0 || r.Opened > 0 {
		t.Errorf("got\n%s", printed(r))
	}
	if n := a.Load() - b.Load(); n < 0 || n > 1 || bytesUp.Load() != b.Load()*300_000 {
		t.Errorf("%d and %d requests with %d bytes, want as many of each with 300,000", a.Load(), b.Load(), bytesUp.Load())
	}
}

// stallingOnce is a target that responds to its first request after a stall.
func stallingOnce(t *testing.T, stall time.Duration) netip.AddrPort {
	var stalled atomic.Bool
	return target(t, func(p *scripted.Peer) {
		requests(p, func(string, int64) bool {
			if stalled.CompareAndSwap(false, true) {
				<-time.After(stall)
			}
			return p.Say(good)
		})
	})
}

func TestAStallIsChargedToAllThatWereDue(t *testing.T) {
	const stall = 150 * time.Millisecond
	o := usual(stallingOnce(t, stall))
	o.Connections, o.Duration = 1, time.Second
	r := drives(t, o)
	// The first is due at 0, when the stall begins, the 50th after 98 ms.
	if late := r.Good.Count() - below(&r.Good, stall-100*time.Millisecond); r.Good.Max() < stall || late+r.Unsent < 50 || r.Waited < 50 {
		t.Errorf("%d of 500 took more than 50 ms, %d waited; want at least 50 of each\n%s", late, r.Waited, printed(r))
	}
}

func TestGraceSendsWhatHasWaited(t *testing.T) {
	const stall = 300 * time.Millisecond // longer than the arrivals last
	o := usual(stallingOnce(t, stall))
	o.Connections, o.Grace = 1, time.Minute
	r := drives(t, o)
	if r.Unsent > 0 || r.Good.Count() != r.Arrivals || r.Took < stall || r.Waited < r.Arrivals-1 {
		t.Errorf("all that waited must be sent, and take as long as it did\n%s", printed(r))
	}
}

// below counts what is certainly shorter than d.
func below(h *Histogram, d time.Duration) (n int64) {
	for i := range bucketOf(d) {
		n += h.counts[i]
	}
	return n
}

func TestRefusalsAreCountedApart(t *testing.T) {
	var asked atomic.Int64
	to := target(t, func(p *scripted.Peer) {
		requests(p, func(string, int64) bool {
			text := []string{
				"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
				"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", good,
			}[asked.Add(1)%3]
			return p.Say(text)
		})
	})
	r := drives(t, usual(to))
	if r.Refused.Count() == 0 || r.Refused.Count() != r.Status[503] || r.RetryAfter != r.Status[503] || r.Other.Count() != r.Status[404] || r.Cut > 0 {
		t.Errorf("got\n%s", printed(r))
	}
}

func TestConnectionsThatEndAreOpenedAnew(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		cut  bool
	}{
		"with notice":          {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", false},
		"instead of a length":  {"HTTP/1.1 200 OK\r\n\r\nok", false},
		"without notice":       {good, false},
		"before the response":  {"", true},
		"in the response":      {good[:len(good)-1], true},
		"with something else":  {"SSH-2.0\r\n\r\n\r\n", true},
		"with too much behind": {good + "more", true},
	} {
		t.Run(name, func(t *testing.T) {
			to := target(t, func(p *scripted.Peer) {
				requests(p, func(string, int64) bool { p.Say(tc.text); return false })
			})
			r := drives(t, usual(to))
			// Without notice, a request may be on its way when the end comes.
			if tc.cut && r.Good.Count() > 0 || !tc.cut && r.Good.Count() == 0 || r.Opened == 0 || name != "without notice" && !tc.cut && r.Cut > 0 {
				t.Errorf("got\n%s", printed(r))
			}
		})
	}
}

func TestAnswersThatDoNotComeTimeOut(t *testing.T) {
	to := target(t, func(p *scripted.Peer) {
		requests(p, func(string, int64) bool {
			if p.Number == 0 {
				return true // and never responds
			}
			return p.Say(good)
		})
	})
	o := usual(to)
	o.Timeout = 300 * time.Millisecond
	r := drives(t, o)
	if r.Timeouts == 0 || r.Good.Count() == 0 {
		t.Errorf("got\n%s", printed(r))
	}
}

func TestNobodyThere(t *testing.T) {
	to := target(t, func(p *scripted.Peer) { _, _ = p.In.ReadByte() })
	c, err := net.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	dead := c.LocalAddr().(*net.TCPAddr).AddrPort() // nobody can listen there while it is an end of a connection
	if _, err := Run(t.Context(), usual(dead)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want connection refused", err)
	}
}

func TestCancelEndsTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	to := target(t, func(p *scripted.Peer) {
		requests(p, func(string, int64) bool { cancel(); return p.Say(good) })
	})
	o := usual(to)
	o.Duration = time.Hour
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}

func TestBadOptionsAreNamed(t *testing.T) {
	to := netip.MustParseAddrPort("127.0.0.1:1")
	for want, spoil := range map[string]func(*Options){
		"no address":          func(o *Options) { o.Address = netip.AddrPort{} },
		"no request":          func(o *Options) { o.Requests = nil },
		"rate: got 0":         func(o *Options) { o.Rate = 0 },
		"connections: got 0":  func(o *Options) { o.Connections = 0 },
		"duration 0s":         func(o *Options) { o.Duration = 0 },
		"nothing is due in 1": func(o *Options) { o.Duration, o.Warmup = 1, time.Nanosecond },
	} {
		o := usual(to)
		spoil(&o)
		if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	for _, bad := range []string{"127.0.0.1:80", "https://127.0.0.1/", "http:///x", "://"} {
		if _, _, err := Request(bad, nil); err == nil {
			t.Errorf("%s: got no error", bad)
		}
	}
	if _, _, err := Request("http://127.0.0.1/", nil, "no colon"); err == nil {
		t.Error("a header without a colon: got no error")
	}
}
