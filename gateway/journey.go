package gateway

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/valyala/fasthttp"

	"penstock/accesslog"
	"penstock/conn"
	"penstock/exchange"
	"penstock/headers"
	"penstock/lb"
	"penstock/routing"
	"penstock/upstream"
)

// journey is what one request needs on its way: the record, the parsed head and
// the buffers that are used again by the next one. It is pooled, owned by the
// goroutine that serves the connection, and handed back by finish.
type journey struct {
	g     *Gateway
	ctx   *fasthttp.RequestCtx
	x     *exchange.Exchange
	snap  *Snapshot
	route *route
	wire  *wire      // what fasthttp reads from; nil when the connection is not one of ours
	conn  *conn.Conn // the client's connection; nil when it is not one of ours

	head    headers.Block   // the request's fields, views into fasthttp's raw header
	framing headers.Framing // how long the request body is
	http11  bool
	method  []byte
	host    []byte            // the authority that the client meant, as it spelled it
	target  []byte            // origin-form target as received
	query   []byte            // part of target behind the first '?'
	hasTail bool              // the target has a '?', even if nothing follows it
	raw     []byte            // the fields of a journey without a client, see copyRequest
	path    []byte            // normalised path: for matching, keys and policies
	rawPath []byte            // as received
	marks   headers.PathMarks // what is ambiguous in it
	pathBuf []byte

	*outbound
	cache   caching
	fields  []byte // outgoing field lines
	rewrote []byte // outgoing target when it is not the one received
	body    clientBody
	small   []byte // a request body that was read whole
	tried   lb.Set
	at      *exchange.Attempt // the latest try and its backend, until settle
	backend *lb.Backend
	moved   time.Duration // time in which the request body moved

	routeQuery routing.Query // what the route table is asked, and its scratch space

	// Method values, made once per journey because making one allocates.
	bodyClosed   func(complete bool, f *exchange.Fault, received int64)
	interim      func(status int, b *headers.Block)
	abortBody    func()
	bodyTrailers func() []byte

	text     []byte // head or body of an answer while fasthttp writes it
	note     []byte // a field value or line that goes into it
	textFrom bytes.Reader

	line    accesslog.Entry
	client  netip.Addr // as whose request in flight it counts; zero for nobody's
	counted bool       // it is one of the requests in flight
	closing bool       // the client's connection ends with this answer
}

// outbound is what goes to a backend and what comes back. It is apart from the
// journey because an answer that is being stored may outlive it, see fetch.
type outbound struct {
	req  upstream.Request
	resp upstream.Response
}

type journeyKey struct{}

// begin opens the record of a request that was read at now. finish closes it: fasthttp
// closes user values that are io.Closers once the response is written or the connection
// is lost.
func (g *Gateway) begin(ctx *fasthttp.RequestCtx, now time.Time) *journey {
	j := g.journeys.Get().(*journey)
	j.ctx, j.x = ctx, exchange.Acquire(now)
	j.snap = g.current.Load()
	j.snap.journeys.Add(1)
	if j.wire, _ = ctx.Conn().(*wire); j.wire != nil {
		j.conn = j.wire.Conn
	}
	j.method = ctx.Method()
	ctx.SetUserValue(journeyKey{}, j)
	return j
}

// newJourney is what the pool calls.
func (g *Gateway) newJourney() any {
	j := &journey{g: g, outbound: g.outbounds.Get().(*outbound)}
	j.body.j = j
	j.bodyClosed, j.interim = j.onBodyClose, j.passInterim
	j.abortBody, j.bodyTrailers = j.body.Abort, j.body.trailers
	return j
}

// Close ends the journey; fasthttp calls it when it resets the request.
func (j *journey) Close() error {
	j.g.finish(j)
	return nil
}

// reset makes the journey ready for another request. Large buffers are dropped
// so that one big request does not stay in memory for ever.
func (j *journey) reset() {
	j.cache.reset()
	j.head.Reset()
	j.resp.Reset()
	j.body.reset()
	j.tried.Reset()
	j.ctx, j.x, j.snap, j.route, j.wire, j.conn = nil, nil, nil, nil, nil, nil
	j.framing, j.http11, j.hasTail, j.moved = headers.Framing{}, false, false, 0
	j.method, j.host, j.target, j.query, j.path, j.rawPath, j.marks = nil, nil, nil, nil, nil, nil, 0
	j.req, j.at, j.backend = upstream.Request{}, nil, nil
	j.line, j.note = accesslog.Entry{}, j.note[:0]
	j.counted, j.closing = false, false
	j.pathBuf, j.fields, j.rewrote = trim(j.pathBuf), trim(j.fields), trim(j.rewrote)
	j.routeQuery.Reset(maxKeptBuffer)
	j.small, j.text, j.raw = trim(j.small), trim(j.text), trim(j.raw)
}

// trim empties buf, or drops it when it grew beyond what is worth keeping.
func trim(buf []byte) []byte {
	if cap(buf) > maxKeptBuffer {
		return nil
	}
	return buf[:0]
}

// identify gives the request its id: the client's when it came through a trusted
// proxy and is harmless, else a new one of 32 hexadecimal digits.
func (j *journey) identify() {
	if name := j.snap.requestID; j.x.Trusted && name != nil {
		if id := j.head.Lookup(name); validID(id) {
			j.x.SetID(id)
			return
		}
	}
	var raw [16]byte
	var id [32]byte
	binary.LittleEndian.PutUint64(raw[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(raw[8:], rand.Uint64())
	hex.Encode(id[:], raw[:])
	j.x.SetID(id[:])
}

// validID reports whether a foreign id may go on: 1 to 128 visible ASCII bytes.
func validID(id []byte) bool {
	for _, c := range id {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return len(id) > 0 && len(id) <= 128
}

// peer returns the address at the other end of the client's socket; the zero
// Addr for unix sockets.
func (j *journey) peer() netip.Addr {
	if a, ok := j.ctx.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
