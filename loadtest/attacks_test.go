package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"penstock/origin/scripted"
)

func TestBoundsOfAnAttack(t *testing.T) {
	for name, tc := range map[string]struct {
		beside, control bout
		want            string // begins the only sentence; empty for none
	}{
		"within":              {bout{Share: 0.99, P99: 4}, bout{Share: 1, P99: 2}, ""},
		"requests failed":     {bout{Share: 0.989, P99: 4, Failures: map[string]int64{"status 503": 9}}, bout{Share: 1, P99: 2}, "98.90 % of the ordinary requests succeeded, want 99 %: status 503: 9"},
		"slower":              {bout{Share: 1, P99: 4.1}, bout{Share: 1, P99: 2}, "p99 is 2.05 times"},
		"nothing succeeded":   {bout{Share: 1}, bout{Share: 1}, "p99 is NaN times"},
		"the control failed":  {bout{Share: 1, P99: 2}, bout{Share: 0.5, P99: 2}, "the control run is no measure"},
		"the backend is held": {bout{Share: 1, P99: 2, Free: -1}, bout{Share: 1, P99: 2}, "the backend was not free"},
	} {
		t.Run(name, func(t *testing.T) {
			r := attackResult{Beside: tc.beside, Control: &tc.control}
			r.judge()
			switch {
			case tc.want == "" && len(r.Missed) > 0:
				t.Errorf("got %q, want none", r.Missed)
			case tc.want != "" && (len(r.Missed) != 1 || !strings.HasPrefix(r.Missed[0], tc.want)):
				t.Errorf("got %q, want one that begins with %q", r.Missed, tc.want)
			}
		})
	}
}

func TestNamesOfAttacks(t *testing.T) {
	s := new(siege)
	if err := s.choose("a, g,posts"); err != nil || len(s.attacks) != 2 || s.attacks[1].name != "g" || len(s.trials) != 1 {
		t.Errorf("got %d attacks and %d trials, %v", len(s.attacks), len(s.trials), err)
	}
	if err := s.choose("a,h"); err == nil {
		t.Error("an attack that is not known was accepted")
	}
}

func TestMemorySize(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "512MiB": 512 << 20, "1GiB": 1 << 30, "512": -1, "-1MiB": -1, "xMiB": -1} {
		got, err := memorySize(text)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

// Each attack sends what its name says, and ends when the connection does.
func TestWhatAttacksSend(t *testing.T) {
	head := attackHost[len(" HTTP/1.1\r\n"):]
	for name, want := range map[string]string{
		"a": "POST /upload/slow HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
		"b": "POST /upload/slow HTTP/1.1\r\n" + head + "Content-Length: 1073741824\r\n\r\n" + strings.Repeat("x", 64<<10),
		"c": "POST /upload/slow HTTP/1.1\r\n" + head + "Content-Length: 65536\r\n\r\n" + strings.Repeat("x", 65535),
		"d": "GET /?size=100000000 HTTP/1.1\r\n" + head + "\r\n",
		"e": "GET /?size=100000000 HTTP/1.1\r\n" + head + "\r\n",
		"f": "GET /ws HTTP/1.1\r\n" + head + "Upgrade: websocket\r\n",
		"g": "GET /?delay=10s HTTP/1.1\r\n" + head + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 1)
			server, err := scripted.Start(scripted.Options{Script: func(p *scripted.Peer) {
				text := make([]byte, len(want))
				n, _ := io.ReadFull(p.In, text)
				got <- string(text[:n])
			}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
			a, _ := attackNamed(name)
			c, err := net.Dial("tcp", server.Address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err = a.do(ctx, &target{Conn: c, note: func(string) {}})
			if text := <-got; text != want {
				t.Errorf("got %d bytes that begin with %.200q, want %d that begin with %.200q", len(text), text, len(want), want)
			}
			if complete := name == "g"; ctx.Err() != nil || (err == nil) != complete {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Attackers open a connection again that was refused, and report what they observed.
func TestAttackersComeAgain(t *testing.T) {
	if !allLoopback() {
		t.Skip("this system has 127.0.0.1 alone")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	for _, name := range []string{"d", "e", "f"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var refused int
		a := &attackers{address: server.Listener.Addr().String(), again: time.Millisecond, statuses: map[string]int64{}}
		a.attack, _ = attackNamed(name)
		do := a.attack.do
		a.attack.do = func(ctx context.Context, t *target) error {
			err := do(ctx, t)
			if refused++; refused == 3 {
				cancel()
			}
			return err
		}
		a.keep(ctx, 49, 0)
		if r := a.report(); r.Statuses["503"] != 3 || r.Opened != 3 || r.Most != 1 || r.Open != 0 || r.Failed != 0 {
			t.Errorf("%s: got %+v", name, r)
		}
	}
}

// allLoopback reports whether all of 127.0.0.0/8 may be used.
func allLoopback() bool {
	ln, err := net.Listen("tcp", "127.2.0.1:0")
	if err == nil {
		_ = ln.Close()
	}
	return err == nil
}

// Ordinary clients count what is due, also while responses are missing or wrong.
func TestOrdinaryClients(t *testing.T) {
	if !allLoopback() {
		t.Skip("this system has 127.0.0.1 alone")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch host, _, _ := net.SplitHostPort(r.RemoteAddr); {
		case host == "127.1.0.1":
			w.WriteHeader(http.StatusServiceUnavailable)
		case host == "127.1.0.2":
			_, _ = io.WriteString(w, "short")
		case host == "127.1.0.3":
			_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice that the client leaves
			<-r.Context().Done()
		default:
			_, _ = w.Write(make([]byte, ordinarySize))
		}
	}))
	t.Cleanup(server.Close)
	o := &ordinary{address: server.Listener.Addr().String(), clients: 4, rate: 10, timeout: 2 * time.Second}
	o.run(t.Context(), 200*time.Millisecond, 300*time.Millisecond)
	// Of the three requests of each client that count, one is an upload, whose response has no expected length.
	want := map[string]int64{"status 503": 3, "connection": 2, "timeout": 3}
	if fmt.Sprint(o.failures) != fmt.Sprint(want) || o.requests != 12 || o.latency.Count() != 4 {
		t.Errorf("got %v of %d requests, %d good, a share of %v; want %v of 12, 4 good", o.failures, o.requests, o.latency.Count(), o.share(), want)
	}
}

// The counters of both versions of control groups are read.
func TestControlGroupCounters(t *testing.T) {
	for version, files := range map[int]map[string]string{
		1: {"memory.max_usage_in_bytes": "3145728\n", "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"},
		2: {"memory.peak": "3145728\n", "memory.events": "low 0\noom 3\noom_kill 2\n"},
	} {
		g := &group{t.TempDir(), version}
		for name, text := range files {
			if err := os.WriteFile(g.dir+"/"+name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if u := g.use(512 << 20); u.Most != 3 || u.Kills != 2 || u.Limit != 512 {
			t.Errorf("version %d: got %+v", version, u)
		}
	}
}
