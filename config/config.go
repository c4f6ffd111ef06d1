package config

import (
	"net/netip"

	"penstock/options"
)

// Config is one whole configuration, resolved: nothing in it refers to a default.
// Load, Parse and Default make it; the zero value is not usable. Change it only before others get
// it: afterwards it is read from any goroutine. Its exported fields hold no positions except in
// Warnings: those of two Configs of the same meaning are equal under reflect.DeepEqual.
type Config struct {
	// Listen holds the public addresses, at least one, as written: "host:port", ":port"
	// (both IP versions), "[::1]:8080" or "unix:/path".
	Listen         []string
	Name           string // in Via and Proxy-Status; a token
	Admin          Admin
	Limits         Limits
	Timeouts       Timeouts
	TrustedProxies []netip.Prefix // peers whose forwarding fields and request id are believed; nil means none
	Underscores    string         // treatment of request fields with "_" in their names: UnderscoresDrop or UnderscoresKeep
	Forwarded      bool           // also send Forwarded (RFC 7239)
	Upgrades       []string       // default of Route.Upgrades, lower case
	Trailers       []string       // default of Route.Trailers, field names as written
	Paths          Paths          // default of Route.Paths
	Cache          Store
	Policies       []Policy    // of all routes; those of Routes contain them already
	Upstreams      []*Upstream // in file order, then the inline ones in order of first use; names are unique
	Routes         []*Route    // in file order, which decides nothing
	Log            Log
	Answers        AddedFields

	// Warnings are remarks about a valid file, such as an upstream that no
	// route uses, each with its position. They are for the log.
	Warnings []string

	written writtenAt // where restartKeys stand
}

// Upstream returns the upstream of that name, which for an inline one are its URLs joined by ",";
// nil when there is none. It is the one in c.Upstreams and not a copy. Of a Config from Load or
// Parse it knows only those that were read, not what is appended to c.Upstreams later.
func (c *Config) Upstream(name string) *Upstream {
	if c.written.upstreams != nil {
		return c.written.upstreams[name]
	}
	for _, u := range c.Upstreams {
		if u.Name == name {
			return u
		}
	}
	return nil
}

// The values of Config.Underscores.
const (
	UnderscoresDrop = "drop" // fields with "_" in their names are removed from the request; the default
	UnderscoresKeep = "keep" // they are treated as any other field
)

// addUpstream appends u and makes it known by its name.
func (c *Config) addUpstream(u *Upstream) {
	c.Upstreams = append(c.Upstreams, u)
	if c.written.upstreams == nil {
		c.written.upstreams = make(map[string]*Upstream)
	}
	c.written.upstreams[u.Name] = u
}

// section declares the keys of a file, those of a table of policies included. Routes
// come after what they start from.
func (c *Config) section(policies []options.Policy) *options.Section {
	return &options.Section{Block: true, Anchors: true, Keys: func(k options.Keys) {
		k.Names("listen", &c.Listen, "of addresses: `\":8080\"` (both IP versions), `\"host:port\"`, `\"[::1]:8080\"`, `\"unix:/path\"`; port 0 is any free one",
			options.Checked(listenAddress), options.Default(":8080"), options.NotEmpty("got no address, want at least one"), options.Restart, options.MappingLater)
		k.Text("name", &c.Name, "what `Via` and `Proxy-Status` call this gateway; instances may share it",
			options.Checked(gatewayName), options.Default("penstock"))
		k.Add("admin", &options.Section{Form: "an address for `listen`, `off`, or a mapping", Keys: c.Admin.Keys}, "", options.Restart)
		k.Section("limits", c.Limits.Keys, "")
		k.Section("timeouts", c.Timeouts.Keys, "`connect` to `body_idle` also per route", options.Lines)
		k.Networks("trusted_proxies", &c.TrustedProxies, "their `X-Forwarded-*` and request id are believed; from others they are replaced")
		k.Switch("forwarded", &c.Forwarded, false, "also send `Forwarded` (RFC 7239)")
		k.Choice("underscores", &c.Underscores, []string{UnderscoresDrop, UnderscoresKeep},
			"what becomes of request fields with `_` in their names, see [http.md](http.md#fields-with-underscores)")
		k.Names("upgrades", &c.Upgrades, "of protocols that may be tunnelled, or `off`; `h2c` is refused; also per route",
			options.Checked(protocolName), options.Default("websocket"))
		k.Names("trailers", &c.Trailers, "of trailer fields that are passed on, both ways, or `off`; also per route", options.Checked(trailerName))
		k.Section("paths", c.Paths.Keys, "see [Paths](#paths); also per route")
		k.Section("cache", c.Cache.Keys, "the store that all routes with a cache share, see [Cache](#cache). It lies outside the Go heap and is taken as it fills")
		c.policyKeys(k, policies)
		k.Add("upstreams", &upstreams{c: c}, "", options.Means("none"))
		k.Add("routes", c.routes(policies), "", options.Means("required"))
		k.Section("log", c.Log.Keys, "", options.Lines)
		k.Section("answers", c.Answers.Keys, "")
		k.Later("acme", "tls", "auth", "purge", "stores", "identities", "policies", "forward_proxy", "tracing",
			"alerts", "profiles", "top")
		k.Foreign(foreignTop)
	}}
}

// Rows returns a line of documentation for every key that a file may have, in the
// order of the documentation. Paths are those of options.Section.Walk. Without policies the keys
// of policies are missing.
func Rows(policies ...options.Policy) []options.Row { return Default().section(policies).Rows() }

// Schema returns a JSON Schema of a configuration file, for editors. Without policies it refuses
// the keys of policies. The error is that of options.Section.Schema.
func Schema(policies ...options.Policy) ([]byte, error) {
	return Default().section(policies).Schema("Penstock's configuration")
}
