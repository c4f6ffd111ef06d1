package upstream

import (
	"net"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"penstock/health"
	"penstock/lb"
	"penstock/origin/scripted"
)

// httpCheck is a check that asks a backend by GET /healthz.
func httpCheck(change ...func(*CheckOptions)) CheckOptions {
	o := CheckOptions{
		Kind: CheckHTTP, Method: "GET", Path: "/healthz", Every: time.Hour, Fast: time.Hour, Timeout: 5 * time.Second,
		Up: 2, Down: 3, Start: lb.Unchecked,
	}
	o.Expect.Add(200, 399)
	for _, f := range change {
		f(&o)
	}
	return o
}

// checkedBy returns what one check of s says: why it failed.
func checkedBy(t *testing.T, s *scripted.Origin, o CheckOptions) string {
	t.Helper()
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	b := BackendOptions{Scheme: "http", Host: host, Weight: 1, Port: portOf(t, port)}
	if o.Port != 0 { // the case that wants one of the check's own
		b.Port, o.Port = o.Port, b.Port
	}
	made, err := NewCluster(Options{Name: "api", Sweeper: newSweeper(t), Backends: []BackendOptions{b}, Check: o})
	c := must(t, made, err)
	r, err := c.check(t.Context(), c.list.own[0])
	if err != nil {
		t.Fatal(err)
	}
	return r.Cause
}

func portOf(t *testing.T, text string) uint16 {
	t.Helper()
	p, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return uint16(p)
}

