package gateway

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
)

// clientBody is the request body as it comes from the client: counted, bounded,
// timed by progress, and never complete when it was cut short. Its errors are
// io.EOF, only once the body has verifiably ended, or an *exchange.Fault.
//
// One goroutine reads it at a time; Abort may be called from another.
type clientBody struct {
	stream  downstream.Stream
	limit   int64 // bytes allowed; negative for any number
	read    int64
	idle    time.Duration
	pass    [][]byte // trailer fields that may go on
	err     error    // the first error, for ever
	aborted atomic.Bool
}

// open begins the body of a request. pass lists the trailer fields that may go on.
func (b *clientBody) open(s downstream.Stream, limit int64, idle time.Duration, pass [][]byte) {
	b.stream, b.limit, b.idle, b.pass = s, limit, idle, pass
}

func (b *clientBody) reset() {
	b.stream, b.limit, b.read, b.idle, b.err, b.pass = nil, 0, 0, 0, nil, nil
	b.aborted.Store(false)
}

// Read implements io.Reader. A byte within idle keeps a slow upload alive.
func (b *clientBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	b.stream.TimeBody(b.idle)
	if b.aborted.Load() { // after the deadline, so that Abort's own deadline stays
		b.err = exchange.Refuse(exchange.ClientGone)
		return 0, b.err
	}
	n, err := b.stream.ReadBody(p)
	b.read += int64(n)
	if err != nil {
		b.err = b.verdict(err)
	}
	if b.limit >= 0 && b.read > b.limit {
		b.err = exchange.Refuse(exchange.BodyTooLarge)
		return 0, b.err
	}
	if n > 0 {
		return n, nil // an error that came along is told by the next call
	}
	return 0, b.err
}

// atHand returns the whole body if it has come already, and else nil. It is valid until
// the request has been answered.
func (b *clientBody) atHand() []byte {
	p := b.stream.BufferedBody()
	if p != nil {
		b.read, b.err = int64(len(p)), io.EOF
	}
	return p
}

// verdict says what an error of the stream means.
func (b *clientBody) verdict(err error) error {
	switch {
	case err == io.EOF:
		return io.EOF
	case errors.Is(err, os.ErrDeadlineExceeded) && b.aborted.Load():
		return exchange.Refuse(exchange.ClientGone)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return exchange.Refuse(exchange.BodyStalled)
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
