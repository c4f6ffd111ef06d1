package headers

import "net/netip"

// parseAddr reads an address as X-Forwarded-For carries it: IPv4 or IPv6, the
// latter perhaps in brackets, either perhaps with a port. IPv4 inside IPv6 comes
// out as IPv4. It exists beside netip.ParseAddr because that one allocates.
func parseAddr(b []byte) (netip.Addr, bool) {
	if len(b) > 0 && b[0] == '[' {
		name, port, ok := splitPort(b)
		if !ok || !validPort(port) {
			return netip.Addr{}, false
		}
		return addrFrom6(name[1 : len(name)-1])
	}
	if name, port, ok := splitPort(b); ok && validPort(port) {
		if a, ok := parseIPv4(name); ok {
			return netip.AddrFrom4(a), true
		}
	}
	return addrFrom6(b)
}

func addrFrom6(b []byte) (netip.Addr, bool) {
	a, ok := parseIPv6(b)
	if !ok {
		return netip.Addr{}, false
	}
	return netip.AddrFrom16(a).Unmap(), true
}

// parseIPv4 reads four decimal numbers without leading zeros.
func parseIPv4(b []byte) (a [4]byte, ok bool) {
	for part := range 4 {
		if part > 0 {
			if len(b) == 0 || b[0] != '.' {
				return a, false
			}
			b = b[1:]
		}
		n, value := 0, 0
		for n < len(b) && n < 3 && b[n] >= '0' && b[n] <= '9' {
			value = value*10 + int(b[n]-'0')
			n++
		}
		if n == 0 || value > 255 || n > 1 && b[0] == '0' {
			return a, false
		}
		a[part], b = byte(value), b[n:]
	}
	return a, len(b) == 0
}

// parseIPv6 reads the text form of RFC 4291 §2.2 without a zone.
func parseIPv6(b []byte) (a [16]byte, ok bool) {
	at, gap := 0, -1 // bytes written; position of "::"
	if len(b) >= 2 && b[0] == ':' && b[1] == ':' {
		gap, b = 0, b[2:]
	}
	for len(b) > 0 {
		if at == 16 {
			return a, false
		}
		n, value := 0, 0
		for n < len(b) && n < 4 && is(b[n], hexOctet) {
			value = value<<4 | int(unhex(b[n]))
			n++
		}
		if n < len(b) && b[n] == '.' && at <= 12 {
			v4, ok := parseIPv4(b)
			if !ok {
				return a, false
			}
			at += copy(a[at:], v4[:])
			break
		}
		if n == 0 {
			return a, false
		}
		a[at], a[at+1] = byte(value>>8), byte(value)
		at, b = at+2, b[n:]
		if len(b) == 0 {
			break
		}
		if b[0] != ':' || len(b) == 1 {
			return a, false
		}
		b = b[1:]
		if b[0] == ':' {
			if gap >= 0 {
				return a, false
			}
			gap, b = at, b[1:]
		}
	}
	return closeGap(a, at, gap)
}

// closeGap moves what follows "::" to the end.
func closeGap(a [16]byte, at, gap int) ([16]byte, bool) {
	if gap < 0 || at == 16 {
		return a, gap < 0 && at == 16
	}
	tail := at - gap
	copy(a[16-tail:], a[gap:at])
	clear(a[gap : 16-tail])
	return a, true
}
