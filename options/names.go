package options

import "strings"

// Token reports whether s is a token (RFC 9110 §5.6.2), as field names,
// methods and protocols are. The empty text is none.
func Token(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte("-._~!#$%&'*+^`|", c) < 0 {
			return false
		}
	}
	return s != ""
}

// ownFields are fields that the gateway alone writes: connection, framing and
// routing (RFC 9110 §7.6.1, RFC 9112 §6).
var ownFields = []string{
	"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
	"content-length", "host", "expect", "proxy-authenticate", "proxy-authorization",
}

// OwnField reports whether name, in any case, is a field of the connection, of framing or of
// routing that no file may write, such as Connection, Content-Length, Host and Expect. Others that
// the gateway writes, such as Via, CDN-Loop and X-Forwarded-For, are not among them.
func OwnField(name string) bool { return Contains(ownFields, name) }

// FieldName judges the name of a field that a file wants written or removed: it is a Check. shaped
// is always s; wrong is "" for a valid name, and else the problem: no token, or an OwnField. Names
// that only edits refuse, such as Via, are valid here.
func FieldName(s string) (shaped, wrong string) {
	switch {
	case !Token(s):
		return s, "want the name of a header field"
	case OwnField(s):
		return s, "which the gateway alone writes"
	}
	return s, ""
}

// SecretField reports whether a field of that name usually carries a secret, which is then not
// shown: in any case the name contains authorization, cookie, token, secret, password, api-key or
// apikey.
func SecretField(name string) bool {
	lower := strings.ToLower(name)
	for _, part := range []string{"authorization", "cookie", "token", "secret", "password", "api-key", "apikey"} {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return false
}

// Contains reports whether s is in all. It compares without regard to case, as strings.EqualFold.
func Contains(all []string, s string) bool {
	for _, a := range all {
		if strings.EqualFold(a, s) {
			return true
		}
	}
	return false
}
