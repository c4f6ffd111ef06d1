package config

import (
	"net"
	"net/netip"
	"strings"
)

// listenAddress checks an address to listen on: "host:port", ":port",
// "[::1]:8080" or "unix:/path".
func listenAddress(s string) (shaped, wrong string) {
	const want = `want "host:port", ":port" or "unix:/path"`
	if path, found := strings.CutPrefix(s, "unix:"); found {
		if !strings.HasPrefix(path, "/") {
			return s, `want the absolute path of a socket, "unix:/path"`
		}
		return s, ""
	}
	if strings.HasPrefix(s, "systemd:") {
		return s, "which is not built yet"
	}
	if port(s, 0) {
		return s, `want ":` + s + `" for every address, or "host:` + s + `"`
	}
	host, p, err := net.SplitHostPort(s)
	if err != nil || !port(p, 0) {
		return s, want
	}
	if strings.Contains(host, ":") {
		a, err := netip.ParseAddr(host)
		if err != nil || !a.Is6() {
			return s, want
		}
		return s, ""
	}
	if host != "" && !hostname(strings.ToLower(host)) {
		return s, want
	}
	return s, ""
}

// clash reports whether two addresses cannot be listened on together: the same
// socket, or the same port on the same host or on every host. Port 0 is any free one.
func clash(a, b string) bool {
	if strings.HasPrefix(a, "unix:") || strings.HasPrefix(b, "unix:") {
		return a == b
	}
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return strings.EqualFold(hostA, hostB) || everyHost(hostA, hostB) || everyHost(hostB, hostA)
}

// everyHost reports whether listening on host a takes the address b as well.
func everyHost(a, b string) bool {
	switch a {
	case "", "::":
		return true
	case "0.0.0.0":
		ip, err := netip.ParseAddr(b)
		return err != nil || ip.Is4()
	}
	return false
}

// loopback reports whether only this machine reaches the address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
