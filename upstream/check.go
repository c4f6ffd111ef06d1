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

const (
	maxCheckBody   = 64 << 10 // bytes of the body of a response to a check that are read
	maxCheckText   = 4 << 10  // bytes of it in which CheckOptions.Text is looked for
	upstreamChecks = 8        // checks of one cluster at the same time
)

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
	r.Cause = examine(ctx, c, p)
	r.Took = c.o.Now().Sub(r.Began)
	return r, ctx.Err()
}

// examine returns why p fails its check; empty when it does not.
func examine(parent context.Context, c *Cluster, p *endpoint) (cause string) {
	if f := c.o.examine; f != nil {
		return f(parent, p.key.address)
	}
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
	cause = askFor(c, p, dial)
	if cause != "" && ctx.Err() != nil {
		return fmt.Sprintf("no complete response within %v", c.o.Check.Timeout)
	}
	return cause
}

// askFor sends the request of a check on a connection of its own and judges the response.
func askFor(c *Cluster, p *endpoint, dial func(time.Duration) (*conn.Conn, error)) (cause string) {
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