func TestWhatACheckFinds(t *testing.T) {
	text := func(want string) func(*CheckOptions) { return func(o *CheckOptions) { o.Text = want } }
	long := strings.Repeat("x", maxCheckText)
	for _, tc := range []struct {
		name, response string
		change         func(*CheckOptions)
		want           string
	}{
		{"200", ok, nil, ""},
		{"302", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", nil, ""},
		{"500", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", nil, "status 500"},
		{"103 before", "HTTP/1.1 103 Early Hints\r\n\r\n" + ok, nil, ""},
		{"no HTTP", "220 mail.example.com\r\n\r\n", nil, "http_protocol_error"},
		{"cut", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", nil, "connection closed"},
		{"text", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nstatus: up", text("status: up"), ""},
		{"another text", "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nstatus: down", text("status: up"), "the text is not in the first 4 KiB of the body"},
		{"text in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nstatus: \r\n2\r\nup\r\n0\r\n\r\n", text("status: up"), ""},
		{"text to the end", "HTTP/1.1 200 OK\r\n\r\nstatus: up", text("status: up"), ""},
		{"text too late", "HTTP/1.1 200 OK\r\nContent-Length: 4098\r\n\r\n" + long + "up", text("up"), "the text is not in the first 4 KiB of the body"},
		{"text at the edge", "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n" + long[2:] + "up", text("up"), ""},
		{"a body without end is cut", "HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n" + strings.Repeat(long, 17), nil, ""},
		{"another port", ok, func(o *CheckOptions) { o.Port = 1 }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := httpCheck()
			if tc.change != nil {
				tc.change(&o)
			}
			s := newScript(t, func(p *peer) {
				if p.head() != "" {
					p.say(tc.response)
				}
				if strings.Contains(tc.response, "900000000") {
					_, _ = p.rest()
				}
			})
			if got := checkedBy(t, s, o); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestTheRequestOfACheck(t *testing.T) {
	heads := make(chan string, 4)
	s := newScript(t, func(p *peer) {
		heads <- p.head()
		p.say(ok)
		if next := p.head(); next != "" {
			t.Errorf("a second request on the connection: %q", next)
		}
	})
	checkedBy(t, s, httpCheck())
	if got, want := <-heads, "GET /healthz HTTP/1.1\r\nHost: "+s.Address+"\r\nConnection: close\r\n\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	checkedBy(t, s, httpCheck(func(o *CheckOptions) {
		o.Method, o.Path, o.Host, o.Fields = "OPTIONS", "/?a=b", "api.example.com", "User-Agent: x\r\n"
	}))
	if got, want := <-heads, "OPTIONS /?a=b HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: x\r\nConnection: close\r\n\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestACheckHasOneTimeLimit: neither a silent nor a dripping backend gets more of it.
func TestACheckHasOneTimeLimit(t *testing.T) {
	soon := func(o *CheckOptions) { o.Timeout = 300 * time.Millisecond }
	silent := newScript(t, func(p *peer) { _, _ = p.rest() })
	if got := checkedBy(t, silent, httpCheck(soon)); got != "no complete response within 300ms" {
		t.Errorf("silent: got %q", got)
	}
	drips := newScript(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
		for p.Say("x") {
			select {
			case <-p.Over:
			case <-time.After(time.Millisecond):
			}
		}
	})
	if got := checkedBy(t, drips, httpCheck(soon)); got != "no complete response within 300ms" {
		t.Errorf("dripping: got %q", got)
	}
}

func TestATCPCheckConnects(t *testing.T) {
	tcp := CheckOptions{Kind: CheckTCP, Every: time.Hour, Fast: time.Hour, Timeout: 5 * time.Second, Up: 1, Down: 1}
	closed := make(chan error, 1)
	s := newScript(t, func(p *peer) {
		_, err := p.rest()
		closed <- err
	})
	if got := checkedBy(t, s, tcp); got != "" {
		t.Errorf("got %q", got)
	}
	if err := <-closed; err != nil {
		t.Errorf("the connection ended with %v, want an orderly end", err)
	}
	if err := s.StopListening(); err != nil {
		t.Fatal(err)
	}
	if got := checkedBy(t, s, tcp); got != "connection refused" {
		t.Errorf("nobody listens: got %q", got)
	}
}

func TestAUnixSocketIsChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	heads := make(chan string, 1)
	newScriptOn(t, l, func(p *peer) {
		heads <- p.head()
		p.say(ok)
	})
	made, err := NewCluster(Options{
		Name: "api", Sweeper: newSweeper(t), Backends: []BackendOptions{{Scheme: "unix", Path: path, Weight: 1}},
		Check: httpCheck(func(o *CheckOptions) { o.Port = 1 }),
	})
	c := must(t, made, err)
	if r, err := c.check(t.Context(), c.list.own[0]); err != nil || r.Cause != "" {
		t.Errorf("got %+v and %v", r, err)
	}
	if head := <-heads; !strings.Contains(head, "\r\nHost: localhost\r\n") {
		t.Errorf("got %q", head)
	}
}

func TestAGoodCheckEndsASilentEjection(t *testing.T) {
	s := newScript(t, always(ok))
	host, text, _ := net.SplitHostPort(s.Address)
	b := BackendOptions{Scheme: "http", Host: host, Port: portOf(t, text), Weight: 1}
	for _, tc := range []struct {
		kind CheckKind
		want health.State
	}{{CheckTCP, health.Ejected}, {CheckHTTP, health.Up}} {
		other := b
		other.Host = "127.0.0.2"
		made, err := NewCluster(Options{
			Name: "api", Sweeper: newSweeper(t), Backends: []BackendOptions{b, other},
			Check: httpCheck(func(o *CheckOptions) { o.Kind, o.Start = tc.kind, lb.Healthy }),
			Eject: lb.EjectOptions{Failures: 1, Base: time.Hour, Max: time.Hour},
		})
		c := must(t, made, err)
		p := c.list.own[0]
		p.backend.Begin()
		p.backend.End(lb.Timeout, time.Second, time.Now())
		if got := c.State()[0].State; got != health.Ejected {
			t.Fatalf("got %s, want ejected", got)
		}
		if err := c.CheckNow(t.Context(), s.Address); err != nil {
			t.Fatal(err)
		}
		if got := c.State()[0].State; got != tc.want {
			t.Errorf("kind %d: got %s after a good check, want %s", tc.kind, got, tc.want)
		}
	}
}

// TestNoRequestAfterTheLastFailedCheck has requests over real connections all the time: of those
// that begin when the third check has failed, 10,000 and more, none reaches the backend.
func TestNoRequestAfterTheLastFailedCheck(t *testing.T) {
	var sick, asked, late atomic.Int32
	down := make(chan struct{})
	bad := newScript(t, func(p *peer) {
		for head := p.head(); head != ""; head = p.head() {
			switch {
			case head[:len("GET /healthz")] != "GET /healthz":
				asked.Add(1)
				p.say(ok)
			case sick.Load() == 0:
				p.say(ok)
			default:
				p.say("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
			}
		}
	})
	good := newTestOrigin(t)
	port := portOf(t, bad.Address[len("127.0.0.1:"):])
	made, err := NewCluster(Options{
		Name: "api", Sweeper: newSweeper(t),
		Backends: []BackendOptions{{Scheme: "http", Host: "127.0.0.1", Port: port, Weight: 1}, entryFor(t, good, 1)},
		Check:    httpCheck(func(o *CheckOptions) { o.Every, o.Fast = 20*time.Millisecond, 5*time.Millisecond }),
	})
	c := must(t, made, err)
	begin(t, c)
	v := c.View("r", nil)
	var wg sync.WaitGroup
	var after atomic.Int32
	for range 4 {
		wg.Go(func() {
			for after.Load() < 10_000 {
				begun := false
				select {
				case <-down:
					begun = true
					after.Add(1)
				default:
				}
				m := v.Pick(0, nil, 0)
				if begun && m.Backend.Address() == bad.Address {
					late.Add(1)
				}
				_, _ = roundTrip(m, "/")
			}
		})
	}
	for asked.Load() < 100 {
		runtime.Gosched()
	}
	sick.Store(1)
	for c.State()[0].Checks.Failed < 3 {
		runtime.Gosched()
	}
	close(down)
	wg.Wait()
	if late.Load() > 0 {
		t.Errorf("%d of %d requests reached the backend after its third failed check", late.Load(), after.Load())
	}
}
