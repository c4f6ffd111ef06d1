package compare

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const wrkOutput = `Running 1s test @ http://127.0.0.1:10000/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.10ms    1.10ms  12.00ms   80.00%
    Req/Sec    30.00k     1.00k   31.00k    60.00%
  30000 requests in 1.50s, 36.00MB read
  Socket errors: connect 1, read 2, write 3, timeout 4
  Non-2xx or 3xx responses: 600
Requests/sec:  20000.00
Transfer/sec:     24.00MB
{"requests":30000,"duration_us":1500000,"bytes":37748736,"connect":1,"read":2,"write":3,"timeout":4,"status":600,"p50_us":1900.0,"p99_us":6500.0,"p999_us":9000.0,"max_us":12000.0}
`

func TestWrkIsRead(t *testing.T) {
	r, err := parseWrk([]byte(wrkOutput))
	if err != nil {
		t.Fatal(err)
	}
	f := r.figures(0)
	if f.RPS != 29400/1.5 || f.Requests != 29400 {
		t.Errorf("got %v requests, %v a second; refused ones do not count as done", f.Requests, f.RPS)
	}
	if f.P50 != 1.9 || f.P99 != 6.5 || f.P999 != 9 || f.Errors != 610 {
		t.Errorf("got %+v", f)
	}
}

func TestHalfOfALargeAnswerIsAHalf(t *testing.T) {
	r := wrkResult{Requests: 3, Duration: 2e6, Bytes: 35 << 20}
	if f := r.figures(10 << 20); f.Requests != 3.5 || f.RPS != 1.75 {
		t.Errorf("got %+v", f)
	}
}

func TestWrkWithoutResultIsAnError(t *testing.T) {
	for _, output := range []string{
		"", "unable to connect to 127.0.0.1:1 Connection refused\n",
		`{"requests":1,"duration_us":` + "\n", `{"requests":1,"duration_us":0}` + "\n",
	} {
		if r, err := parseWrk([]byte(output)); err == nil || !strings.HasPrefix(err.Error(), "wrk: ") {
			t.Errorf("%q: got %+v, %v", output, r, err)
		}
	}
}

// asked counts the requests of each kind that a server has had.
type asked struct {
	mu      sync.Mutex
	paths   map[string]int
	posts   int
	remotes map[string]bool
	holds   func(*asked) bool // what enough waits for; nil is nothing
	enough  chan struct{}
}

func newAsked(holds func(*asked) bool) *asked {
	return &asked{paths: map[string]int{}, remotes: map[string]bool{}, holds: holds, enough: make(chan struct{})}
}

func (a *asked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.remotes[r.RemoteAddr] = true
	if a.paths[r.URL.RequestURI()]++; r.Method == http.MethodPost {
		a.posts++
	}
	if a.holds != nil && a.holds(a) {
		close(a.enough)
		a.holds = nil
	}
	_, _ = w.Write([]byte("good"))
}

// TestScriptSendsWhatItIsTold: each run ends as soon as enough of what it has to send
// was seen, however long that takes on a busy machine, and is judged then.
func TestScriptSendsWhatItIsTold(t *testing.T) {
	binary, err := exec.LookPath("wrk")
	if err != nil {
		t.Skip(err)
	}
	always := func(*asked) bool { return true }
	for name, tc := range map[string]struct {
		load   load
		enough func(*asked) bool // comes true with time
		good   func(*asked) bool // is true at any time after it
	}{
		"the same again and again": {load{connections: 2, kind: "one", path: "/small"}, func(a *asked) bool {
			return a.paths["/small?x=1"] > 2 && len(a.remotes) == 2
		}, func(a *asked) bool { return len(a.paths) == 1 && a.posts == 0 && len(a.remotes) == 2 }},
		"a new connection each time": {load{connections: 2, kind: "one", path: "/small", close: true}, func(a *asked) bool {
			return len(a.remotes) > 2
		}, always},
		"uploads": {load{connections: 2, kind: "one", path: "/upload", body: 100}, func(a *asked) bool {
			return a.posts > 2
		}, func(a *asked) bool { return a.posts == a.paths["/upload?x=1"] && len(a.paths) == 1 }},
		"each in turn": {load{connections: 1, kind: "cycle", path: "/r", count: 3}, func(a *asked) bool {
			return a.paths["/r0/x?x=1"] > 1
		}, func(a *asked) bool {
			n := slices.Sorted(maps.Values(a.paths))
			return len(n) == 3 && n[2]-n[0] <= 1
		}},
		"at random": {load{connections: 1, kind: "random", path: "/c/", count: 3}, func(a *asked) bool {
			return a.paths["/c/0?x=1"] > 1 && a.paths["/c/1?x=1"] > 1 && a.paths["/c/2?x=1"] > 1
		}, func(a *asked) bool { return len(a.paths) == 3 }},
		"mixed": {load{connections: 1, kind: "mixed", path: "/c/", count: 2}, func(a *asked) bool {
			return a.paths["/c/0?x=1"] > a.posts && a.posts > 0 && a.paths["/c/new-7-2?x=1"] > 0
		}, func(a *asked) bool { return a.paths["/c/new-7-1?x=1"] == 1 && a.posts == a.paths["/upload?x=1"] }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAsked(tc.enough)
			server := httptest.NewServer(a)
			defer server.Close()
			w, err := newWrk(binary, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			r, err := w.run(t.Context(), order{server.Listener.Addr().String(), tc.load, tc.load.words("?x=1", 7), time.Minute, a.enough})
			if err != nil || r.completed(0) == 0 || r.figures(0).Errors > 0 {
				t.Fatalf("%+v, %v", r, err)
			}
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.holds != nil || !tc.good(a) {
				t.Errorf("after %v us: %d paths, %d posts, %d connections; e.g. %.300s", r.Duration, len(a.paths), a.posts, len(a.remotes), fmt.Sprint(a.paths))
			}
		})
	}
}

func TestWrkThatEndsByItselfIsNotInterrupted(t *testing.T) {
	w := &wrk{binary: "/bin/sleep"} // it does not understand and ends at once, badly
	if _, err := w.run(t.Context(), order{address: "127.0.0.1:1", long: time.Second}); err == nil {
		t.Error("no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.run(ctx, order{address: "127.0.0.1:1", long: time.Second}); err == nil {
		t.Error("no error of a run that was called off")
	}
}

func TestIdleConnectionsHaveHadOneAnswer(t *testing.T) {
	a := newAsked(nil)
	server := httptest.NewServer(a)
	defer server.Close()
	k := &kit{origin: new(origin)}
	s := scenario{idle: 5}
	held, failed := k.hold(t.Context(), s, &target{address: server.Listener.Addr().String()}, 5)
	if len(held) != 5 || failed != 0 || len(a.remotes) != 5 || a.paths[small] != 5 {
		t.Errorf("%d held, %d failed, %d seen", len(held), failed, len(a.remotes))
	}
	for _, c := range held {
		if ended(c) {
			t.Error("one has ended")
		}
	}
	server.CloseClientConnections()
	for _, c := range held {
		_ = c.SetReadDeadline(time.Time{})
		_, _ = c.Read(make([]byte, 1)) // the end has come
		if !ended(c) {
			t.Error("one that was closed seems open")
		}
		_ = c.Close()
	}
}

func TestRefusedConnectionIsAFailure(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	dead := c.LocalAddr().String() // nobody can listen there while it is an end of a connection
	k := &kit{origin: new(origin)}
	if held, failed := k.hold(t.Context(), scenario{}, &target{address: dead}, 3); len(held) != 0 || failed != 3 {
		t.Errorf("%d held, %d failed", len(held), failed)
	}
}
