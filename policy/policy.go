package policy

import (
	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
	"penstock/response"
)

// Call is one request as the policies of its route see it. It is valid during the call of a
// hook, and a hook keeps nothing of it.
type Call struct {
	*downstream.Request                    // the facts; nobody writes to them
	X                   *exchange.Exchange // the record
	Response            *response.Response // of a policy that responds or refuses; else not to be touched

	fault   *exchange.Fault
	problem response.Problem
	text    []byte // memory for what policies say; it grows during a request
}

// Reset makes the call ready for another request. It keeps the memory of its text unless that
// grew beyond keep bytes.
func (c *Call) Reset(keep int) {
	text := c.text[:0]
	if cap(text) > keep {
		text = nil
	}
	*c = Call{text: text}
}

// Verdict is what a policy decides about a request.
type Verdict uint8

// The verdicts. A policy that refuses returns what Call.Refuse returns.
const (
	Continue  Verdict = iota // the request goes on
	Responded                // Call.Response is complete
	refused
	verdictCount
)

var verdictText = [verdictCount]string{Continue: "continue", Responded: "responded", refused: "refused"}

// String returns the name of the verdict. It panics for a value that is none of them.
func (v Verdict) String() string { return verdictText[v] }

// Refuse returns the verdict that ends the request with the response for f, which must not be nil;
// the hook must return this verdict. Field lines that the policy added to Call.Response before,
// such as WWW-Authenticate or Retry-After, are sent in that response too.
func (c *Call) Refuse(f *exchange.Fault) Verdict {
	c.fault = f
	return refused
}

// RefuseWith is Refuse with a problem document that says more than the fault. The bytes of p
// have to be valid until the response is made.
func (c *Call) RefuseWith(f *exchange.Fault, p response.Problem) Verdict {
	c.problem = p
	return c.Refuse(f)
}

// Fault returns why the request was refused; nil unless Refuse or RefuseWith was called since
// Reset.
func (c *Call) Fault() *exchange.Fault { return c.fault }

// Problem returns what the document of the refusal says beside the fault: the p of RefuseWith, else
// the zero value.
func (c *Call) Problem() response.Problem { return c.problem }

// Request acts on a request that has found its route, before the cache is read, so on hits too. It
// is not called when a policy before it in THE ORDER has responded or refused. The plan of the
// entry, which has Purge alone, calls it before the route is known. It may block.
type Request interface{ OnRequest(c *Call) Verdict }

// Forward acts on a request that goes to a backend, because its route has no cache or the cache no
// response for it, before its body is read. It is not called after another verdict than Continue,
// nor for background refreshes. It may block.
type Forward interface{ OnForward(c *Call) Verdict }

// Target writes the path that a backend sees. AppendTarget appends it to dst; path is the
// normal form of what the client asked for. HasQuery reports whether it has a query of its
// own, to which that of the request is then added. A route has one Target. AppendTarget is called
// once for all attempts, and again when the cache fetches anew or in the background.
type Target interface {
	AppendTarget(dst, path []byte, c *Call) []byte
	HasQuery() bool
}

// RequestEditor edits the fields that a backend sees, before the gateway adds its own: once for all
// attempts, and again when the cache fetches anew or in the background; not on hits.
type RequestEditor interface {
	EditRequest(b *headers.Block, c *Call)
}

// Outgoing appends field lines, each with CRLF, to what a backend sees, whenever a RequestEditor
// edits it and after all of them. It takes their values from the record, which a background refresh
// has a copy of. Reserved are the names of these fields, which no client may send: they are removed
// from all requests to the upstreams of the route, whatever route they take, in every spelling that
// a backend may read alike.
type Outgoing interface {
	Reserved() []string
	AppendRequest(dst []byte, c *Call) []byte
}

// Response acts on the final response of a backend, after retries and before the cache
// stores it: what it changes is stored. Background refreshes and the 304 of a revalidation pass
// here too; responses 101, stored responses, and requests without a response of a backend do not.
// It must leave the fields that frame the body alone.
type Response interface {
	OnResponse(c *Call, status int, head *headers.Block)
}

// Fields edits the fields of every final response to the client: a backend's, a stored one, a 304,
// a policy's, and that of a fault. It does not edit a 101, responses before the route is known,
// such as those of Purge, and the 500 after a Fields has panicked. Its changes are not stored. It
// must not block.
type Fields interface {
	EditFields(b *headers.Block, c *Call)
}

// Finisher sees the record of a request that has ended: its last byte was sent, its tunnel was
// closed, or its client was lost. Requests that matched no route have no Finisher. It must not
// block and must not keep x or anything in it, which are used again for other requests.
type Finisher interface{ OnFinish(x *exchange.Exchange) }

// Parts is a policy whose hooks are other values; Compile uses none of its own. It leaves out those
// that its keys do not ask for, so that they cost nothing. Nil means no hooks.
type Parts interface{ Parts() []any }
