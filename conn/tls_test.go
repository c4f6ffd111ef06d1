package conn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"testing"
	"time"
)

// certificate makes a self-signed one.
func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// tlsPair returns a wrapped TLS client after its handshake and the server's end.
func tlsPair(t testing.TB, s *Sweeper, version uint16) (*Conn, *tls.Conn) {
	t.Helper()
	near, far := tcpPair(t)
	server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{certificate(t)}, MaxVersion: version})
	shaken := make(chan error, 1)
	go func() { shaken <- server.Handshake() }()
	client := tls.Client(Underlay(near), &tls.Config{InsecureSkipVerify: true})
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	c := New(client, s)
	t.Cleanup(c.Abort)
	return c, server
}

// swap moves one byte each way, as a request does.
func swap(t *testing.T, c *Conn, server net.Conn) {
	t.Helper()
	b := make([]byte, 1)
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Read(b); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(b); err != nil {
		t.Fatal(err)
	}
}

func TestTLSDeadlines(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	c, server := tlsPair(t, s, 0)
	swap(t, c, server)
	for range 3 {
		c.SetReadDeadlineIn(2 * time.Millisecond)
		if _, err := c.Read(make([]byte, 1)); err != os.ErrDeadlineExceeded {
			t.Fatalf("Read: got %v, want os.ErrDeadlineExceeded", err)
		}
		c.SetReadDeadlineIn(0)
		swap(t, c, server) // a Read that timed out leaves the session whole
	}
	ended := make(chan error)
	go func() { _, err := c.Write(make([]byte, 64<<20)); ended <- err }()
	until(t, "Write begins", c.out.busy)
	c.SetWriteDeadlineIn(-1)
	if err := <-ended; err != os.ErrDeadlineExceeded {
		t.Errorf("Write: got %v, want os.ErrDeadlineExceeded", err)
	}
	c.SetWriteDeadlineIn(0)
	if _, err := c.Write([]byte("x")); err == nil {
		t.Error("Write after half a record: got nil, want an error")
	}
}

func TestTLSEnds(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	c, server := tlsPair(t, s, 0)
	if err := server.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != io.EOF || !c.SawEOF() {
		t.Errorf("close_notify: got %v, seen %v; want io.EOF, seen", err, c.SawEOF())
	}
	c, server = tlsPair(t, s, 0)
	_ = server.NetConn().Close()
	if _, err := c.Read(make([]byte, 1)); err != io.ErrUnexpectedEOF || c.SawEOF() {
		t.Errorf("cut: got %v, seen %v; want io.ErrUnexpectedEOF, not seen", err, c.SawEOF())
	}
}

// Closing must not wait for a peer that has stopped reading.
func TestTLSCloseAllIsPrompt(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	c, _ := tlsPair(t, s, 0)
	ended := make(chan error)
	go func() { _, err := c.Write(make([]byte, 64<<20)); ended <- err }()
	until(t, "Write begins", c.out.busy)
	s.CloseAll()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want net.ErrClosed", err)
	}
}

func TestTLSLinger(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	c, server := tlsPair(t, s, 0)
	upload := make(chan error)
	go func() { _, err := server.Write(make([]byte, 2<<20)); _ = server.CloseWrite(); upload <- err }()
	if _, err := c.Write([]byte("413")); err != nil {
		t.Fatal(err)
	}
	c.Linger(64<<20, 10*time.Second)
	closed := make(chan struct{})
	go func() { _ = c.Close(); close(closed) }()
	if err := <-upload; err != nil {
		t.Errorf("upload: %v", err)
	}
	if got, err := io.ReadAll(server); string(got) != "413" || err != nil {
		t.Errorf("peer got %q, %v; want 413", got, err)
	}
	_ = server.Close()
	<-closed
}

func TestSpliceTLS(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	src, from := tlsPair(t, s, 0)
	dst, into := tlsPair(t, s, 0)
	testExact(t, link{src: src, dst: dst, from: from, into: into}, 5<<20+3)
}
