package exchange

import (
	"regexp"
	"strings"
	"testing"
)

// TestFaultTable holds each row of the table of reasons to what clients, logs and proxies
// rely on.
func TestFaultTable(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	for i, row := range reasons {
		if row.is != Reason(i) {
			t.Errorf("row %d is that of %v", i, row.is)
		}
		if row.is == NoReason {
			continue
		}
		f, status := Refuse(row.is), Refuse(row.is).Status()
		rules := []struct {
			rule  string
			holds bool
		}{
			{"its name is a label", name.MatchString(row.name)},
			{"the shared fault is that of the row", f.Kind == row.kind && f.Source == row.source && f.Reason == row.is && f.Name() == row.name},
			{"the shared fault names no attempt and no cause", !f.Wrote && !f.Reused && !f.Begun && f.Err == nil},
			{"a client's fault is a 4xx, or a part of HTTP that is not served", row.source != Client || status/100 == 4 || status == 501 || status == 505},
			{"a backend's fault is a 5xx", row.source != Upstream || status/100 == 5},
			{"after a client's fault nothing on the connection can be trusted (9112 §9.6)", row.source != Client || row.closes},
			{"a backend's fault costs no client its connection", row.source != Upstream || !row.closes},
			{"only who may come again is told when (9110 §10.2.3)", !row.retryAfter || status == 503 || status == 429},
			{"too many requests are told when to come again (6585 §4)", status != 429 || row.retryAfter},
			{"what the client reads is one sentence that JSON needs no escape for", row.public == "" || strings.HasSuffix(row.public, ".") && !strings.ContainsAny(row.public, "\"\\\n<>&")},
		}
		for _, rule := range rules {
			if !rule.holds {
				t.Errorf("%v: %s: %+v", row.is, rule.rule, row)
			}
		}
	}
}

// A fault without a reason has the status that RFC 9209 §2.3 recommends for its kind.
func TestKindsHaveTheStatusOfRFC9209(t *testing.T) {
	for kind, want := range map[Kind]int{
		DNSTimeout: 504, DNSError: 502, DestinationNotFound: 500, DestinationUnavailable: 503, ConnectionRefused: 502,
		ConnectionTerminated: 502, ConnectionTimeout: 504, ConnectionReadTimeout: 504, ConnectionWriteTimeout: 504,
		ConnectionLimitReached: 503, TLSProtocolError: 502, TLSCertificateError: 502, TLSAlertReceived: 502,
		HTTPRequestError: 400, HTTPRequestDenied: 403, HTTPResponseIncomplete: 502, HTTPResponseHeaderSectionSize: 502,
		HTTPResponseBodySize: 502, HTTPResponseTransferCoding: 502, HTTPResponseTimeout: 504, HTTPUpgradeFailed: 502,
		HTTPProtocolError: 502, ProxyInternalError: 500, ProxyConfigurationError: 500, ProxyLoopDetected: 502,
	} {
		if f := (&Fault{Kind: kind}); f.Status() != want || f.Name() != kind.String() || f.Reason.Closes() || f.Reason.RetryAfter() {
			t.Errorf("%v: status %d, want %d; name %q", kind, f.Status(), want, f.Name())
		}
	}
}
