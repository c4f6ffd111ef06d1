package exchange

import (
	"fmt"
	"time"
)

// Source says on whose side a fault lies. The zero value is Gateway. String panics for a value
// that is none of the three.
type Source uint8

// The three sides of a gateway.
const (
	Gateway  Source = iota // our own limits, policy or configuration
	Client                 // the client's request or connection
	Upstream               // the backend, its name or its connection
	sourceCount
)

var sourceText = [sourceCount]string{Gateway: "gateway", Client: "client", Upstream: "upstream"}

func (s Source) String() string { return sourceText[s] }

// Kind is a proxy error type of RFC 9209 §2.3; String spells it as it is there, and "none" for
// NoKind, the zero value. String and Status panic for a value that is none of the kinds.
type Kind uint8

// The proxy error types, with what Penstock reports by each.
const (
	NoKind                        Kind = iota // no error, or none that has a type
	DNSTimeout                                // the lookup of a backend's name took too long
	DNSError                                  // the lookup of a backend's name failed otherwise
	DestinationNotFound                       // no route matches the request
	DestinationUnavailable                    // no backend may be used, or the connection to one failed in a way without a Kind of its own
	ConnectionRefused                         // the backend refused the connection, or its unix socket does not exist
	ConnectionTerminated                      // the backend's connection ended or was reset before any byte of a response, or within a tunnel
	ConnectionTimeout                         // the connection, its TLS handshake included, was not there in time
	ConnectionReadTimeout                     // never reported: HTTPResponseTimeout is
	ConnectionWriteTimeout                    // the backend or the client took no byte, or too few, in time
	ConnectionLimitReached                    // a limit of connections, requests, waiting or slow transfers, or of the process's descriptors or ports
	TLSProtocolError                          // a TLS handshake or record of the backend is not valid
	TLSCertificateError                       // the backend's certificate was not accepted
	TLSAlertReceived                          // the backend sent a TLS alert
	HTTPRequestError                          // the request or its body is not valid, above a limit, too slow or not complete, or the client has gone
	HTTPRequestDenied                         // the request is valid and not allowed: by method, address, rate or only-if-cached
	HTTPResponseIncomplete                    // the response ended after its first byte and before its end
	HTTPResponseHeaderSectionSize             // the head of the response is above its limit
	HTTPResponseBodySize                      // never reported: response bodies have no limit
	HTTPResponseTransferCoding                // the response has an unknown transfer coding, or its chunks are not valid
	HTTPResponseTimeout                       // the response, its head or the next bytes of its body, did not come in time
	HTTPUpgradeFailed                         // the backend sent a 101 that it may not send
	HTTPProtocolError                         // the response head is not valid HTTP, or a response that the request does not allow
	ProxyInternalError                        // a panic in the gateway
	ProxyConfigurationError                   // never reported: configurations are checked when they are loaded
	ProxyLoopDetected                         // the request passed this instance before
	kindCount
)

var kindTable = [kindCount]struct {
	text   string
	status int
}{
	NoKind:                        {"none", 500},
	DNSTimeout:                    {"dns_timeout", 504},
	DNSError:                      {"dns_error", 502},
	DestinationNotFound:           {"destination_not_found", 500},
	DestinationUnavailable:        {"destination_unavailable", 503},
	ConnectionRefused:             {"connection_refused", 502},
	ConnectionTerminated:          {"connection_terminated", 502},
	ConnectionTimeout:             {"connection_timeout", 504},
	ConnectionReadTimeout:         {"connection_read_timeout", 504},
	ConnectionWriteTimeout:        {"connection_write_timeout", 504},
	ConnectionLimitReached:        {"connection_limit_reached", 503},
	TLSProtocolError:              {"tls_protocol_error", 502},
	TLSCertificateError:           {"tls_certificate_error", 502},
	TLSAlertReceived:              {"tls_alert_received", 502},
	HTTPRequestError:              {"http_request_error", 400},
	HTTPRequestDenied:             {"http_request_denied", 403},
	HTTPResponseIncomplete:        {"http_response_incomplete", 502},
	HTTPResponseHeaderSectionSize: {"http_response_header_section_size", 502},
	HTTPResponseBodySize:          {"http_response_body_size", 502},
	HTTPResponseTransferCoding:    {"http_response_transfer_coding", 502},
	HTTPResponseTimeout:           {"http_response_timeout", 504},
	HTTPUpgradeFailed:             {"http_upgrade_failed", 502},
	HTTPProtocolError:             {"http_protocol_error", 502},
	ProxyInternalError:            {"proxy_internal_error", 500},
	ProxyConfigurationError:       {"proxy_configuration_error", 500},
	ProxyLoopDetected:             {"proxy_loop_detected", 502},
}

func (k Kind) String() string { return kindTable[k].text }

// Status returns the status code that RFC 9209 §2.3 recommends for k: 400 for HTTPRequestError,
// where it leaves the choice, and 500 for NoKind. It is never zero.
func (k Kind) Status() int { return kindTable[k].status }

// Fault is one thing that went wrong. A Fault is immutable once it is handed on,
// so faults without an Err are shared package values and cost nothing; Because makes a copy with
// one. A nil *Fault in a record means that nothing went wrong; its methods need one that is not
// nil.
type Fault struct {
	Kind   Kind
	Reason Reason // finer than Kind; NoReason when Kind says it all
	Source Source
	Wrote  bool  // some request byte reached the backend's connection
	Reused bool  // happened on a connection that had served before
	Begun  bool  // some response byte had been read from the backend
	Err    error // for the log only; nil when Kind and Reason say it all

	// Wait is when the client may try again, for a Reason with RetryAfter; zero: the gateway
	// chooses.
	Wait time.Duration
}

// Status returns the status code for the client: the Reason's when it has one,
// else the Kind's. It is never zero.
func (f *Fault) Status() int {
	if s := f.Reason.Status(); s != 0 {
		return s
	}
	return f.Kind.Status()
}

// Name returns the finest name of the fault: Reason, else Kind, "none" without either.
// It is the metric label and the log field.
func (f *Fault) Name() string {
	if f.Reason != NoReason {
		return f.Reason.String()
	}
	return f.Kind.String()
}

// RetryIn returns a copy of f that says when the client may try again; f stays as it is.
func (f *Fault) RetryIn(wait time.Duration) *Fault {
	with := *f
	with.Wait = wait
	return &with
}

// Error describes the fault for the log, never for the client.
func (f *Fault) Error() string {
	if f.Err == nil {
		return f.Source.String() + ": " + f.Name()
	}
	return fmt.Sprintf("%s: %s: %v", f.Source, f.Name(), f.Err)
}

// Unwrap returns the cause, nil when there is none.
func (f *Fault) Unwrap() error { return f.Err }
