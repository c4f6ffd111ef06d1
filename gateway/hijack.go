package gateway

import (
	"net"
	"sync"

	"penstock/exchange"
)

// handover keeps a journey from being lost between serve and its hijack handler:
// when the client is gone before the answer's head is written, fasthttp drops the
// request without calling the handler and without resetting the request.
type handover struct {
	mu    sync.Mutex
	taken bool // the handler runs, or the journey was finished without it
}

func (h *handover) take() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := !h.taken
	h.taken = true
	return first
}

// hijack has run called on the client's connection once serve has returned, or
// abandon when the connection is closed before. It must be the last thing that
// serve does: on a connection that is closed already the journey ends in it.
func (g *Gateway) hijack(j *journey, run func(c net.Conn), abandon func()) {
	h, ctx := new(handover), j.ctx
	ctx.Hijack(func(c net.Conn) {
		if h.take() {
			defer g.surviveAlone(j)
			run(c)
		}
	})
	if j.conn == nil {
		return
	}
	j.conn.OnClose(func() {
		h.mu.Lock() // held to the end: a handler that comes late must find the request without a journey
		defer h.mu.Unlock()
		if h.taken {
			return
		}
		h.taken = true
		j.x.Fault = exchange.Refuse(exchange.ClientGone)
		abandon()
		ctx.ResetUserValues() // closes the journey
	})
}
