package scripted

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Peer is one connection to an Origin, as its script sees it. An Origin makes it and closes it when
// the script returns; it belongs to the goroutine of the script.
type Peer struct {
	net.Conn
	In     *bufio.Reader   // reads from Conn
	Number int             // of the connections of this Origin, from 0
	Over   <-chan struct{} // closed when the Origin is being closed

	patience time.Duration
}

func newPeer(c net.Conn, o *Origin) *Peer {
	return &Peer{Conn: c, In: bufio.NewReader(c), Over: o.over, patience: o.o.Patience}
}

// Patient sets the deadline of all reads and writes to Options.Patience from now; without Patience it
// does nothing. Head and Request call it. A connection of a pool may live as long as the test: what is bounded is each request.
func (p *Peer) Patient() {
	if p.patience > 0 {
		_ = p.SetDeadline(time.Now().Add(p.patience))
	}
}

// Head reads the raw head of the next request, with its last empty line. With an error
// it returns what there was of it.
func (p *Peer) Head() (string, error) {
	p.Patient()
	var head strings.Builder
	for {
		line, err := p.In.ReadString('\n')
		head.WriteString(line)
		if err != nil || line == "\r\n" {
			return head.String(), err
		}
	}
}

// Request reads the next request with its whole body, which the caller may read again. It returns
// nil and an error when the head fails, io.EOF at the end of the connection; when the body fails, the
// request with what came of it and the error. It is as lenient as net/http; a Reader is strict.
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

// Say writes text. It reports whether all of it was written: false once the connection is closed or
// its deadline has passed. True does not mean that the other side has read it.
func (p *Peer) Say(text string) bool {
	_, err := io.WriteString(p.Conn, text)
	return err == nil
}

// Reset closes the connection with a TCP reset; one that is not TCP is only closed.
func (p *Peer) Reset() {
	if tcp, ok := p.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = p.Close()
}

// Always returns a script that sends the same bytes to every request and keeps the
// connection open. It returns when a request cannot be read or the bytes cannot be sent.
func Always(response string) func(*Peer) {
	return func(p *Peer) {
		for {
			if _, err := p.Request(); err != nil || !p.Say(response) {
				return
			}
		}
	}
}

// InTurn returns a script that serves the n-th connection with the n-th of its parts, and later ones
// with the last. Without parts it closes each connection at once.
func InTurn(parts ...func(*Peer)) func(*Peer) {
	if len(parts) == 0 {
		return func(*Peer) {}
	}
	return func(p *Peer) { parts[min(p.Number, len(parts)-1)](p) }
}

// OK returns the text of a complete 200 response with this body and its length.
func OK(body string) string {
	return "HTTP/1.1 200 OK\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}
