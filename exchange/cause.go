package exchange

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// maxCause bounds the text of a cause, in bytes: a certificate may hold many names.
const maxCause = 200

// Cause returns what the system said about a fault of an upstream: the text of a
// TLS, DNS or connection error. It is empty for other faults, and whenever the text
// could hold something that the client or the backend sent. It is printable ASCII of at most 200
// bytes, for logs and the admin API, not for clients. f must not be nil.
func (f *Fault) Cause() string {
	if f.Source != Upstream {
		return ""
	}
	return CauseOf(f.Err)
}

// Because returns a copy of f with err as its cause, nil for none; f stays as it is.
func (f *Fault) Because(err error) *Fault {
	with := *f
	with.Err = err
	return &with
}

// CauseOf returns the text of an error of TLS, DNS or a connection, without the
// addresses that its caller knows: "timeout" for any timeout that the system has no text for,
// "connection closed" for an end of the stream. Other errors, and nil, have none: it is empty.
// It is printable ASCII of at most 200 bytes.
func CauseOf(err error) string {
	if err == nil {
		return ""
	}
	if text := tlsCause(err); text != "" {
		return printable(text)
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return printable("lookup: " + e.Err)
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return "timeout"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "connection closed"
	}
	return ""
}

// tlsCause returns the text of what TLS did not accept.
func tlsCause(err error) string {
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "remote error" {
		return "remote error: " + e.Err.Error() // crypto/tls: an alert that the peer sent
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return e.Err.Error()
	}
	if e, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return e.Msg
	}
	if e, ok := errors.AsType[tls.AlertError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return e.Error()
	}
	return ""
}

// printable replaces what is not printable ASCII and bounds the length.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	if len(text) > maxCause {
		return text[:maxCause-3] + "..."
	}
	return text
}
