package httpcache

import (
	"io"
	"time"

	"penstock/exchange"
	"penstock/headers"
	"penstock/response"
)

// Request is what the cache needs of a request. Everything in it must stay as it is until the
// transaction is Reset.
type Request struct {
	Method   []byte
	Scheme   string // "http" or "https": that of the client's connection
	Host     []byte
	Path     []byte // normalised
	Query    []byte
	HasQuery bool // the target has a "?", even if nothing follows it
	Fields   *headers.Block
	Body     bool      // the request has content
	Streams  bool      // the client takes bodies whose length is not known when they begin
	Upgrade  bool      // the client asks for another protocol, and the route allows it
	Deadline time.Time // after which nothing is waited for; zero for none

	Record   *exchange.Exchange
	Response *response.Response // into which a response from the store is written
	Common   response.Common    // what that carries besides; Now is set by the cache
	Paths    Paths
	Origin   Origin
}

// Paths brings paths into the normal form that keys have.
type Paths interface {
	// NormalizePath appends the normal form of path to dst. Unless the Problem is NoProblem, the
	// path is refused and the slice means nothing.
	NormalizePath(dst, path []byte) ([]byte, headers.PathMarks, headers.Problem)
}

// Origin is a request's way to its origin.
type Origin interface {
	// Fetch gives up the response that came before, if any, asks the origin and returns the new
	// one, whatever its status. With a fault there is none.
	Fetch() (Received, *exchange.Fault)

	// Detach takes the body of the response, which is still to come, away from the request.
	// The fields of the response are not valid any more. It is called at most once for a
	// response, and not when its Streams is false; the caller closes the body.
	Detach() Body

	// Background begins a request of its own for what this one asks for, as a GET of the
	// whole. It returns the begun transaction, and a func that ends the request and is called
	// once; nil when there can be none. Nothing of it refers to this request.
	Background() (t *Transaction, end func())
}

// Received is the response of the origin as it came. It is a view. With a fault it may be zero.
type Received struct {
	Status  int
	Fields  *headers.Block
	Framing headers.Framing
	Body    []byte    // the whole body, unless Streams is set
	Streams bool      // the body is still to come
	Began   time.Time // when the attempt that brought it began
}

// Body is the body of a response that has left its request.
type Body interface {
	// Read returns io.EOF only when the body is complete. Any other error says why it is not.
	io.Reader

	// Close ends the transfer, complete or not. It is called once.
	Close()
}

// requestFields are the fields of a request as far as the cache may believe them: as
// received, without those that are replaced on the way because the client is not trusted.
type requestFields struct {
	block   *headers.Block
	trusted bool
}

// Next implements rfc9111.Fields.
func (r *requestFields) Next(pos int) (name, value []byte, next int) {
	for pos < len(r.block.Fields) {
		f := &r.block.Fields[pos]
		pos++
		if !f.Drop && !f.Ours && (r.trusted || !forwardedField(f.ID)) {
			return f.Name, f.Value, pos
		}
	}
	return nil, nil, -1
}

// forwardedField reports whether a field describes earlier hops, which only trusted peers may.
func forwardedField(id headers.ID) bool {
	switch id {
	case headers.XForwarded, headers.XForwardedFor, headers.XForwardedProto, headers.XForwardedHost,
		headers.XForwardedPort, headers.Forwarded, headers.XRealIP:
		return true
	}
	return false
}

// receivedFields are the fields of a response as they came, whatever was dropped since.
type receivedFields struct{ block *headers.Block }

// Next implements rfc9111.Fields.
func (r *receivedFields) Next(pos int) (name, value []byte, next int) {
	for pos < len(r.block.Fields) {
		f := &r.block.Fields[pos]
		pos++
		if !f.Ours {
			return f.Name, f.Value, pos
		}
	}
	return nil, nil, -1
}
