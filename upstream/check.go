package upstream

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/health"
	"penstock/lb"
)

// CheckKind is how the backends of an upstream are checked.
type CheckKind uint8

// The kinds of checks.
const (
	NoCheck   CheckKind = iota // not at all
	CheckHTTP                  // by a request over HTTP/1.1
	CheckTCP                   // by a connection, TLS handshake included
)

const (
	maxCheckBody   = 64 << 10 // bytes of the body of a response to a check that are read
	maxCheckText   = 4 << 10  // bytes of it in which CheckOptions.Text is looked for
	processChecks  = 64       // checks at the same time of all clusters that share a CheckSlots
	upstreamChecks = 8        // checks of one cluster at the same time
)

// CheckOptions says how backends are checked. The zero value checks none. NewPlan checks
// nothing in it but that the durations and counts are 1 or more; Method, Path and Fields must be
// valid as they go on the wire.
type CheckOptions struct {
	Kind    CheckKind
	Port    uint16          // to connect to; 0: that of the backend. Without meaning for a Unix socket
	Every   time.Duration   // pause between two checks, give or take 20 %
	Timeout time.Duration   // for all of one check
	Fast    time.Duration   // the pause while a verdict changes, at most Every
	Up      int             // checks in a row that must succeed before a backend that is down is up
	Down    int             // checks in a row that must fail before a backend is down
	Start   lb.Health       // verdict on a new backend before its first check
	Method  string          // CheckHTTP: GET, HEAD or OPTIONS
	Path    string          // CheckHTTP: the request target
	Host    string          // CheckHTTP: value of Host; empty: the backend's own name
	Fields  string          // CheckHTTP: further field lines, each with CRLF
	Text    string          // CheckHTTP: must be in the first 4 KiB of the body; empty: anything
	Expect  health.Statuses // CheckHTTP: what is a success
}

func (o *CheckOptions) check() error {
	if o.Kind != NoCheck && (o.Every <= 0 || o.Timeout <= 0 || o.Fast <= 0 || o.Up < 1 || o.Down < 1) {
		return errors.New("health: a duration or a count is missing")
	}
	return nil
}

// rule returns how results are counted; nil without checks.
func (o *CheckOptions) rule() *health.Rule {
	if o.Kind == NoCheck {
		return nil
	}
	return &health.Rule{
		Target: fmt.Sprintf("%d %d %s %q %q %q %q %v", o.Kind, o.Port, o.Method, o.Path, o.Host, o.Fields, o.Text, o.Expect),
		Every:  o.Every, Fast: o.Fast, Up: o.Up, Down: o.Down, Start: o.Start, Replies: o.Kind == CheckHTTP,
	}
}

// CheckSlots bounds the checks that clusters make at the same time, to 64 together. It is made by
// NewCheckSlots.
type CheckSlots struct{ used chan struct{} }

// NewCheckSlots returns the bound for the clusters of a process.
func NewCheckSlots() *CheckSlots { return &CheckSlots{make(chan struct{}, processChecks)} }

// check checks p once and returns the result, which is not counted yet. It fails when ctx ends.
func (c *Cluster) check(ctx context.Context, p *endpoint) (r health.Result, err error) {
	select {
	case c.o.CheckSlots.used <- struct{}{}:
		defer func() { <-c.o.CheckSlots.used }()
	case <-ctx.Done():
		return r, ctx.Err()
	}
	defer func() {
		if bug := recover(); bug != nil { // a bug in here must not end the process
			c.o.Log.Error("health check panicked", "upstream", c.o.Name, "panic", bug)
			err = errors.New("the check has panicked")
		}
	}()
	r.Began = c.o.Now()
	r.Cause = c.o.examine(ctx, c, p)
	r.Took = c.o.Now().Sub(r.Began)
	return r, ctx.Err()
}

// examine returns why p fails its check; empty when it does not.
func examine(parent context.Context, c *Cluster, p *endpoint) (cause string) {
	ctx, cancel := context.WithTimeout(parent, c.o.Check.Timeout)
	defer cancel()
	d := *p.dialer
	if port := c.o.Check.Port; port != 0 && d.network == "tcp" {
		host, _, err := net.SplitHostPort(d.address)
		if err != nil {
			return err.Error()
		}
		d.address = net.JoinHostPort(host, strconv.Itoa(int(port)))
	}
	dial := func(limit time.Duration) (*conn.Conn, error) {
		opened, err := d.dial(limit)
		if err == nil {
			context.AfterFunc(ctx, opened.Abort) // at the latest when the check has ended
		}
		return opened, err
	}
	if c.o.Check.Kind == CheckTCP {
		opened, err := dial(c.o.Check.Timeout)
		if err != nil {
			return cmp.Or(exchange.CauseOf(err), err.Error())
		}
		_ = opened.Close() // it has served its purpose
		return ""
	}
	cause = c.request(p, dial)
	if cause != "" && ctx.Err() != nil {
		return fmt.Sprintf("no complete response within %v", c.o.Check.Timeout)
	}
	return cause
}

// request sends the request of a check on a connection of its own and judges the response.
func (c *Cluster) request(p *endpoint, dial func(time.Duration) (*conn.Conn, error)) (cause string) {
	o := &c.o.Check
	client := newClient(clientOptions{
		Backend: lb.NewBackend(p.key.address, 0), // not the real one: checks are no attempts
		Dial:    dial,
		Pool:    PoolOptions{Max: 1, Idle: -1, Queue: -1, MaxAge: time.Second, IdleTimeout: time.Second},
		Now:     c.o.Now,
	})
	defer client.Close()
	host := o.Host
	if host == "" {
		host = hostField(p.key.entry.scheme, p.key.entry.address)
		if p.dialer.network == "unix" {
			host = "localhost"
		}
	}
	var resp Response
	defer resp.Discard()
	if f := client.RoundTrip(&Request{
		Method: []byte(o.Method), Target: []byte(o.Path), Host: []byte(host), Fields: []byte(o.Fields),
		Times: Times{Connect: o.Timeout, FirstByte: 2 * o.Timeout, BodyIdle: 2 * o.Timeout}, // dial has set the limit for all
		Fresh: true,
	}, &resp, &exchange.Attempt{Start: c.o.Now()}); f != nil {
		return causeOfFault(f)
	}
	if !o.Expect.Has(resp.Status) {
		return fmt.Sprintf("status %d", resp.Status)
	}
	text, f := resp.readCheck()
	switch {
	case f != nil:
		return causeOfFault(f)
	case o.Text != "" && !bytes.Contains(text, []byte(o.Text)):
		return "the text is not in the first 4 KiB of the body"
	}
	return ""
}

// readCheck reads the body to its end, or to 64 KiB, and returns its first 4 KiB.
func (r *Response) readCheck() (text []byte, f *exchange.Fault) {
	if r.Body == nil {
		return r.Buffered[:min(len(r.Buffered), maxCheckText)], nil
	}
	buf := make([]byte, maxCheckBody)
	n, err := io.ReadFull(r.Body, buf)
	if fault, failed := errors.AsType[*exchange.Fault](err); failed {
		return nil, fault
	}
	return buf[:min(n, maxCheckText)], nil
}

func causeOfFault(f *exchange.Fault) string { return cmp.Or(f.Cause(), f.Name()) }
