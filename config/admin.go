package config

import (
	"strings"

	"penstock/options"
)

// Admin is the listener for operators.
type Admin struct {
	Listen string // "host:port" or "unix:/path"; empty means off
	Token  string // bearer token that changes of state need, and beyond loopback all but health and metrics; empty means none
}

// Keys declares the keys of `admin`.
func (a *Admin) Keys(k options.Keys) {
	listen := []options.Rule{options.Off, options.Checked(listenAddress), options.Default("127.0.0.1:9901")}
	k.Itself(options.Short(options.TextOf(&a.Listen, listen...)))
	k.Text("listen", &a.Listen, "the address", append(listen, options.Restart)...)
	k.Secret("token", &a.Token, "one word, sent as `Authorization: Bearer TOKEN`; needed by everything that changes state, "+
		"and beyond loopback by all but health and metrics. Beyond loopback without one: health and metrics only",
		options.AnyText, options.Checked(tokenText), options.Restart)
}

// tokenText judges the token of the admin listener.
func tokenText(s string) (shaped, wrong string) {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return s, "want letters, digits and signs of ASCII, without blanks"
	}
	return s, ""
}
