package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"penstock/exchange"
	"penstock/headers"
	"penstock/origin/scripted"
)

// secureScript is a script that speaks TLS and a client that trusts it.
func secureScript(t *testing.T, config *tls.Config, acts ...func(*peer)) (*scripted.Origin, *Client) {
	t.Helper()
	ca := newAuthority(t)
	pair, _, _ := ca.issue(t, "a.test")
	if config == nil {
		config = new(tls.Config)
	}
	config.Certificates = []tls.Certificate{pair}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	s := newScriptOn(t, l, acts...)
	return s, clientOf(t, s, func(o *clientOptions) { o.Dial = dialerFor(t, s.Address, "a.test", TLSOptions{CA: ca.file}).dial })
}

func TestRoundTripsOverTLS(t *testing.T) {
	s, c := secureScript(t, nil, func(p *peer) {
		p.head()
		p.say(ok)
		p.head()
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + strings.Repeat("a", 200_000))
		p.head()
		p.say(strings.Repeat("x", 3) + ok)
		_, _ = p.rest()
	})
	mustTry(t, c, request("GET", "/"))
	tr := streamed(t, c, request("GET", "/"))
	sink, client := sinkPair(t)
	read := make(chan int64, 1)
	go func() { n, _ := io.Copy(io.Discard, client); read <- n }()
	if err := tr.resp.Body.Transfer(through(sink, false)); tr.resp.Body.Sent() != 200_000 || err != nil {
		t.Errorf("moved %d bytes, %v; want 200000", tr.resp.Body.Sent(), err)
	}
	_ = sink.Close()
	if n := within(t, "client", read); n != 200_000 || !tr.at.Reused || s.Connections() != 1 {
		t.Errorf("client read %d bytes; reused %t, %d connections", n, tr.at.Reused, s.Connections())
	}
	wantFault(t, try(t, c, request("GET", "/")).fault, exchange.HTTPProtocolError, exchange.NoReason)
	wantStats(t, c, 0, 0)
}

func TestTruncationOverTLS(t *testing.T) {
	_, c := secureScript(t, nil, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
	})
	_, err := io.ReadAll(streamed(t, c, request("GET", "/")).resp.Body)
	f, _ := errors.AsType[*exchange.Fault](err)
	wantFault(t, f, exchange.HTTPResponseIncomplete, exchange.NoReason)
}

// TestAlertBehindTheHandshake: TLS 1.3 refuses a client certificate only when the
// client believes that all is well.
func TestAlertBehindTheHandshake(t *testing.T) {
	_, c := secureScript(t, &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}, func(p *peer) {
		p.head() // fails: there is no certificate
		<-p.Over
	})
	tr := try(t, c, request("GET", "/"))
	wantFault(t, tr.fault, exchange.TLSAlertReceived, exchange.NoReason)
}

func TestUploadOverTLSThatIsCut(t *testing.T) {
	_, c := secureScript(t, nil, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!")
		<-p.Over // and never reads: our socket's buffer is full when we close
	})
	req := endless(request("POST", "/"), headers.Framing{Kind: headers.Chunked, Length: -1})
	began := time.Now()
	tr := mustTry(t, c, req)
	if tr.resp.Status != 413 || !tr.resp.UploadCut || time.Since(began) > 3*time.Second {
		t.Errorf("status %d, cut %t after %v; want 413 and true at once", tr.resp.Status, tr.resp.UploadCut, time.Since(began))
	}
	wantStats(t, c, 0, 0)
}
