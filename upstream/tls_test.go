package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"time"

	"penstock/conn"
	"penstock/exchange"
)

// secureEcho echoes every byte and reports each connection's state.
type secureEcho struct {
	address string
	states  chan tls.ConnectionState
}

func newSecureEcho(t *testing.T, config *tls.Config) *secureEcho {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := &secureEcho{address: l.Addr().String(), states: make(chan tls.ConnectionState, 8)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c.(*tls.Conn))
		}
	}()
	return s
}

func (s *secureEcho) serve(c *tls.Conn) {
	defer c.Close()
	if c.Handshake() != nil {
		return
	}
	s.states <- c.ConnectionState()
	buf := make([]byte, 64)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

// dialerFor is what a cluster makes for one https backend of that host.
func dialerFor(t *testing.T, address, host string, o TLSOptions) *dialer {
	t.Helper()
	s, err := readTLS(o)
	if err != nil {
		t.Fatal(err)
	}
	d := newDialer(address, newSweeper(t))
	d.tls = s.forBackend(s.serverName(host))
	return d
}

// exchangeByte makes sure that both sides have finished the handshake and that
// the client has seen the session ticket that comes before the response.
func exchangeByte(t *testing.T, c *conn.Conn) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Fatalf("read: got %d bytes and %v, want 1 and no error", n, err)
	}
}

func TestTLSVerification(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	pair, _, _ := ca.issue(t, "a.test", "127.0.0.1")
	for _, tc := range []struct {
		name    string
		host    string
		options TLSOptions
		want    exchange.Kind
	}{
		{"the URL's host, a name", "a.test", TLSOptions{CA: ca.file}, exchange.NoKind},
		{"the URL's host, an address", "127.0.0.1", TLSOptions{CA: ca.file}, exchange.NoKind},
		{"a wrong name", "b.test", TLSOptions{CA: ca.file}, exchange.TLSCertificateError},
		{"tls.name instead of the URL's host", "b.test", TLSOptions{CA: ca.file, Name: "a.test"}, exchange.NoKind},
		{"a wrong tls.name", "a.test", TLSOptions{CA: ca.file, Name: "b.test"}, exchange.TLSCertificateError},
		{"another authority", "a.test", TLSOptions{CA: stranger.file}, exchange.TLSCertificateError},
		{"the system's roots", "a.test", TLSOptions{}, exchange.TLSCertificateError},
		{"insecure", "b.test", TLSOptions{Insecure: true}, exchange.NoKind},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSecureEcho(t, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}})
			c, err := dialerFor(t, s.address, tc.host, tc.options).dial(5 * time.Second)
			if tc.want != exchange.NoKind {
				wantDialError(t, err, s.address, tc.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			exchangeByte(t, c)
			state := <-s.states
			wantName := tc.host
			if tc.options.Name != "" {
				wantName = tc.options.Name
			}
			if net.ParseIP(wantName) != nil {
				wantName = "" // RFC 6066 §3: SNI carries no addresses
			}
			if state.ServerName != wantName || state.NegotiatedProtocol != "http/1.1" {
				t.Errorf("got SNI %q and protocol %q, want %q and http/1.1", state.ServerName, state.NegotiatedProtocol, wantName)
			}
		})
	}
}

func TestTLSRefusesOldVersions(t *testing.T) {
	ca := newAuthority(t)
	pair, _, _ := ca.issue(t, "a.test")
	s := newSecureEcho(t, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	_, err := dialerFor(t, s.address, "a.test", TLSOptions{CA: ca.file}).dial(5 * time.Second)
	wantDialError(t, err, s.address, exchange.TLSAlertReceived)
}

func TestTLSSessionIsResumed(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			ca := newAuthority(t)
			pair, _, _ := ca.issue(t, "a.test")
			s := newSecureEcho(t, &tls.Config{Certificates: []tls.Certificate{pair}, MaxVersion: version})
			d := dialerFor(t, s.address, "a.test", TLSOptions{CA: ca.file})
			for i, want := range []bool{false, true, true} {
				c, err := d.dial(5 * time.Second)
				if err != nil {
					t.Fatal(err)
				}
				exchangeByte(t, c)
				if got := (<-s.states).DidResume; got != want {
					t.Errorf("connection %d: resumed %v, want %v", i, got, want)
				}
				_ = c.Close()
			}
		})
	}
}

func TestTLSClientCertificate(t *testing.T) {
	ca := newAuthority(t)
	pair, _, _ := ca.issue(t, "a.test")
	_, cert, key := ca.issue(t, "gateway.test")
	trusted := x509.NewCertPool()
	trusted.AddCert(ca.cert)
	s := newSecureEcho(t, &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: trusted, ClientAuth: tls.RequireAndVerifyClientCert,
		MaxVersion: tls.VersionTLS12, // 1.3 reports a refused certificate only after the handshake
	})
	_, err := dialerFor(t, s.address, "a.test", TLSOptions{CA: ca.file}).dial(5 * time.Second)
	wantDialError(t, err, s.address, exchange.TLSAlertReceived)

	c, err := dialerFor(t, s.address, "a.test", TLSOptions{CA: ca.file, Cert: cert, Key: key}).dial(5 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	exchangeByte(t, c)
	if got := (<-s.states).PeerCertificates[0].Subject.CommonName; got != "gateway.test" {
		t.Errorf("the backend saw the certificate of %q, want gateway.test", got)
	}
}

func TestTLSFiles(t *testing.T) {
	ca := newAuthority(t)
	_, cert, key := ca.issue(t, "gateway.test")
	_, _, otherKey := ca.issue(t, "gateway.test")
	for _, tc := range []struct {
		name    string
		options TLSOptions
		want    string
	}{
		{"missing CA", TLSOptions{CA: "absent.pem"}, "tls.ca: open absent.pem"},
		{"CA without certificates", TLSOptions{CA: key}, "tls.ca: " + key + " holds no PEM certificate"},
		{"certificate without key", TLSOptions{Cert: cert}, "tls.cert and tls.key: one is set"},
		{"key without certificate", TLSOptions{Key: key}, "tls.cert and tls.key: one is set"},
		{"missing certificate", TLSOptions{Cert: "absent.pem", Key: key}, "tls.cert: open absent.pem"},
		{"missing key", TLSOptions{Cert: cert, Key: "absent.pem"}, "tls.key: open absent.pem"},
		{"key of another certificate", TLSOptions{Cert: cert, Key: otherKey}, "private key does not match"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := readTLS(tc.options)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
		})
	}
}
