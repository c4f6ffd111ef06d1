package gateway

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"

	"penstock/exchange"
	"penstock/headers"
)

// admit decides whether the request may enter at all. It takes one strict look at the head,
// everything after it believes only what was found here, and then one of limits.requests.
// Nothing is forwarded when it returns a fault.
func (g *proxy) admit(j *journey) *exchange.Fault {
	head, limits := j.stream.Head(), j.snap.limits.head
	if why := j.request.Read(head, limits); why != exchange.NoReason {
		return exchange.Refuse(why)
	}
	j.recognise()
	j.stream.Frame(j.request.Framing, j.request.Persists())
	if !j.request.Served() {
		return exchange.Refuse(exchange.MethodRefused)
	}
	if !g.enter(j) {
		return exchange.Refuse(exchange.Overloaded)
	}
	if why := j.request.ReadTarget(head, limits, j.snap.table); why != exchange.NoReason {
		return exchange.Refuse(why)
	}
	if !g.enterClient(j) {
		return exchange.Refuse(exchange.TooManyConnections)
	}
	if headers.PassedThrough(&j.request.Head, g.instance) {
		return exchange.Refuse(exchange.Loop)
	}
	return nil
}

// enter takes one of limits.requests; false means that none is left. A refused request does
// not count: otherwise clients that are slow to read their 503 would keep others out.
func (g *proxy) enter(j *journey) bool {
	for {
		n := g.inflight.Load()
		if n >= j.snap.limits.requests {
			return false
		}
		if g.inflight.CompareAndSwap(n, n+1) {
			j.taken.counted = true
			return true
		}
	}
}

// enterClient counts a request that a trusted proxy passed on for the client that
// it names; the proxy's connections are shared by many.
func (g *proxy) enterClient(j *journey) bool {
	if !j.x.Trusted || j.x.Client == j.x.Peer {
		return true
	}
	client := exchange.ClientOf(j.x.Client)
	if !g.perClient.begin(client, j.snap.limits.perClient) {
		return false
	}
	j.taken.client = client
	return true
}

// meet notes the peer as the client and gives the request an id. That is all that is known of
// a request whose head was not read or is not believed.
func (j *journey) meet() {
	j.x.Peer = j.stream.Peer()
	j.x.Client = j.x.Peer
	giveID(j.x)
}

// recognise believes what a trusted proxy says about the request, once its head was read: who
// the client is, and the id, if that is harmless.
func (j *journey) recognise() {
	x := j.x
	if trusted := j.snap.trusted; trusted == nil || !trusted.Contains(x.Peer) {
		return
	}
	x.Trusted = true
	x.Client = headers.ClientIP(x.Peer, &j.request.Head, j.snap.trusted)
	if name := j.snap.requestID; name != nil {
		if id := j.request.Head.Lookup(name); validID(id) {
			x.SetID(id)
		}
	}
}

// giveID sets a new random id of 32 hexadecimal digits.
func giveID(x *exchange.Exchange) {
	var raw [16]byte
	var id [32]byte
	binary.LittleEndian.PutUint64(raw[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(raw[8:], rand.Uint64())
	hex.Encode(id[:], raw[:])
	x.SetID(id[:])
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
