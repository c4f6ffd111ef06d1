package policy

import (
	"fmt"

	"github.com/valyala/fasthttp"

	"penstock/exchange"
	"penstock/headers"
)

// FixedOptions describe an answer that the gateway gives itself.
type FixedOptions struct {
	Status int // 200 to 599
	Fields []headers.Pair
	Body   string // empty for none; 204, 205 and 304 have none
}

// Fixed answers every request alike.
type Fixed struct {
	status int
	fields []headers.Pair
	body   []byte
}

// NewFixed compiles a fixed answer. Without a Content-Type a body is plain text.
func NewFixed(o FixedOptions) (*Fixed, error) {
	if o.Status < 200 || o.Status > 599 {
		return nil, fmt.Errorf("status: got %d, want 200..599", o.Status)
	}
	if o.Body != "" && (o.Status == 204 || o.Status == 205 || o.Status == 304) {
		return nil, fmt.Errorf("body: an answer with status %d has none (RFC 9110 §15)", o.Status)
	}
	if _, err := headers.NewEdits(nil, o.Fields, nil); err != nil {
		return nil, err
	}
	return &Fixed{status: o.Status, fields: o.Fields, body: []byte(o.Body)}, nil
}

// Place returns Answering.
func (f *Fixed) Place() Place { return Answering }

// OnRequest answers. The body is shared, so nobody may write to it.
func (f *Fixed) OnRequest(ctx *fasthttp.RequestCtx, _ *exchange.Exchange) Verdict {
	begin(ctx, f.status)
	if len(f.body) > 0 {
		ctx.Response.Header.SetContentType("text/plain; charset=utf-8")
		ctx.Response.SetBodyRaw(f.body)
	}
	for i := range f.fields {
		ctx.Response.Header.Add(f.fields[i].Name, f.fields[i].Value)
	}
	return Answered
}
