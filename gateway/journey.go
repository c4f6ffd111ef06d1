package gateway

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/netip"
	"time"

	"penstock/accesslog"
	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
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
	routeQuery routing.Query      // what the route table is asked, and its scratch space
	body       clientBody
	upload     upload
	small      []byte    // a request body that was read whole
	out        *outbound // what goes to a backend and what comes back
	cache      caching
	response   response.Response // what goes to the client
	proxied    proxiedBody       // its body when that is a backend's
	fields     headers.Block     // fields of a response of our own, while they are edited
	text       []byte            // field lines, or the body of a response of our own
	note       []byte            // a field value that goes into them

	// Method values, made once per journey because making one allocates.
	bodyClosed   func(complete bool, f *exchange.Fault, received int64)
	interim      func(status int, b *headers.Block)
	abortBody    func()
	bodyTrailers func() []byte

	line    accesslog.Entry
	client  netip.Addr // as whose request in flight it counts; zero for nobody's
	counted bool       // it is one of the requests in flight
}

// begin opens the record of a request that was read at now; finish closes it.
func (g *proxy) begin(s downstream.Stream, now time.Time) *journey {
	j := g.journeys.Get().(*journey)
	j.stream, j.x = s, exchange.Acquire(now)
	j.snap = g.current.Load()
	j.snap.journeys.Add(1)
	return j
}

// newJourney is what the pool calls.
func (g *proxy) newJourney() any {
	j := &journey{g: g, out: g.outbounds.Get().(*outbound)}
	j.body.j, j.proxied.j = j, j
	j.response.Reset(maxKeptBuffer)
	j.bodyClosed, j.interim = j.onBodyClose, j.passInterim
	j.abortBody, j.bodyTrailers = j.body.Abort, j.body.trailers
	return j
}

// Finish ends the journey; the client's protocol calls it when the response was written or
// the client is lost.
func (j *journey) Finish() { j.g.finish(j) }

// reset makes the journey ready for another request. Large buffers are dropped so that one
// big request does not stay in memory for ever.
func (j *journey) reset() {
	j.cache.reset()
	j.out.reset()
	j.body.reset()
	j.upload = upload{}
	j.request.Reset(maxKeptBuffer)
	j.response.Reset(maxKeptBuffer)
	j.routeQuery.Reset(maxKeptBuffer)
	j.fields.Reset()
	j.proxied.reset()
	j.stream, j.x, j.snap, j.route = nil, nil, nil, nil
	j.line, j.note = accesslog.Entry{}, j.note[:0]
	j.counted = false
	j.small, j.text = trim(j.small), trim(j.text)
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
		if id := j.request.Head.Lookup(name); validID(id) {
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
