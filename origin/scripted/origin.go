package scripted

import (
	"net"
	"time"
)

// Origin is a backend on a socket. Only Start makes it, and Close must be called. Its methods are safe
// for concurrent use.
type Origin struct {
	Address string // "127.0.0.1:port", or where Options.Listener listens

	ln    net.Listener
	o     Options
	over  chan struct{}
	state *State
	// The fields below are guarded by state.
	closed   bool
	accepted int
	open     map[net.Conn]struct{}
	running  int // scripts
}

// Options say what an Origin does. Script must be set.
type Options struct {
	// Script serves one connection, which is closed when it returns. It runs on a goroutine for
	// each connection.
	Script func(*Peer)
	// Listener is where connections come from; nil is a free port of 127.0.0.1. Close
	// closes it.
	Listener net.Listener
	// Patience bounds the reads and writes of a Peer: they fail that long after the connection was
	// accepted or Peer.Patient was last called, as by Head and Request. Zero or less means no limit.
	Patience time.Duration
}

// Start serves until Close. The error is that no port is free; with a Listener there is none.
func Start(o Options) (*Origin, error) {
	if o.Listener == nil {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		o.Listener = ln
	}
	s := &Origin{
		Address: o.Listener.Addr().String(), ln: o.Listener, o: o,
		over: make(chan struct{}), state: NewState(), open: map[net.Conn]struct{}{}, running: 1,
	}
	go s.accept()
	return s, nil
}

func (o *Origin) accept() {
	defer o.state.Change(func() { o.running-- })
	for {
		c, err := o.ln.Accept()
		if err != nil {
			return
		}
		p := newPeer(c, o)
		late := false
		o.state.Change(func() {
			if late = o.closed; late {
				return
			}
			p.Number = o.accepted
			o.accepted++
			o.running++
			o.open[c] = struct{}{}
		})
		if late {
			_ = c.Close()
			continue
		}
		go o.run(c, p)
	}
}

// run gives a connection to the script.
func (o *Origin) run(c net.Conn, p *Peer) {
	defer o.state.Change(func() { o.running-- })
	defer func() {
		_ = c.Close()
		o.state.Change(func() { delete(o.open, c) })
	}()
	p.Patient()
	o.o.Script(p)
}

// Connections returns how many connections were accepted so far.
func (o *Origin) Connections() (n int) {
	o.state.Look(func() { n = o.accepted })
	return n
}

// Open returns how many connections are open now.
func (o *Origin) Open() (n int) {
	o.state.Look(func() { n = len(o.open) })
	return n
}

// Cut closes the connections that are open and waits, without a limit, until no connection is open:
// until their scripts have returned. New ones are accepted, and it waits for these too without closing
// them. A script must not call it.
func (o *Origin) Cut() {
	o.cut()
	o.state.Wait(0, func() bool { return len(o.open) == 0 })
}

func (o *Origin) cut() {
	o.state.Look(func() {
		for c := range o.open {
			_ = c.Close()
		}
	})
}

// StopListening refuses further connections. Those that are open go on. The error is that of closing
// the listener, such as when it is closed already.
func (o *Origin) StopListening() error { return o.ln.Close() }

// Close refuses further connections, cuts those that are open and waits until their
// scripts have returned, however long that takes. A second call does nothing and does not wait. A
// script must not call it.
func (o *Origin) Close() {
	first := false
	o.state.Change(func() { first, o.closed = !o.closed, true })
	if !first {
		return
	}
	close(o.over)
	_ = o.ln.Close()
	o.cut()
	o.state.Wait(0, func() bool { return o.running == 0 })
}
