package gateway

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"penstock/config"
	"penstock/conn"
	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
)

// clientBody is the request body as it comes from the client: counted, bounded, timed by
// progress and by its rate, and never complete when it was cut short. Its errors are io.EOF,
// only once the body has verifiably ended, an *exchange.Fault, or errNotYet.
//
// One goroutine reads it at a time; Abort may be called from another.
type clientBody struct {
	stream  downstream.Stream
	limit   int64 // bytes allowed; negative for any number
	read    int64
	times   *config.RouteTimeouts
	pass    [][]byte // trailer fields that may go on
	err     error    // the first error; every later read returns it
	aborted atomic.Bool

	now   func() time.Time
	began time.Time     // when reading began
	waits time.Duration // for the client so far; time in which nobody reads is not its fault
	until time.Time     // until when Read waits before it returns errNotYet; zero for as long as the client may take
}

// errNotYet says that no byte came until clientBody.until; the body goes on.
var errNotYet = errors.New("nothing more of the request body has come yet")

// open prepares to read the body of a request of route r.
func (b *clientBody) open(s downstream.Stream, limit int64, r *route) {
	b.stream, b.limit, b.times, b.pass = s, limit, &r.times, r.passed
}

// start says when reading begins.
func (b *clientBody) start(began time.Time, now func() time.Time) { b.began, b.now = began, now }

func (b *clientBody) reset() {
	b.stream, b.limit, b.read, b.times, b.err, b.pass = nil, 0, 0, nil, nil, nil
	b.now, b.began, b.until, b.waits = nil, time.Time{}, time.Time{}, 0
	b.aborted.Store(false)
}

// Read implements io.Reader. A byte within body_idle keeps a slow upload alive, as long as the
// whole is not slower than body_min_rate.
func (b *clientBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	wait, since, late := b.patience()
	b.stream.TimeBody(wait)
	if b.aborted.Load() { // after the deadline, so that Abort's own deadline stays
		b.err = exchange.Refuse(exchange.ClientGone)
		return 0, b.err
	}
	n, err := b.stream.ReadBody(p)
	b.read += int64(n)
	if !since.IsZero() {
		b.waits += b.now().Sub(since)
	}
	if err != nil {
		if b.err = b.verdict(err, late); b.err == errNotYet {
			b.err = nil
			return n, errNotYet
		}
	}
	if b.limit >= 0 && b.read > b.limit {
		b.err = exchange.Refuse(exchange.BodyTooLarge)
		return 0, b.err
	}
	if n > 0 {
		return n, nil // the next call returns an error that came along
	}
	return 0, b.err
}

// patience returns how long the next byte is waited for, zero for any time, the present, unless
// that does not matter, and what it means when the byte does not come.
func (b *clientBody) patience() (wait time.Duration, now time.Time, late error) {
	wait, late = b.times.BodyIdle, exchange.Refuse(exchange.BodyStalled)
	if b.times.BodyRate == 0 && b.times.Body == 0 && b.until.IsZero() {
		return wait, now, late
	}
	now = b.now()
	shorten := func(end time.Time, why error) {
		if left := max(end.Sub(now), 1); wait == 0 || left < wait {
			wait, late = left, why
		}
	}
	if rate, idle := b.times.BodyRate, b.times.BodyIdle; rate > 0 && idle > 0 {
		due := time.Duration(float64(b.read) / float64(rate) * float64(time.Second))
		if left := idle + due - b.waits; left < idle-idle/16 { // else it only stalls
			shorten(now.Add(left), exchange.Refuse(exchange.SlowRequest))
		}
	}
	if b.times.Body > 0 {
		shorten(b.began.Add(b.times.Body), exchange.Refuse(exchange.SlowRequest))
	}
	if !b.until.IsZero() {
		shorten(b.until, errNotYet)
	}
	return wait, now, late
}

// atHand returns the whole body if it has arrived already, and otherwise nil. It is valid
// until the response has been sent.
func (b *clientBody) atHand() []byte {
	p := b.stream.BufferedBody()
	if p != nil {
		b.read, b.err = int64(len(p)), io.EOF
	}
	return p
}

// verdict says what an error of the stream means; late is what a passed deadline means.
func (b *clientBody) verdict(err, late error) error {
	switch {
	case err == io.EOF:
		return io.EOF
	case errors.Is(err, conn.ErrSlowest):
		return exchange.Refuse(exchange.TooManySlow)
	case errors.Is(err, conn.ErrTooSlow):
		return exchange.Refuse(exchange.SlowClient)
	case errors.Is(err, os.ErrDeadlineExceeded) && b.aborted.Load():
		return exchange.Refuse(exchange.ClientGone)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return late
	}
	return &exchange.Fault{Kind: exchange.HTTPRequestError, Reason: exchange.BodyIncomplete, Source: exchange.Client, Err: err}
}

// Abort makes a blocked Read return and lets none succeed any more.
func (b *clientBody) Abort() {
	b.aborted.Store(true)
	b.stream.AbortBody()
}

// trailers returns the trailer fields of the request that the route lets pass,
// as field lines. It may be called once Read has returned io.EOF.
func (b *clientBody) trailers() []byte {
	raw := b.stream.Trailers()
	if len(raw) == 0 || len(b.pass) == 0 {
		return nil
	}
	var block headers.Block
	if block.Parse(raw) != headers.NoProblem {
		return nil
	}
	keepListed(&block, b.pass)
	return block.Append(nil)
}

// keepListed drops every field whose name is not in the list (RFC 9110 §6.5.1:
// a trailer field may be passed on only when it is known to be harmless).
func keepListed(block *headers.Block, names [][]byte) {
	for i := range block.Fields {
		f := &block.Fields[i]
		f.Drop = !listed(f.Name, names) || !headers.TrailerAllowed(f.Name)
	}
}
