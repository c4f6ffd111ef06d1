package policy

import (
	"strings"

	"penstock/exchange"
	"penstock/headers"
)

// Purge responds to the method PURGE. It belongs to no route, and so has no row in THE ORDER: it
// acts before routes are matched, because a URL may be stored by several of them. Clients
// that may not purge are refused, and no backend ever sees the method, whatever its case:
// backends that know it believe the gateway's address.
type Purge struct {
	From *headers.Prefixes // who may purge; nil for nobody
	Do   func(c *Call)     // must be set; purges what is stored for the URL of c
}

// OnRequest implements Request. It returns Continue for other methods than PURGE, in any case, and
// a refusal with exchange.PurgeRefused for clients that are not in From. Else it calls Do, makes a
// 204 response, also when nothing was stored, and returns Responded.
func (p *Purge) OnRequest(c *Call) Verdict {
	if len(c.Method) != len("PURGE") || !strings.EqualFold(string(c.Method), "PURGE") {
		return Continue
	}
	if p.From == nil || !p.From.Contains(c.X.Client) {
		return c.Refuse(exchange.Refuse(exchange.PurgeRefused))
	}
	p.Do(c)
	c.respond(204, nil, nil)
	return Responded
}
