package upstream

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"penstock/conn"
	"penstock/exchange"
)

const (
	fallbackConnect = time.Second      // when the caller names no limit
	keepAlive       = 15 * time.Second // TCP keep-alive, so that a silently vanished peer is noticed
)

// DialError is a backend connection that could not be set up. No request byte
// was written when it occurs.
type DialError struct {
	Address string        // the endpoint, "ip:port" or "unix:/path"
	Kind    exchange.Kind // proxy error type (RFC 9209 §2.3); never NoKind
	Err     error         // the cause; never nil
}

// Error returns a text with the endpoint, the kind and the cause.
func (e *DialError) Error() string {
	return fmt.Sprintf("connect to %s: %s: %v", e.Address, e.Kind, e.Err)
}

// Unwrap returns the cause.
func (e *DialError) Unwrap() error { return e.Err }

// Timeout reports whether the time for connecting ran out. A DialError itself is no net.Error,
// because it has no method Temporary.
func (e *DialError) Timeout() bool { return e.Kind == exchange.ConnectionTimeout }

// dialer opens connections to one endpoint. Its fields are never written after
// it was made.
type dialer struct {
	endpoint string      // for errors
	network  string      // "tcp" or "unix"
	address  string      // numeric "ip:port", or the socket's path
	tls      *tls.Config // nil for plain connections; has the ServerName set
	sweeper  *conn.Sweeper
}

func newDialer(address string, sweeper *conn.Sweeper) *dialer {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return &dialer{endpoint: address, network: "unix", address: path, sweeper: sweeper}
	}
	return &dialer{endpoint: address, network: "tcp", address: address, sweeper: sweeper}
}

// dial opens a connection, TLS handshake included, within timeout; zero or less
// means one second. Every error is a *DialError.
func (d *dialer) dial(timeout time.Duration) (*conn.Conn, error) {
	if timeout <= 0 {
		timeout = fallbackConnect
	}
	deadline := time.Now().Add(timeout) // the kernel's clock decides, not an injected one
	nd := net.Dialer{Deadline: deadline, KeepAlive: keepAlive}
	raw, err := nd.Dial(d.network, d.address)
	if err != nil {
		return nil, &DialError{d.endpoint, connectKind(err), err}
	}
	if d.tls == nil {
		return conn.New(raw, d.sweeper), nil
	}
	secured, err := d.handshake(raw, deadline)
	if err != nil {
		_ = raw.Close() // the handshake's error says more
		return nil, &DialError{d.endpoint, handshakeKind(err), err}
	}
	return conn.New(secured, d.sweeper), nil
}

func (d *dialer) handshake(raw net.Conn, deadline time.Time) (*tls.Conn, error) {
	if err := raw.SetDeadline(deadline); err != nil {
		return nil, err
	}
	secured := tls.Client(conn.Underlay(raw), d.tls)
	if err := secured.Handshake(); err != nil {
		return nil, err
	}
	return secured, raw.SetDeadline(time.Time{})
}

func connectKind(err error) exchange.Kind {
	switch {
	case isTimeout(err):
		return exchange.ConnectionTimeout
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist):
		return exchange.ConnectionRefused
	case errors.Is(err, syscall.ECONNRESET):
		return exchange.ConnectionTerminated
	default:
		return exchange.DestinationUnavailable
	}
}

func handshakeKind(err error) exchange.Kind {
	if isTimeout(err) {
		return exchange.ConnectionTimeout
	}
	if isCertificate(err) {
		return exchange.TLSCertificateError
	}
	// crypto/tls reports an alert that the peer sent under this operation's name.
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return exchange.TLSAlertReceived
	}
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return exchange.ConnectionTerminated
	}
	return exchange.TLSProtocolError
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}
