package headers

import (
	"bytes"
	"net/netip"
)

// Prefixes is an immutable set of networks. A nil *Prefixes and the zero value contain nothing.
type Prefixes struct{ list []netip.Prefix }

// NewPrefixes returns the set of these networks. IPv4 networks written as IPv6
// ("::ffff:10.0.0.0/104") are taken as IPv4, bits of an address beyond its prefix are ignored, and
// the zero Prefix contains nothing. It copies list and never fails.
func NewPrefixes(list []netip.Prefix) *Prefixes {
	p := &Prefixes{list: make([]netip.Prefix, 0, len(list))}
	for _, prefix := range list {
		if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
		}
		p.list = append(p.list, prefix.Masked())
	}
	return p
}

// Contains reports whether a lies in one of the networks. IPv4 inside IPv6 counts
// as IPv4, zones are ignored, the zero Addr is never contained.
func (p *Prefixes) Contains(a netip.Addr) bool {
	if p == nil || !a.IsValid() {
		return false
	}
	a = a.Unmap().WithZone("")
	for i := range p.list {
		if p.list[i].Contains(a) {
			return true
		}
	}
	return false
}

// ClientIP returns the address that the request really comes from. It walks
// X-Forwarded-For from the last entry of the last line to the first of the first,
// beginning at peer, for as long as the address that vouches for an entry is
// trusted, and stops before an entry that is not an address. So no client can
// choose the result: only a trusted proxy's own observation is ever taken. When all of them are
// trusted it is the first entry; without the field, or with a peer that is not trusted, peer. IPv4
// inside IPv6 comes out as IPv4, without zones; a zero peer as the zero Addr.
// It sees fields as received.
func ClientIP(peer netip.Addr, b *Block, trusted *Prefixes) netip.Addr {
	client := peer.Unmap().WithZone("")
	if !trusted.Contains(client) || !b.seen.has(XForwardedFor) {
		return client
	}
	for i := len(b.Fields) - 1; i >= 0; i-- {
		if b.Fields[i].ID != XForwardedFor || b.Fields[i].Ours {
			continue
		}
		for rest := b.Fields[i].Value; rest != nil; {
			var entry []byte
			entry, rest = lastMember(rest)
			if len(entry) == 0 {
				continue // an empty list member says nothing (RFC 9110 §5.6.1.2)
			}
			addr, ok := parseAddr(entry)
			if !ok {
				return client
			}
			if client = addr; !trusted.Contains(client) {
				return client
			}
		}
	}
	return client
}

// lastMember cuts the last member off a list. rest is nil when it was the only one.
func lastMember(list []byte) (member, rest []byte) {
	comma := bytes.LastIndexByte(list, ',')
	if comma < 0 {
		return trimOWS(list), nil
	}
	return trimOWS(list[comma+1:]), list[:comma]
}
