//go:build unix

package gateway_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"penstock/accesslog"
	"penstock/gateway"
	"penstock/gateway/gatewaytest"
	"penstock/origin/scripted"
)

// taken is what the gateway's access log says of one request.
type taken struct {
	Method   string
	Target   string
	Status   int
	Fault    string
	Source   string `json:"fault_source"`
	Attempts int
	Received int
}

// arrival is one request at the origin, as the strict parser reads it.
type arrival struct {
	*scripted.Message
	err error // why it is not complete
}

// witness is a gateway whose two sides are watched: its log is read through a pipe,
// its backend keeps what arrives.
type witness struct {
	gateway *gatewaytest.Gateway
	log     *bufio.Reader
	origin  *gatewaytest.Origin
	ends    int // marks sent so far
	mu      sync.Mutex
	arrived []arrival
	open    int // connections of the origin
	busy    int // those that are inside of a request
}

func newWitness(t testing.TB) *witness {
	path := filepath.Join(t.TempDir(), "access")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no named pipes here: %v", err)
	}
	pipe, err := os.OpenFile(path, os.O_RDWR, 0) // open for both, so that neither end waits for the other
	if err != nil {
		t.Fatal(err)
	}
	access, err := accesslog.New(accesslog.Options{File: path, Rule: accesslog.Rule{Sample: 1}, Flush: time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := access.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := &witness{log: bufio.NewReader(pipe)}
	w.origin = gatewaytest.NewOrigin(t, w.serve)
	w.gateway = gatewaytest.StartWith(t, gateway.Options{
		Access: access,
		Config: gatewaytest.Parse(t, "upgrades: []\ntrailers: [X-Sum]\nlimits: { body: 64KiB }\n"+oneRoute(w.origin.URL, "    retry: { times: 0 }\n    finish: on")), // send ends its direction
	})
	t.Cleanup(func() {
		w.gateway.Stop()
		_ = access.Shutdown(t.Context())
		_ = pipe.Close()
	})
	return w
}

// serve responds to each complete request with the number of requests that the origin has
// received, and stops at the first byte that is not HTTP.
func (w *witness) serve(p *gatewaytest.Peer) {
	_ = p.SetDeadline(time.Time{}) // pooled connections outlive many inputs
	w.count(1, 0)
	defer w.count(-1, 0)
	in := scripted.NewReader(p.In)
	for {
		if _, err := p.In.Peek(1); err != nil {
			return
		}
		w.count(0, 1)
		m, err := in.Request()
		if m == nil {
			m = &scripted.Message{}
		}
		w.mu.Lock()
		w.arrived = append(w.arrived, arrival{m, err})
		serial := strconv.Itoa(len(w.arrived))
		w.busy--
		w.mu.Unlock()
		if err != nil {
			return
		}
		answer := "HTTP/1.1 200 OK\r\nX-Serial: " + serial + "\r\nContent-Length: " + strconv.Itoa(len("answer "+serial)) + "\r\n\r\n"
		if m.Method != "HEAD" {
			answer += "answer " + serial
		}
		if _, err := io.WriteString(p, answer); err != nil {
			return
		}
	}
}

func (w *witness) count(open, busy int) {
	w.mu.Lock()
	w.open, w.busy = w.open+open, w.busy+busy
	w.mu.Unlock()
}

// quiet returns once the origin has read what a broken request left on its way:
// it has every connection that the gateway ever dialled, and those that the
// gateway closed have ended.
func (w *witness) quiet(t *testing.T) {
	gatewaytest.Eventually(t, "the origin has seen every connection end", func() bool {
		backend := w.gateway.Upstreams()[0].Backends[0]
		dialled := w.gateway.Count(`penstock_backend_connect_duration_seconds_count{upstream="` + w.origin.URL + `",backend="` + w.origin.Address + `"}`)
		if dialled == "none" { // the histogram begins with the first connection
			dialled = "0"
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.busy == 0 && int64(w.open) == int64(backend.Active+backend.Idle) && dialled == strconv.Itoa(w.origin.Connections())
	})
}

// send plays one input: what the client gets back, byte for byte.
func (w *witness) send(t *testing.T, input []byte) string {
	c, err := net.Dial("tcp", w.gateway.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second)) // the gateway must notice the end, not wait for a timeout
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = c.Write(input) // it may be refused before its end
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	var out strings.Builder
	if _, err := io.Copy(&out, c); err != nil {
		t.Errorf("%q: the client's connection broke: %v after %q", input, err, out.String())
	}
	<-done
	return out.String()
}

// settle asks for a mark of its own and returns what the log and the origin tell
// up to it. Everything of the input is logged before: its connection is closed.
func (w *witness) settle(t *testing.T) (log []taken, arrived []arrival) {
	broken := false
	w.ends++
	mark := fmt.Sprintf("/mark-%d", w.ends)
	got := w.send(t, []byte("GET "+mark+" HTTP/1.1\r\nHost: mark\r\nConnection: close\r\n\r\n"))
	for {
		line, err := w.log.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		var one taken
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if one.Target == mark {
			break
		}
		log = append(log, one)
		broken = broken || one.Attempts > 0 && one.Fault != ""
	}
	if broken {
		w.quiet(t)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	arrived, w.arrived = w.arrived, nil
	last := slices.IndexFunc(arrived, func(a arrival) bool { return a.Target == mark })
	if last < 0 || arrived[last].Target != mark || !strings.HasSuffix(got, "answer "+strconv.Itoa(last+1)) {
		t.Fatalf("the request behind the input: origin saw %v, the client got %q", arrived, got)
	}
	return log, slices.Delete(arrived, last, last+1)
}

// FuzzDesync sends anything through a gateway and holds four views against each
// other, each read by a parser that is not the gateway's: what the client sent,
// what the log says, what the origin saw, and what the client got back.
func FuzzDesync(f *testing.F) {
	for _, seed := range desyncSeeds() {
		f.Add([]byte(seed))
	}
	w := newWitness(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 48<<10 {
			return
		}
		got := w.send(t, input)
		log, arrived := w.settle(t)
		if err := errors.Join(sameAtOrigin(input, log, arrived), sameAtClient(got, log)); err != nil {
			t.Errorf("%q\n%v\nlog %+v\nanswers %q", input, err, log, got)
		}
	})
}

// sameAtOrigin compares the origin's view with the log and with the input.
func sameAtOrigin(input []byte, log []taken, arrived []arrival) error {
	sent := scripted.NewReader(strings.NewReader(string(input)))
	for i, line := range log {
		want, wantErr := sent.Request()
		if line.Attempts == 0 {
			if i != len(log)-1 && line.Source == "client" {
				return fmt.Errorf("request %d was refused, and another was read behind it", i)
			}
			continue
		}
		if len(arrived) == 0 {
			return fmt.Errorf("request %d was forwarded, the origin did not see it", i)
		}
		got := arrived[0]
		arrived = arrived[1:]
		switch {
		case want == nil:
			return fmt.Errorf("request %d was forwarded, the client's bytes are none: %w", i, wantErr)
		case got.Method != want.Method || got.Method != line.Method:
			return fmt.Errorf("request %d: origin saw method %q, client sent %q, log %q", i, got.Method, want.Method, line.Method)
		case got.Complete != (line.Fault == "") || got.Complete && !want.Complete:
			return fmt.Errorf("request %d: complete %t (%v) at the origin, %t (%v) as sent, fault %q", i, got.Complete, got.err, want.Complete, wantErr, line.Fault)
		case got.err != nil && got.err != scripted.ErrCut:
			return fmt.Errorf("request %d: the origin cannot read it: %w", i, got.err)
		case !strings.HasPrefix(want.Body, got.Body) || got.Complete && (got.Body != want.Body || len(got.Body) != line.Received):
			return fmt.Errorf("request %d: body %q at the origin, %q as sent, %d bytes in the log", i, got.Body, want.Body, line.Received)
		case !got.Complete && i != len(log)-1:
			return fmt.Errorf("request %d was cut, and another was read behind it", i)
		}
	}
	if len(arrived) > 0 {
		return fmt.Errorf("the origin saw %d requests that the log does not know: %v", len(arrived), arrived[0].Message)
	}
	return nil
}

// sameAtClient checks that every request that was taken got one response, in order.
func sameAtClient(got string, log []taken) error {
	answers, last := scripted.NewReader(strings.NewReader(got)), 0
	for i, line := range log {
		m, err := answers.Final(line.Method)
		if err != nil {
			return fmt.Errorf("answer %d of %d: %w", i, len(log), err)
		}
		if m.Status != line.Status {
			return fmt.Errorf("answer %d has status %d, the log says %d", i, m.Status, line.Status)
		}
		if line.Attempts == 0 || line.Fault != "" {
			continue
		}
		serial, _ := strconv.Atoi(m.Field("X-Serial"))
		if serial <= last || line.Method != "HEAD" && m.Body != "answer "+strconv.Itoa(serial) {
			return fmt.Errorf("answer %d is number %d behind number %d, body %q", i, serial, last, m.Body)
		}
		last = serial
	}
	if m, err := answers.Final("GET"); err != io.EOF {
		return fmt.Errorf("one answer too many: %+v, %v", m, err)
	}
	return nil
}
