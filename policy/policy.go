package policy

import (
	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
	"penstock/response"
)

// Verdict is what a request policy decides.
type Verdict uint8

// The three verdicts.
const (
	Continue Verdict = iota // the request goes on
	Answered                // the response in Call.Response is complete
	Refused                 // Call.Fault says why
	verdictCount
)

var verdictText = [verdictCount]string{Continue: "continue", Answered: "answered", Refused: "refused"}

func (v Verdict) String() string { return verdictText[v] }

// Call is one request as a policy sees it. It is valid during the call.
type Call struct {
	*downstream.Request                    // the facts; nobody writes to them
	X                   *exchange.Exchange // the record
	Response            *response.Response // empty; a policy that answers fills it
	Fault               *exchange.Fault    // set by a policy that refuses
}

// Request acts on a request that has found its route, before any backend is chosen. It is
// called from many goroutines at once and keeps nothing of c.
type Request interface {
	OnRequest(c *Call) Verdict
	Place() Place
}

// answer makes the response of c one with this status and body, and the field lines of
// fields. Body is shared by all responses, so nobody may write to it.
func (c *Call) answer(status int, fields []headers.Pair, body []byte) {
	r := c.Response
	r.Begin(status, nil)
	switch {
	case status == 204 || status == 304:
		r.SetLength(-1) // no body, and no length (RFC 9110 §8.6)
	case string(c.Method) == "HEAD":
		r.SetLength(int64(len(body)))
	default:
		r.SetBody(body)
	}
	lines := r.Fields
	for i := range fields {
		lines = append(append(lines, fields[i].Name...), ": "...)
		lines = append(append(lines, fields[i].Value...), "\r\n"...)
	}
	r.SetFields(lines)
}
