package gateway

import (
	"time"

	"penstock/exchange"
	"penstock/headers"
	"penstock/health"
	"penstock/lb"
	"penstock/upstream"
)

// outbound is what goes to a backend and what comes back. It is apart from the journey
// because a response that is being stored may outlive it, see fetch. Only prepare and forward
// write to it.
type outbound struct {
	req        upstream.Request
	resp       upstream.Response
	head       headers.Block // the request's fields, on their way to become those that are sent
	fields     []byte        // the field lines that are sent
	target     []byte        // the target that is sent, when it is not the one received
	triedSet   lb.Set
	attempt    *exchange.Attempt // the latest one and its backend, until settle
	backend    *health.Endpoint
	uploadTime time.Duration // in which the request body was received
}

// reset gives back what the outbound holds of a backend, and large buffers.
func (o *outbound) reset() {
	o.resp.Reset()
	o.head.Reset()
	o.triedSet.Reset()
	o.req, o.attempt, o.backend, o.uploadTime = upstream.Request{}, nil, nil, 0
	o.fields, o.target = trim(o.fields), trim(o.target)
}
