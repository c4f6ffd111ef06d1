package upstream

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"penstock/conn"
	"penstock/exchange"
	"penstock/headers"
)

var errInterim = errors.New("more interim responses than a client should have to read")

// fault describes what went wrong on the backend's connection.
func (t *trip) fault(kind exchange.Kind, reason exchange.Reason, err error) *exchange.Fault {
	f := &exchange.Fault{
		Kind: kind, Reason: reason, Source: exchange.Upstream,
		Wrote: t.at.Wrote, Reused: t.at.Reused, Begun: t.begun || t.src.br != nil && t.src.br.Buffered() > 0,
		Err: err,
	}
	if reason == exchange.OutOfTime {
		f.Source = exchange.Gateway
	}
	return f
}

// connectFault explains why there is no connection. clipped means that it had
// less time than it may usually take, because the request was running out of it.
func connectFault(err error, clipped bool) *exchange.Fault {
	f := &exchange.Fault{Kind: exchange.DestinationUnavailable, Source: exchange.Upstream, Err: err}
	if d, ok := errors.AsType[*DialError](err); ok {
		f.Kind = d.Kind
	}
	switch {
	case clipped && f.Kind == exchange.ConnectionTimeout:
		f.Reason, f.Source = exchange.OutOfTime, exchange.Gateway
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.EADDRNOTAVAIL):
		f.Kind, f.Source = exchange.ConnectionLimitReached, exchange.Gateway // our descriptors or ports, not the backend
	}
	return f
}

// badHead is a response head that cannot be believed. The log learns the kind of
// problem only: the bytes may hold secrets.
func (t *trip) badHead(p headers.Problem) *exchange.Fault {
	kind := exchange.HTTPProtocolError
	if p == headers.UnknownCoding {
		kind = exchange.HTTPResponseTransferCoding
	}
	return t.fault(kind, exchange.NoReason, fmt.Errorf("response head: %s", p))
}

// headFault explains why no response head came: the client's fault during the
// upload, a request that could not be written, time, or a connection that ended.
func (t *trip) headFault(err error) *exchange.Fault {
	t.up.stop()
	if f := t.up.clientFault(); f != nil {
		return f
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && t.req.Client.Left() {
		return exchange.Refuse(exchange.ClientGone)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && t.src.conn.Phase().Load() == abandoned {
		return t.fault(exchange.HTTPResponseTimeout, exchange.BackendSilent, err)
	}
	begun := t.begun || t.src.br.Buffered() > 0
	written := t.writeErr
	if written == nil {
		written = t.up.writeFault()
	}
	switch {
	case written != nil && errors.Is(written, os.ErrDeadlineExceeded):
		return t.fault(exchange.ConnectionWriteTimeout, exchange.BodyIdleTimeout, written)
	case written != nil && !begun:
		return t.fault(brokenKind(err), exchange.NoReason, errors.Join(written, err))
	case written == nil && errors.Is(err, os.ErrDeadlineExceeded):
		return t.fault(exchange.HTTPResponseTimeout, t.lateness(), err)
	case begun:
		return t.fault(exchange.HTTPResponseIncomplete, exchange.NoReason, err)
	}
	return t.fault(brokenKind(err), exchange.NoReason, err)
}

// lateness returns which limit a head was not in time for.
func (t *trip) lateness() exchange.Reason {
	if t.up != nil {
		return t.up.late
	}
	return t.late
}

// brokenKind names an error of reading before any byte of a response.
func brokenKind(err error) exchange.Kind {
	// crypto/tls reports an alert that the peer sent under this operation's name.
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return exchange.TLSAlertReceived
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return exchange.TLSProtocolError
	}
	return exchange.ConnectionTerminated
}

// bodyFault explains why a response body did not arrive whole.
func (t *trip) bodyFault(err error) *exchange.Fault {
	if f := t.up.clientFault(); f != nil {
		return f
	}
	if _, ok := errors.AsType[codingError](err); ok {
		return t.fault(exchange.HTTPResponseTransferCoding, exchange.NoReason, err)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && t.src.client.Left() {
		return exchange.Refuse(exchange.ClientGone)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return t.fault(exchange.HTTPResponseTimeout, exchange.BodyIdleTimeout, err)
	}
	return t.fault(exchange.HTTPResponseIncomplete, exchange.NoReason, err)
}

// cutFault is f where a response has begun, which f then cuts: no 408 can be sent any more.
func cutFault(f *exchange.Fault) *exchange.Fault {
	if f.Reason == exchange.SlowRequest {
		return exchange.Refuse(exchange.SlowClient)
	}
	return f
}

// sinkFault explains why the client did not take the response.
func sinkFault(err error) *exchange.Fault {
	if f, ok := errors.AsType[*exchange.Fault](err); ok {
		return f
	}
	if errors.Is(err, conn.ErrTooSlow) {
		return exchange.Refuse(exchange.SlowClient)
	}
	if errors.Is(err, conn.ErrSlowest) {
		return exchange.Refuse(exchange.TooManySlow)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &exchange.Fault{Kind: exchange.ConnectionWriteTimeout, Reason: exchange.BodyIdleTimeout, Source: exchange.Client, Err: err}
	}
	return &exchange.Fault{Kind: exchange.HTTPRequestError, Reason: exchange.ClientGone, Source: exchange.Client, Err: err}
}

// streamFault explains why the request body ended before its end.
func streamFault(err error) *exchange.Fault {
	if f, ok := errors.AsType[*exchange.Fault](err); ok {
		return f
	}
	return &exchange.Fault{Kind: exchange.HTTPRequestError, Reason: exchange.BodyIncomplete, Source: exchange.Client, Err: err}
}
