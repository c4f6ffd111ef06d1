package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// tally counts what became of the exchanges of a soak.
type tally struct {
	whole, bytes           atomic.Int64
	clientCuts, originCuts atomic.Int64
	unexpected             atomic.Int64 // error responses of the gateway itself that neither side caused

	mu         sync.Mutex
	violations []string
	count      int
}

// violation notes what must never happen; the first ones are kept in words.
func (t *tally) violation(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count++; len(t.violations) < 20 {
		t.violations = append(t.violations, text)
	}
}

// plan is one exchange: its bodies, and the side that breaks it off.
type plan struct {
	number       uint64
	upload, size int64
	chunkedUp    bool
	chunkedDown  bool
	originCut    string // as the origin's query has it; "" for none
	clientSends  int64  // body bytes after which the client is gone; -1 for all
	clientReads  int64  // bytes of the response after which the client closes; -1 for all
}

// newPlan draws an exchange: mostly small, some large; one in ten is broken off by
// the client, one in ten by the origin.
func newPlan(r *rand.Rand, number uint64) plan {
	sizes := []int64{0, 1, 200, 200, 200, 4096, 20_000, 70_000, 300_000}
	p := plan{
		number: number, size: sizes[r.IntN(len(sizes))], clientSends: -1, clientReads: -1,
		chunkedUp: r.IntN(2) == 0, chunkedDown: r.IntN(2) == 0,
	}
	if r.IntN(3) == 0 {
		p.upload = 1 + sizes[r.IntN(len(sizes))]
	}
	switch n := r.IntN(40); {
	case n < 2 && p.upload > 0:
		p.clientSends = r.Int64N(p.upload)
	case n < 4:
		p.clientReads = r.Int64N(p.size + 400)
	case n < 5:
		p.originCut = "head"
	case n < 8 && p.size > 0:
		p.originCut = strconv.FormatInt(r.Int64N(p.size), 10)
	}
	return p
}

// soakClient runs one exchange after the other over connections that it keeps.
type soakClient struct {
	address string
	tally   *tally
	conn    net.Conn
	in      *bufio.Reader
}

// run does exchanges until ctx ends. id makes its numbers its own.
func (c *soakClient) run(ctx context.Context, id uint64) {
	r := rand.New(rand.NewPCG(id, id))
	for n := uint64(0); ctx.Err() == nil; n++ {
		keep, err := c.exchange(newPlan(r, id<<40|n))
		if err != nil {
			c.tally.violation(fmt.Sprintf("exchange %d of client %d: %v", n, id, err))
		}
		if !keep || err != nil {
			c.close(r.IntN(2) == 0)
		}
	}
	c.close(false)
}

// close hangs up, in order or with a reset.
func (c *soakClient) close(reset bool) {
	if tcp, ok := c.conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// exchange does p and reports whether the connection may be used again.
func (c *soakClient) exchange(p plan) (keep bool, err error) {
	if c.conn == nil {
		if c.conn, err = net.Dial("tcp", c.address); err != nil {
			return false, err
		}
		c.in = bufio.NewReader(c.conn)
	}
	_ = c.conn.SetDeadline(time.Now().Add(time.Minute))
	sent := make(chan error, 1)
	go func(conn net.Conn) { sent <- p.send(conn) }(c.conn) // the response may come before the request is written
	if p.clientSends >= 0 {
		<-sent
		c.close(p.number%2 == 0)
		c.tally.clientCuts.Add(1)
		return false, nil
	}
	if p.clientReads >= 0 {
		if r, err := http.ReadResponse(bufio.NewReader(io.LimitReader(c.conn, p.clientReads)), nil); err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		c.close(true)
		<-sent
		c.tally.clientCuts.Add(1)
		return false, nil
	}
	keep, err = c.receive(p)
	if err != nil || !keep {
		_ = c.conn.Close() // ends a send that nobody takes
		<-sent
		return false, err
	}
	return <-sent == nil, nil
}

// send writes the request, as far as the client is to come.
func (p plan) send(to io.Writer) error {
	out := bufio.NewWriterSize(to, 16<<10)
	_, sum, _ := checksum(&content{number: p.number, size: p.upload})
	chunked, method := "", "GET"
	if p.chunkedDown {
		chunked = "&chunked=1"
	}
	if p.upload > 0 {
		method = "POST"
	}
	fmt.Fprintf(out, "%s /%d?size=%d&cut=%s%s HTTP/1.1\r\nHost: soak\r\n%s: %d\r\n%s: %s\r\n",
		method, p.number, p.size, p.originCut, chunked, numberField, p.number, checksumField, sum)
	length := p.upload
	if p.clientSends >= 0 {
		length = p.clientSends
	}
	body := io.LimitReader(&content{number: p.number, size: p.upload}, length)
	switch {
	case p.upload == 0:
		fmt.Fprint(out, "\r\n")
	case !p.chunkedUp:
		fmt.Fprintf(out, "Content-Length: %d\r\n\r\n", p.upload)
		_, _ = io.Copy(out, body)
	default:
		fmt.Fprint(out, "Transfer-Encoding: chunked\r\n\r\n")
		piece := make([]byte, 9000)
		for n, err := io.ReadFull(body, piece); n > 0; n, err = io.ReadFull(body, piece) {
			fmt.Fprintf(out, "%x\r\n%s\r\n", n, piece[:n])
			if err != nil {
				break
			}
		}
		if p.clientSends < 0 {
			fmt.Fprint(out, "0\r\n\r\n")
		}
	}
	return out.Flush() // bufio keeps the first error
}

// receive reads the response and checks all parts of it.
func (c *soakClient) receive(p plan) (keep bool, err error) {
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return false, fmt.Errorf("no response to %+v: %w", p, err)
	}
	n, sum, err := checksum(r.Body)
	_ = r.Body.Close()
	if p.originCut != "" {
		if r.StatusCode == http.StatusOK && err == nil {
			return false, fmt.Errorf("a response that was cut looks complete: %+v", p)
		}
		c.tally.originCuts.Add(1)
		return err == nil && !r.Close, nil
	}
	if r.StatusCode >= 500 {
		c.tally.unexpected.Add(1)
		return err == nil && !r.Close, nil
	}
	_, want, _ := checksum(&content{number: p.number, size: p.size})
	if err != nil || r.StatusCode != http.StatusOK || sum != want || r.Header.Get(checksumField) != want ||
		r.Header.Get(numberField) != strconv.FormatUint(p.number, 10) {
		return false, fmt.Errorf("%+v: status %d, %d bytes with checksum %s, want %s; %v, %v", p, r.StatusCode, n, sum, want, r.Header, err)
	}
	c.tally.whole.Add(1)
	c.tally.bytes.Add(n + p.upload)
	return !r.Close, nil
}
