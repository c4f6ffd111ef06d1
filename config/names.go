package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"penstock/options"
)

// noTrailers are fields that have no meaning, or a dangerous one, after a body
// (RFC 9110 §6.5.1): all that headers.TrailerAllowed refuses, and three more.
var noTrailers = []string{
	"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
	"proxy-authenticate", "proxy-authorization", "proxy-authentication-info", "expect", "http2-settings",
	"host", "via", "cdn-loop", "forwarded", "x-real-ip", "authorization", "www-authenticate", "cookie", "set-cookie",
	"content-length", "content-type", "content-encoding", "content-range",
	"range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
	"cache-control", "cdn-cache-control", "age", "expires", "date", "location", "retry-after", "vary",
	"max-forwards", "pragma", "warning",
}

// trailerName checks the name of a trailer field that is to be passed on. A name with "_" for "-"
// is refused with the one that it looks like.
func trailerName(s string) (shaped, wrong string) {
	shaped, wrong = options.FieldName(s)
	name := strings.ReplaceAll(strings.ToLower(s), "_", "-")
	if wrong == "" && (options.Contains(noTrailers, name) || strings.HasPrefix(name, "x-forwarded-")) {
		return s, "which must not stand in a trailer (RFC 9110 section 6.5.1)"
	}
	return shaped, wrong
}

// gatewayName checks what the gateway calls itself (RFC 9110 §7.6.3: a pseudonym).
func gatewayName(s string) (shaped, wrong string) {
	if !options.Token(s) || len(s) > 64 {
		return s, "want a name such as edge-1: at most 64 letters, digits and -._~!#$%&'*+^`|"
	}
	return s, ""
}

// methodName checks a method. Methods are case-sensitive (RFC 9110 §9.1).
func methodName(s string) (shaped, wrong string) {
	upper := strings.ToUpper(s)
	switch {
	case !options.Token(s):
		return s, "want a method such as GET"
	case s != upper:
		return s, "want " + upper + "; methods are case-sensitive"
	case s == "CONNECT":
		return s, "which a gateway does not serve"
	case s == "PURGE":
		return s, "which never gets to a route; see cache.purge_from"
	}
	return s, ""
}

// protocolName checks what may be tunnelled.
func protocolName(s string) (shaped, wrong string) {
	lower := strings.ToLower(s)
	switch {
	case !options.Token(strings.Replace(s, "/", "", 1)):
		return s, "want the name of a protocol such as websocket"
	case lower == "h2c":
		return s, "which is refused: requests inside it would pass every rule of the gateway unseen"
	}
	return lower, ""
}

// hostPattern checks a host of a route: exact or "*." before a name.
func hostPattern(s string) (shaped, wrong string) {
	lower := strings.TrimSuffix(strings.ToLower(s), ".")
	name, _ := strings.CutPrefix(lower, "*.")
	switch {
	case s == "*":
		return s, "leave host out to take any"
	case strings.Contains(s, "*") && strings.Contains(name, "*"):
		return s, `want * only as the first label, as in "*.example.com"`
	case strings.Contains(s, "://"):
		return s, "want a host without a scheme"
	case strings.HasPrefix(s, ".") && hostname(s[1:]):
		return s, `write "*` + s + `" for its subdomains; it itself is another entry`
	case !hostname(name):
		return s, `want a host such as api.example.com or "*.example.com", without a port`
	}
	return lower, ""
}

// hostname reports whether s is a lower-case name or IP address without port.
func hostname(s string) bool {
	if inner, found := strings.CutPrefix(s, "["); found {
		a, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return err == nil && a.Is6() && a.Zone() == "" && strings.HasSuffix(s, "]")
	}
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, notInLabel) {
			return false
		}
	}
	return true
}

func notInLabel(r rune) bool {
	return r != '-' && r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
}

// authority reports whether s is a lower-case host, or host:port.
func authority(s string) bool {
	if hostname(s) {
		return true
	}
	i := strings.LastIndexByte(s, ':')
	return i > 0 && hostname(s[:i]) && port(s[i+1:], 1)
}

// port reports whether s is a decimal port, at least low.
func port(s string, low int) bool {
	n, err := strconv.Atoi(s)
	return err == nil && options.Digits(s) && s == strconv.Itoa(n) && n >= low && n <= 65535
}

// isURL reports whether the value of an upstream is a URL rather than a name.
func isURL(s string) bool {
	return strings.Contains(s, "://") || strings.HasPrefix(s, "unix:")
}

// shown is s without the password that a URL in it may carry.
func shown(s string) string {
	if u, err := url.Parse(s); err == nil {
		return u.Redacted()
	}
	return s
}

// parseBackend reads the URL of a backend; wrong is its problem.
func parseBackend(s string) (b Backend, wrong string) {
	const want = `want "http://host:port", "https://host:port" or "unix:/path"`
	b.Weight = 1
	if path, found := strings.CutPrefix(s, "unix:"); found {
		path = strings.TrimPrefix(path, "//")
		b.Scheme, b.Socket = Unix, path
		if !strings.HasPrefix(path, "/") {
			return b, `want the absolute path of a socket, "unix:/path"`
		}
		return b, ""
	}
	u, err := url.Parse(s)
	if err != nil {
		return b, want
	}
	i := slices.Index(schemeText[:Unix], u.Scheme)
	switch {
	case i < 0:
		return b, want
	case u.User != nil:
		return b, "want no user or password in it; set Authorization under headers.request"
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return b, "want no path or query; a route's rewrite changes the path"
	}
	b.Scheme, b.Host, b.Port = Scheme(i), strings.ToLower(u.Hostname()), u.Port()
	if b.Port == "" {
		b.Port = map[Scheme]string{HTTP: "80", HTTPS: "443"}[b.Scheme]
	}
	bracketed := b.Host
	if strings.Contains(b.Host, ":") {
		bracketed = "[" + b.Host + "]"
	}
	if !hostname(bracketed) || !port(b.Port, 1) || strings.HasSuffix(u.Host, ":") {
		return b, want
	}
	return b, ""
}
