package admin

import (
	"net"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// tracked is a connection that its listener knows until it is closed.
type tracked struct {
	net.Conn
	owner    *listener
	accepted time.Time
	spare    bool        // of the share that is kept for health
	used     atomic.Bool // a byte has come
	wanted   time.Time   // read deadline that the server has set; its goroutine owns it

	serving bool      // a request is being served; guarded by owner.mu
	since   time.Time // it waits for a request since then; guarded by owner.mu
}

// admit makes room for one more connection and returns it, or closes it and returns
// nil when there is none. When all but the share for health are taken, the connection
// goes that has waited for its next request longest. When there is none either, what
// is accepted is of that share.
func (l *listener) admit(c net.Conn) net.Conn {
	now := time.Now()
	t := &tracked{Conn: c, owner: l, accepted: now, since: now}
	l.mu.Lock()
	var victim *tracked
	if len(l.conns) >= maxConnections-healthShare {
		if victim = l.idlest(); victim != nil {
			delete(l.conns, victim)
		}
	}
	taken := len(l.conns)
	t.spare = taken >= maxConnections-healthShare
	if taken < maxConnections {
		l.conns[t] = struct{}{}
	}
	l.mu.Unlock()
	if victim != nil {
		victim.Conn.Close()
	}
	if taken >= maxConnections {
		c.Close()
		return nil
	}
	return t
}

// idlest returns the connection that has waited longest for a whole request, nil when
// all serve one. The caller holds l.mu.
func (l *listener) idlest() (found *tracked) {
	for t := range l.conns {
		if !t.serving && (found == nil || t.since.Before(found.since)) {
			found = t
		}
	}
	return found
}

// begin notes that the connection of ctx serves a request until its response is sent.
// One of the share for health ends with it.
func begin(ctx *fasthttp.RequestCtx) {
	t, ok := ctx.Conn().(*tracked)
	if !ok {
		return
	}
	t.owner.mu.Lock()
	t.serving = true
	t.owner.mu.Unlock()
	if t.spare {
		ctx.SetConnectionClose()
	}
}

// kept reports whether the connection of ctx is one that is kept for health.
func kept(ctx *fasthttp.RequestCtx) bool {
	t, ok := ctx.Conn().(*tracked)
	return ok && t.spare
}

// rest follows the server's connections: an idle one waits for its next request.
func rest(c net.Conn, state fasthttp.ConnState) {
	t, ok := c.(*tracked)
	if !ok || state != fasthttp.StateIdle {
		return
	}
	t.owner.mu.Lock()
	t.serving, t.since = false, time.Now()
	t.owner.mu.Unlock()
}

// SetReadDeadline gives the first byte less time than what comes later.
func (t *tracked) SetReadDeadline(deadline time.Time) error {
	t.wanted = deadline
	if first := t.accepted.Add(firstByteTime); !t.used.Load() && (deadline.IsZero() || first.Before(deadline)) {
		deadline = first
	}
	return t.Conn.SetReadDeadline(deadline)
}

func (t *tracked) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if n > 0 && !t.used.Swap(true) {
		_ = t.Conn.SetReadDeadline(t.wanted) // the next read reports what is wrong with it
	}
	return n, err
}

func (t *tracked) Close() error {
	t.owner.mu.Lock()
	delete(t.owner.conns, t)
	t.owner.mu.Unlock()
	return t.Conn.Close()
}
