package gateway

import (
	"hash/maphash"
	"net/netip"
	"strings"

	"penstock/config"
	"penstock/exchange"
	"penstock/headers"
	"penstock/ratelimit"
)

// priority is how important the requests of a route are.
type priority struct {
	class  ratelimit.Priority // of those without the field
	field  []byte             // in which a trusted proxy names it; nil for none
	urgent bool               // the field is Priority (RFC 9218)
}

func priorityOf(c *config.Priority) priority {
	p := priority{class: priorityClasses[c.Class], urgent: strings.EqualFold(c.Header, "Priority")}
	if c.Header != "" {
		p.field = []byte(c.Header)
	}
	return p
}

var priorityClasses = [...]ratelimit.Priority{
	config.PriorityNormal: ratelimit.Normal, config.PriorityCritical: ratelimit.Critical,
	config.PriorityHigh: ratelimit.High, config.PriorityLow: ratelimit.Low,
}

// of returns the class of a request with this head; trusted is whether a trusted proxy sent it.
func (p *priority) of(trusted bool, head *headers.Block) ratelimit.Priority {
	if p.field == nil || !trusted {
		return p.class
	}
	value := head.Lookup(p.field)
	if p.urgent {
		return urgency(value, p.class)
	}
	for class := ratelimit.Critical; class <= ratelimit.Low; class++ {
		if string(value) == class.String() {
			return class
		}
	}
	return p.class
}

// urgency reads u of a Priority field (RFC 9218 §4.1), a dictionary such as "u=1, i": 0 and 1 are
// high, 5 to 7 low. A missing or unreadable one is standard.
func urgency(value []byte, standard ratelimit.Priority) ratelimit.Priority {
	found := byte(0)
	for member := range strings.SplitSeq(string(value), ",") {
		member, _, _ = strings.Cut(strings.TrimSpace(member), ";")
		if u, ok := strings.CutPrefix(member, "u="); ok && len(u) == 1 && u[0] >= '0' && u[0] <= '7' {
			found = u[0] // the last one counts (RFC 8941 §3.2)
		}
	}
	switch {
	case found == 0:
		return standard
	case found <= '1':
		return ratelimit.High
	case found >= '5':
		return ratelimit.Low
	}
	return ratelimit.Normal
}

// fairness says which requests in a waiting room share one turn.
type fairness struct {
	seed  maphash.Seed // secret, so that no client can choose whose turn it shares
	off   bool
	field []byte // nil: the client's address
}

func fairnessOf(c *config.Fair, seed maphash.Seed) fairness {
	f := fairness{seed: seed, off: c.Off}
	if c.Header != "" {
		f.field = []byte(c.Header)
	}
	return f
}

// clientOf returns a keyed hash of whose request it is. One without the field is its address's.
func (f *fairness) clientOf(client netip.Addr, head *headers.Block) uint64 {
	if f.off {
		return 0
	}
	if f.field != nil {
		if value := head.Lookup(f.field); len(value) > 0 {
			return maphash.Bytes(f.seed, value)
		}
	}
	return f.address(exchange.ClientOf(client))
}

func (f *fairness) address(client netip.Addr) uint64 {
	raw := client.As16()
	return maphash.Bytes(f.seed, raw[:])
}
