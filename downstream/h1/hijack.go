package h1

import (
	"bytes"
	"net"
	"sync"
)

// handover keeps a request from being lost between serve and its hijack handler: when the
// client is gone before the head of the response is written, fasthttp drops the request
// without calling the handler and without resetting the request.
type handover struct {
	mu    sync.Mutex
	taken bool // the handler runs, or the request was finished without it
}

func (h *handover) take() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := !h.taken
	h.taken = true
	return first
}

// write has the head of the response written, unless the request has ended. It cannot end
// meanwhile: the memory of the response is that of the request.
func (h *handover) write(head func() error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken {
		return net.ErrClosed
	}
	return head()
}

// hijack has t.run called on the client's connection once the head of the response was
// written, or t.abandon when the connection is closed before. It must be the last thing that
// is done with the request: on a connection that is closed already it ends in it.
func (t *stream) hijack() {
	h, ctx, run, abandon := new(handover), t.ctx, t.run, t.abandon
	t.handover = h
	ctx.Hijack(func(net.Conn) {
		if h.take() {
			run(t.gate.conn, t.gate.leaveHTTP())
		}
	})
	t.gate.conn.OnClose(func() {
		h.mu.Lock() // held to the end: a handler that comes late must find a request that has ended
		defer h.mu.Unlock()
		if h.taken {
			return
		}
		h.taken = true
		abandon()
		ctx.ResetUserValues() // closes the stream
	})
}

// leaveHTTP returns what the client sent after its request. Nothing of it is in fasthttp's
// buffer as far as fasthttp knows: it was given the head alone.
func (g *gate) leaveHTTP() []byte {
	early := bytes.Clone(g.readAhead)
	g.part, g.readAhead, g.borrowed, g.memory = inTunnel, nil, false, nil
	return early
}
