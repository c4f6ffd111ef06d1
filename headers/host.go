package headers

import "bytes"

// ValidHost reports whether h is uri-host [ ":" port ] (RFC 9112 §3.2): a name,
// an IPv4 address or an IPv6 address in brackets, and a port up to 65535 that may
// be empty. User information, white space and zones are refused. An empty Host is
// legal in a request whose target has no authority, but it is not valid here.
func ValidHost(h []byte) bool {
	name, port, ok := splitPort(h)
	if !ok || len(name) == 0 || !validPort(port) {
		return false
	}
	if name[0] == '[' {
		_, ok := parseIPv6(name[1 : len(name)-1])
		return ok
	}
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case is(c, hostOctet):
		case c == '%' && i+2 < len(name) && is(name[i+1], hexOctet) && is(name[i+2], hexOctet):
			i += 2
		default:
			return false
		}
	}
	return true
}

// HostName returns h without its port and without one trailing dot; brackets of
// an IPv6 address stay, and so does the case of letters. It is a slice of h, all of it when the
// brackets are not valid; it does not check the rest, see ValidHost.
func HostName(h []byte) []byte {
	name, _, ok := splitPort(h)
	if !ok {
		return h
	}
	if n := len(name); n > 1 && name[n-1] == '.' {
		name = name[:n-1]
	}
	return name
}

// splitPort cuts h before the colon of its port. ok is false when brackets do not
// close or are followed by something else than a port.
func splitPort(h []byte) (name, port []byte, ok bool) {
	if len(h) > 0 && h[0] == '[' {
		end := bytes.IndexByte(h, ']')
		if end < 0 || end+1 < len(h) && h[end+1] != ':' {
			return nil, nil, false
		}
		if end+1 == len(h) {
			return h, nil, true
		}
		return h[:end+1], h[end+2:], true
	}
	if colon := bytes.IndexByte(h, ':'); colon >= 0 {
		return h[:colon], h[colon+1:], true
	}
	return h, nil, true
}

func validPort(port []byte) bool {
	n, ok := decimal(port)
	return len(port) == 0 || ok && len(port) <= 5 && n <= 65535
}
