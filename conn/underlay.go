package conn

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
)

// underlay carries TLS and remembers whether the stream below it ended.
type underlay struct {
	net.Conn
	sawEOF atomic.Bool
}

// Underlay returns raw for use as the transport of a tls.Client or tls.Server that is
// wrapped by New later. crypto/tls reports a FIN between two records as io.EOF, as if
// the peer had said close_notify; with an Underlay such a cut is io.ErrUnexpectedEOF,
// so that a message that ends with the connection is not taken for complete
// (RFC 9112 §9.8). It never fails and sends nothing; Conn.Read makes the difference.
func Underlay(raw net.Conn) net.Conn { return &underlay{Conn: raw} }

// NetConn returns the wrapped connection.
func (u *underlay) NetConn() net.Conn { return u.Conn }

// Read reads from the wrapped connection.
func (u *underlay) Read(p []byte) (int, error) {
	n, err := u.Conn.Read(p)
	if err == io.EOF {
		u.sawEOF.Store(true)
	}
	return n, err
}

// endOfStream returns what io.EOF from the raw connection means.
func (c *Conn) endOfStream() error {
	if t, ok := c.raw.(*tls.Conn); ok {
		if u, ok := t.NetConn().(*underlay); ok && u.sawEOF.Load() {
			return io.ErrUnexpectedEOF
		}
	}
	c.sawEOF.Store(true)
	return io.EOF
}
