package config

import (
	"net/netip"
)

// Config is one whole configuration, resolved: nothing in it refers to a default.
// It is made by Load, Parse or Default and is never written afterwards, so it may
// be read from any goroutine. It holds no positions: two Configs of the same
// meaning are equal under reflect.DeepEqual, wherever their keys stand.
type Config struct {
	// Listen holds the public addresses, at least one: "host:port", ":port"
	// (both IP versions), "[::1]:8080" or "unix:/path".
	Listen         []string
	Admin          Admin
	Limits         Limits
	Timeouts       Timeouts
	TrustedProxies []netip.Prefix // peers whose forwarding fields and request id are believed; nil means none
	Forwarded      bool           // also send Forwarded (RFC 7239)
	Upgrades       []string       // default of Route.Upgrades, lower case
	Trailers       []string       // default of Route.Trailers, field names as written
	Paths          Paths          // default of Route.Paths
	Cache          Store
	Upstreams      []*Upstream // in file order, then the inline ones in order of first use; names are unique
	Routes         []*Route    // in file order, which decides nothing
	Log            Log
	Answers        Answers

	// Warnings are remarks about a valid file, such as an upstream that no
	// route uses, each with its position. They are for the log.
	Warnings []string

	written writtenAt // where restartKeys stand
}

// Upstream returns the upstream of that name, nil when there is none.
func (c *Config) Upstream(name string) *Upstream {
	for _, u := range c.Upstreams {
		if u.Name == name {
			return u
		}
	}
	return nil
}
