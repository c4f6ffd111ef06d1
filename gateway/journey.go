package gateway

import (
	"net/netip"
	"sync/atomic"

	"penstock/accesslog"
	"penstock/conn"
	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
	"penstock/httpcache"
	"penstock/policy"
	"penstock/response"
	"penstock/routing"
)

// journey is what one request needs on its way: the record, the facts, and what the steps
// hand to one another. It is pooled, owned by the goroutine that serves the request, and
// handed back by finish.
type journey struct {
	g      *proxy
	stream downstream.Stream // the client; nil for a request that no client waits for
	x      *exchange.Exchange
	snap   *Snapshot
	route  *route

	request    downstream.Request // the facts
	routeQuery routing.Query      // input of the route table, and its scratch space
	body       clientBody
	upload     upload
	target     *target   // the upstream that was chosen
	turn       turn      // its backend, and its place in the waiting room
	out        *outbound // what goes to a backend and what comes back
	cache      httpcache.Transaction
	response   response.Response // what goes to the client
	proxied    proxiedBody       // its body when that is a backend's
	fields     headers.Block     // fields of a response of our own, while they are edited
	call       policy.Call       // the request as policies see it
	refusal    []byte            // field lines that the policy which refused has for the response
	text       []byte            // field lines, or the body of a response of our own
	note       []byte            // a field value that goes into them

	taken shares // of the limits
	bound bound

	line accesslog.Entry
	bare bool // policies have no part in its response: one has panicked
}

// shares are what one request has taken of the limits.
type shares struct {
	entered *atomic.Int64 // the count of the route's requests in flight that it is part of; nil for none
	client  netip.Addr    // as whose request in flight it counts; zero for nobody's
	counted bool          // it is one of the requests in flight
	pace    *conn.Pace    // by which it counts among slow transfers, see holdSlow; nil when it does not
}

// bound are method values, made once per journey because making one allocates.
type bound struct {
	bodyClosed   func(complete bool, f *exchange.Fault, received int64)
	interim      func(status int, b *headers.Block)
	abortBody    func()
	bodyTrailers func() []byte
	followed     func() bool
}

// reset makes the journey ready for another request. It drops large buffers, so that the
// memory of one large request is freed.
func (j *journey) reset() {
	j.cache.Reset()
	j.out.reset()
	j.turn.reset() // after the end of a body, which lets other requests begin
	j.body.reset()
	j.releaseUpload()
	j.request.Reset(maxKeptBuffer)
	j.response.Reset(maxKeptBuffer)
	j.routeQuery.Reset(maxKeptBuffer)
	j.fields.Reset()
	j.proxied.reset()
	j.stream, j.x, j.snap, j.route, j.target = nil, nil, nil, nil, nil
	j.call.Reset(maxKeptBuffer)
	j.refusal = trim(j.refusal)
	j.line, j.note = accesslog.Entry{}, j.note[:0]
	j.taken.counted, j.bare = false, false
	j.text = trim(j.text)
}
