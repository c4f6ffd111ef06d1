package policy

import (
	"sync"

	"github.com/valyala/fasthttp"

	"penstock/exchange"
	"penstock/headers"
)

// Headers edits the fields of an answer. For a backend's answer the gateway
// applies Edits to the fields it parsed; for an answer of its own OnResponse does
// the same to fasthttp's header.
type Headers struct {
	edits *headers.Edits
	drop  [][]byte // names to remove and to set, in fasthttp's spelling
	saved sync.Pool
}

// NewHeaders returns the policy for compiled edits; it keeps e.
func NewHeaders(e *headers.Edits) *Headers {
	p := &Headers{edits: e}
	for _, name := range e.Removed() {
		p.drop = append(p.drop, spelled(name))
	}
	for _, pair := range e.Set() {
		p.drop = append(p.drop, spelled(pair.Name))
	}
	p.saved.New = func() any { return new(fasthttp.ResponseHeader) }
	return p
}

// spelled returns a name as fasthttp stores it.
func spelled(name string) []byte {
	return fasthttp.AppendNormalizedHeaderKey(nil, name)
}

// Edits returns the edits, to be applied to a backend's answer.
func (p *Headers) Edits() *headers.Edits { return p.edits }

// Place returns EditingResponse.
func (p *Headers) Place() Place { return EditingResponse }

// OnResponse edits the answer in ctx. Fields that repeat keep their order.
func (p *Headers) OnResponse(ctx *fasthttp.RequestCtx, _ *exchange.Exchange) {
	h := &ctx.Response.Header
	p.remove(h)
	for _, pair := range p.edits.Set() {
		h.Add(pair.Name, pair.Value)
	}
	for _, pair := range p.edits.Added() {
		h.Add(pair.Name, pair.Value)
	}
}

// remove drops the fields. ResponseHeader.Del moves the last field into the place
// of the one it removes, which would change the order of others that repeat; so
// when there is something to remove, the others are taken out and put back.
func (p *Headers) remove(h *fasthttp.ResponseHeader) {
	rebuild := false
	for _, name := range p.drop {
		switch {
		case apart(name):
			h.DelBytes(name)
		case h.PeekBytes(name) != nil:
			rebuild = true
		}
	}
	if !rebuild {
		return
	}
	old := p.saved.Get().(*fasthttp.ResponseHeader)
	h.CopyTo(old)
	for name := range old.All() {
		if !apart(name) {
			h.DelBytes(name)
		}
	}
	for name, value := range old.All() {
		if !apart(name) && !p.drops(name) {
			h.AddBytesKV(name, value)
		}
	}
	p.saved.Put(old)
}

func (p *Headers) drops(name []byte) bool {
	for _, d := range p.drop {
		if string(d) == string(name) {
			return true
		}
	}
	return false
}

// apart reports the fields that fasthttp keeps outside its list: removing one
// moves no other.
func apart(name []byte) bool {
	switch headers.IDOf(name) {
	case headers.ContentType, headers.ContentEncoding, headers.ContentLength, headers.Server,
		headers.SetCookie, headers.Connection, headers.Trailer, headers.Date:
		return true
	}
	return false
}
