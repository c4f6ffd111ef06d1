package exchange

import "net/netip"

// ClientOf returns what one client is counted by: its IPv4 address, or the first address of the
// /64 of its IPv6 address, because every subscriber has a whole /64 to choose addresses from.
// IPv4 inside IPv6 is IPv4, zones are left out, and the zero Addr is returned as it is.
func ClientOf(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}
