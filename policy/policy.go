package policy

import (
	"github.com/valyala/fasthttp"

	"penstock/exchange"
)

// Verdict is what a request policy decides.
type Verdict uint8

// The three verdicts.
const (
	Continue Verdict = iota // the journey goes on
	Answered                // the response in ctx is complete
	Refused                 // the fault in x.Fault says why
	verdictCount
)

var verdictText = [verdictCount]string{Continue: "continue", Answered: "answered", Refused: "refused"}

func (v Verdict) String() string { return verdictText[v] }

// Request acts on a request that has found its route, before any backend is
// chosen. It is called from many goroutines at once and keeps neither ctx nor x.
type Request interface {
	OnRequest(ctx *fasthttp.RequestCtx, x *exchange.Exchange) Verdict
	Place() Place
}

// Response acts on an answer that was made by the gateway itself, before it is
// written. It is called from many goroutines at once and keeps neither ctx nor x.
type Response interface {
	OnResponse(ctx *fasthttp.RequestCtx, x *exchange.Exchange)
	Place() Place
}

// begin starts an answer of our own. The reset brings back the Date that fasthttp
// is told not to add to the answers of backends.
func begin(ctx *fasthttp.RequestCtx, status int) {
	ctx.Response.Reset()
	ctx.SetStatusCode(status)
}
