package gatewaytest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// Origin is a scripted backend on a loopback socket. Its script speaks raw bytes.
type Origin struct {
	Address string // "127.0.0.1:port"
	URL     string // "http://127.0.0.1:port"

	ln   net.Listener
	wg   sync.WaitGroup
	mu   sync.Mutex
	open map[net.Conn]struct{}
	seen int // connections accepted
}

// Peer is one connection of the gateway to an Origin.
type Peer struct {
	net.Conn
	In *bufio.Reader
}

// NewOrigin serves script on each connection until the test ends. The script owns
// the connection; it is closed when the script returns.
func NewOrigin(t testing.TB, script func(p *Peer)) *Origin {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &Origin{Address: ln.Addr().String(), URL: "http://" + ln.Addr().String(), ln: ln, open: map[net.Conn]struct{}{}}
	o.wg.Go(func() { o.accept(script) })
	t.Cleanup(o.Close)
	return o
}

// Always is a script that answers every request with the same bytes, keeping the
// connection open.
func Always(raw string) func(p *Peer) {
	return func(p *Peer) {
		for {
			if _, err := p.Request(); err != nil {
				return
			}
			if _, err := io.WriteString(p, raw); err != nil {
				return
			}
		}
	}
}

// Dead is an address that refuses connections until the test ends: the port is not
// free for another listener, because it is the client's end of a connection.
func Dead(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return Dial(t, ln.Addr().String()).LocalAddr().String()
}

// OK is a complete answer with this body.
func OK(body string) string {
	return "HTTP/1.1 200 OK\r\nContent-Length: " + itoa(len(body)) + "\r\n\r\n" + body
}

func (o *Origin) accept(script func(p *Peer)) {
	for {
		c, err := o.ln.Accept()
		if err != nil {
			return
		}
		o.mu.Lock()
		o.open[c] = struct{}{}
		o.seen++
		o.mu.Unlock()
		o.wg.Go(func() {
			defer func() {
				_ = c.Close()
				o.mu.Lock()
				delete(o.open, c)
				o.mu.Unlock()
			}()
			p := &Peer{Conn: c, In: bufio.NewReader(c)}
			p.Patient()
			script(p)
		})
	}
}

// Connections returns how many connections were accepted so far.
func (o *Origin) Connections() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.seen
}

// Open returns how many connections are open now.
func (o *Origin) Open() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.open)
}

// Close stops the origin and cuts its connections.
func (o *Origin) Close() {
	_ = o.ln.Close()
	o.mu.Lock()
	for c := range o.open {
		_ = c.Close()
	}
	o.mu.Unlock()
	o.wg.Wait()
}

// Patient lets the peer wait for Wait from now on. A connection of the gateway's pool
// may live as long as the test: what is bounded is each request.
func (p *Peer) Patient() { _ = p.SetDeadline(time.Now().Add(Wait)) }

// Head reads the raw head of the next request, with its last empty line.
func (p *Peer) Head() (string, error) {
	p.Patient()
	var head strings.Builder
	for {
		line, err := p.In.ReadString('\n')
		head.WriteString(line)
		if err != nil {
			return head.String(), err
		}
		if line == "\r\n" {
			return head.String(), nil
		}
	}
}

// Request reads the next request with its whole body.
func (p *Peer) Request() (*http.Request, error) {
	p.Patient()
	r, err := http.ReadRequest(p.In)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return r, err
}

// Reset makes closing the connection send a TCP reset.
func (p *Peer) Reset() {
	if tcp, ok := p.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = p.Close()
}
