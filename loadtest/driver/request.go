package driver

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Request makes the bytes of a request for an http URL: GET when body is nil, else POST, also with an
// empty one. fields are lines such as "Accept: text/html", without CRLF. It returns where to send it,
// too: a host name is looked up, and the port is 80 when the URL names none. It returns zero values
// and an error when target is no http URL, the name is not found, or a field is not "Name: value". It
// keeps no slice.
func Request(target string, body []byte, fields ...string) (netip.AddrPort, []byte, error) {
	u, err := url.Parse(target)
	if err != nil {
		return netip.AddrPort{}, nil, err
	}
	if u.Scheme != "http" || u.Host == "" {
		return netip.AddrPort{}, nil, fmt.Errorf("%q: want http://host:port/path", target)
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	address, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return netip.AddrPort{}, nil, err
	}
	var text strings.Builder
	method := "GET"
	if body != nil {
		method = "POST"
	}
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, u.RequestURI(), u.Host)
	for _, f := range fields {
		name, _, ok := strings.Cut(f, ":")
		if !ok || name == "" || strings.ContainsAny(f, "\r\n") {
			return netip.AddrPort{}, nil, fmt.Errorf("header %q: want Name: value", f)
		}
		text.WriteString(f + "\r\n")
	}
	if body != nil {
		fmt.Fprintf(&text, "Content-Length: %d\r\n", len(body))
	}
	text.WriteString("\r\n")
	to := address.AddrPort()
	return netip.AddrPortFrom(to.Addr().Unmap(), to.Port()), append([]byte(text.String()), body...), nil
}
