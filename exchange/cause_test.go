package exchange

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestCauseIsTheTextOfTheSystem(t *testing.T) {
	dial := func(err error) error {
		return fmt.Errorf("connect to 10.0.0.1:80: %w", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)})
	}
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"refused", dial(syscall.ECONNREFUSED), "connection refused"},
		{"no route", dial(syscall.EHOSTUNREACH), "no route to host"},
		{"reset", &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, "connection reset by peer"},
		{"timeout", fmt.Errorf("read: %w", os.ErrDeadlineExceeded), "timeout"},
		{"closed", fmt.Errorf("read: %w", io.ErrUnexpectedEOF), "connection closed"},
		{"a name", &net.DNSError{Err: "no such host", Name: "web", Server: "10.0.0.2:53"}, "lookup: no such host"},
		{"authority", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "x509: certificate signed by unknown authority"},
		{"alert", &net.OpError{Op: "remote error", Err: tls.AlertError(42)}, "remote error: tls: bad certificate"},
		{"no TLS", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "first record does not look like a TLS handshake"},
		{"our own text", errors.New("response head: bad-field secret=1"), ""},
		{"nothing", nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &Fault{Kind: ConnectionRefused, Source: Upstream, Err: tc.err}
			if got := f.Cause(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			f.Source = Client
			if got := f.Cause(); got != "" {
				t.Errorf("a fault of the client has the cause %q, want none", got)
			}
		})
	}
}

func TestCauseIsShortAndPrintable(t *testing.T) {
	err := &net.DNSError{Err: "odd\n\x1b[31m\xff" + strings.Repeat("x", 500)}
	got := CauseOf(err)
	if len(got) > maxCause || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("got %d bytes: %q", len(got), got)
	}
}
