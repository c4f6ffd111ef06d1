package admin

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
)

// need is the condition that a request must meet.
type need uint8

const (
	vital  need = iota // nothing, and connections are kept for it: health
	open               // nothing: metrics
	read               // a trustworthy Host; the token when the listener is not local
	change             // that, the token whenever one is set, and no other web site that caused it
)

// refusal is why a request is not served. The zero value is none.
type refusal struct {
	status int
	detail string
}

// gate decides who may ask for what.
type gate struct {
	local    bool // only this machine reaches the listener
	hasToken bool
	token    [sha256.Size]byte // hashed, so that comparing takes the same time for any length
	names    []string          // host names that requests may use
}

func newGate(o Options, bound net.Addr) *gate {
	g := &gate{hasToken: o.Token != "", token: sha256.Sum256([]byte(o.Token)), names: append([]string{"localhost"}, o.Names...)}
	switch a := bound.(type) {
	case *net.TCPAddr:
		g.local = a.IP.IsLoopback()
	case *net.UnixAddr:
		g.local = true
	}
	if host, _, err := net.SplitHostPort(o.Address); err == nil && host != "" && !strings.HasPrefix(o.Address, "unix:") {
		g.names = append(g.names, host)
	}
	return g
}

// check returns why the request r may not have what needs n.
func (g *gate) check(n need, r *fasthttp.Request) refusal {
	h := &r.Header
	if n <= open {
		return refusal{}
	}
	if !g.local && !g.hasToken {
		return refusal{403, "The admin listener is not on a loopback address and has no token: only /healthz, /readyz and /metrics are served. Set admin.token."}
	}
	if !g.knownHost(h.Host()) {
		return refusal{403, "Host must be an IP address, localhost or the name in admin.listen."}
	}
	if why := foreign(n, h); why != "" {
		return refusal{403, why}
	}
	if n == change && !jsonOrEmpty(r) {
		return refusal{415, "Content-Type must be application/json."}
	}
	if g.hasToken && (n == change || !g.local) && !g.authorized(h.Peek("Authorization")) {
		return refusal{401, "This needs the header Authorization: Bearer with the token of admin.token."}
	}
	return refusal{}
}

// knownHost reports whether host cannot be a name that an attacker made point here
// (DNS rebinding).
func (g *gate) knownHost(host []byte) bool {
	name := string(host)
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	} else {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return slices.ContainsFunc(g.names, func(n string) bool { return strings.EqualFold(n, name) })
}

// authorized compares the credentials with the token in constant time (RFC 6750 §2.1).
func (g *gate) authorized(credentials []byte) bool {
	scheme, token, _ := bytes.Cut(credentials, []byte(" "))
	sum := sha256.Sum256(token)
	return bytes.EqualFold(scheme, []byte("Bearer")) && subtle.ConstantTimeCompare(sum[:], g.token[:]) == 1
}

// foreign returns why the request seems to come from another web site, "" when it
// does not. Browsers send Origin and Sec-Fetch-Site, older ones Referer; a script
// cannot remove or change these. Reading by a link on another site is allowed, because
// that site does not see the response.
func foreign(n need, h *fasthttp.RequestHeader) string {
	host := string(h.Host())
	origins := h.PeekAll("Origin")
	for _, origin := range origins {
		if !sameHost(string(origin), host) {
			return "The Origin of the request is not this listener."
		}
	}
	switch string(h.Peek("Sec-Fetch-Site")) {
	case "", "none", "same-origin":
	default:
		if n == change || string(h.Peek("Sec-Fetch-Mode")) != "navigate" {
			return "The request comes from another web site."
		}
	}
	if referer := h.Peek("Referer"); n == change && len(origins) == 0 && len(referer) > 0 && !sameHost(string(referer), host) {
		return "The Referer of the request is not this listener."
	}
	return ""
}

// sameHost reports whether a URL or an origin has this host and port.
func sameHost(raw, host string) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, host)
}

// jsonOrEmpty reports whether the body is JSON by its type, or there is neither type
// nor body. A form on another site can send only other types.
func jsonOrEmpty(r *fasthttp.Request) bool {
	value := string(r.Header.ContentType())
	if value == "" {
		return len(r.Body()) == 0
	}
	mediaType, _, _ := strings.Cut(value, ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), "application/json")
}
