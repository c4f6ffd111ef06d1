package config

import (
	"fmt"
	"net"
	"strings"
	"time"

	"penstock/options"
)

// Upstream is a named set of backends and how they are used. Routes share it. Start from
// DefaultUpstream: the zero value is not usable.
type Upstream struct {
	// Name is the key in the file. An inline upstream is named by its URLs,
	// joined by ",": equal lists in several routes are one upstream.
	Name        string
	Inline      bool // written in a route, with every default
	Balance     Balance
	Backends    []Backend // at least one; addresses are unique, those of an inline one only for each Scheme
	Host        HostPolicy
	Pool        Pool
	Concurrency Concurrency
	Queue       Share
	RetryBudget RetryBudget
	Eject       Eject
	Health      Health
	Breaker     Breaker
	SlowStart   time.Duration // how long the share of a backend that is new or has come back grows; zero means off
	Panic       float64       // usable share of the weight without backups below which ejections are ignored while no backup is usable, 0..1; zero: only when none is usable
	DNS         DNS
	TLS         TLS // for https backends
}

// Keys declares the keys of an upstream. One URL or a list of backends is short for
// the mapping.
func (u *Upstream) Keys(k options.Keys) {
	backends := u.backends()
	k.Itself(&options.Phrase{Form: "a URL", Texts: urlShape(), Read: u.setBackend})
	short := *backends
	short.All = nil
	k.Itself(&short)
	k.Add("balance", u.Balance.section(), "")
	k.Add("backends", backends, "", options.Required)
	k.Add("host", u.Host.phrase(), "the `Host` that backends see: the client's, the URL's, or a fixed one; SNI never follows it")
	k.Section("pool", u.Pool.Keys, "connections to each backend")
	k.Add("concurrency", u.Concurrency.section(),
		"attempts that wait for a response head of one backend: a limit that follows what the backend can do, the same limit only shown, or a fixed one; "+
			"[resilience.md](resilience.md#concurrency)")
	k.Add("queue", u.Queue.section(),
		"this upstream's part of the waiting room; with `off` requests are refused when no backend has room, or wait in `pool.queue`")
	k.Add("retry_budget", &options.Section{Form: "mapping, or `off`", Keys: u.RetryBudget.Keys}, "`off` sets no bound on retries")
	k.Add("eject", &options.Section{Form: "mapping, or `off`", Keys: u.Eject.Keys, Check: u.Eject.Check},
		"a backend that fails is left out for a while; [resilience.md](resilience.md#ejection)")
	k.Add("health", u.Health.section(), "each backend is checked again and again; [resilience.md](resilience.md#health-checks)")
	k.Add("breaker", u.Breaker.section(), "no requests to a backend that fails, even if it is the last one; [resilience.md](resilience.md#breaker)")
	k.Duration("slow_start", &u.SlowStart, 0, "how long the share of a backend grows to its weight when it is new or was away for 10s", options.Off)
	k.Share("panic", &u.Panic, 0, "of the weight that must be usable; below it ejections and health checks are ignored. `0%`: only when nothing is left")
	k.Section("dns", u.DNS.Keys, "")
	k.Add("tls", &options.Section{Keys: u.TLS.Keys, Block: true, Hidden: u.TLS == (TLS{})}, "for https:// backends", options.Means("none"))
	k.Later("protocol", "http2", "send_proxy", "via", "sticky", "discover")
	k.Foreign(foreignUpstream)
}

// setBackend stores the only backend of an upstream.
func (u *Upstream) setBackend(text string) (wrong string) {
	b, wrong := readBackend(text)
	if wrong == "" {
		u.Backends = append(u.Backends, b)
	}
	return wrong
}

// backends declares one backend or a list of them, each a URL or a mapping.
func (u *Upstream) backends() *options.Sections {
	var next Backend
	var seen map[string]bool
	return &options.Sections{
		Form:   "a URL, or a list of URLs and mappings",
		Single: true,
		Empty:  "got no backend, want at least one URL",
		Clear:  func() { u.Backends, seen = nil, make(map[string]bool) },
		Add: func() *options.Section {
			next = Backend{Weight: 1}
			return options.SectionOf(&next)
		},
		Added: func() (wrong string) {
			address := next.Address()
			if seen[address] {
				return fmt.Sprintf("backend %q occurs twice; give it a weight instead", address)
			}
			seen[address] = true
			u.Backends = append(u.Backends, next)
			return ""
		},
		Model: func() *options.Section { return options.SectionOf(new(Backend)) },
		All: func() []*options.Section {
			all := make([]*options.Section, len(u.Backends))
			for i := range u.Backends {
				all[i] = options.SectionOf(&u.Backends[i])
			}
			return all
		},
	}
}

// upstreams is the mapping of names to upstreams at the top of a file.
type upstreams struct {
	c        *Config
	standard *Upstream // what each begins with; nil before the first
}

// Reset makes the map empty.
func (m *upstreams) Reset() { m.Clear() }

// Takes returns the form in the words of the documentation.
func (m *upstreams) Takes() string {
	return "mapping of names (letters, digits, `_`, `-`, `.`) to a URL, a list of URLs, or a mapping"
}

// Names returns which names an upstream may have.
func (m *upstreams) Names() options.Shape { return options.Shape{Pattern: `[-_.0-9A-Za-z]+`} }

// Model returns the section of an upstream.
func (m *upstreams) Model() options.Value { return DefaultUpstream().section() }

// Clear makes the map empty.
func (m *upstreams) Clear() { m.c.Upstreams = nil }

// At adds an upstream with every default, even when its name is not allowed; wrong is then the
// problem.
func (m *upstreams) At(name string) (value options.Value, wrong string) {
	if !upstreamName(name) {
		wrong = "want a name of letters, digits, _, - and ."
	}
	if m.standard == nil {
		m.standard = DefaultUpstream()
	}
	u := new(Upstream)
	*u = *m.standard
	u.Name = name
	m.c.addUpstream(u)
	return u.section(), wrong
}

func upstreamName(s string) bool { return word(strings.ReplaceAll(s, ".", "_")) }

// All returns the upstreams of the file; inline ones stand in their routes.
func (m *upstreams) All() []options.Entry {
	var all []options.Entry
	for _, u := range m.c.Upstreams {
		if !u.Inline {
			all = append(all, options.Entry{Name: u.Name, Value: u.section(), Plain: true})
		}
	}
	return all
}

func (u *Upstream) section() *options.Section {
	return &options.Section{Keys: u.Keys, Check: u.check, Block: true}
}

// Scheme is how the gateway connects to a backend. The zero value is HTTP.
type Scheme uint8

// The schemes of a backend's URL.
const (
	HTTP  Scheme = iota // plain TCP
	HTTPS               // TLS over TCP
	Unix                // plain, over a Unix domain socket
	schemeCount
)

var schemeText = [schemeCount]string{HTTP: "http", HTTPS: "https", Unix: "unix"}

// String returns the scheme as a URL has it: "http", "https" or "unix". It panics for a value that
// is none of the constants.
func (s Scheme) String() string { return schemeText[s] }

// Backend is one entry under backends. A name that resolves to several
// addresses becomes as many running backends, each with this weight. The zero value is not usable:
// it has no address, and its weight is 0, not the default of 1.
type Backend struct {
	Scheme Scheme
	Host   string // name or IP address, lower case, without brackets; empty for Unix
	Port   string // decimal, the scheme's default when not written; empty for Unix
	Socket string // absolute path of the socket; empty unless Unix
	Weight int    // 0..1000; 0 drains it
	Backup bool   // used only when the others are down
}

// maxWeight is the largest weight of a backend or of a route's target.
const maxWeight = 1000

// Keys declares the keys of a backend. A URL alone may replace the mapping.
func (b *Backend) Keys(k options.Keys) {
	url := options.Phrase{Form: "URL", Read: b.setURL, Texts: urlShape()}
	k.Itself(&url)
	printed := url
	printed.Text = func() (string, options.Style) { return b.URL(), options.Quoted }
	k.Add("url", &printed, "`\"http://host:port\"`, `\"https://host:port\"` (ports 80 and 443 may be left out), `\"unix:/path\"`; without a path",
		options.Required)
	k.Count("weight", &b.Weight, 1, "its share of the requests; 0 drains it", options.Within(0, maxWeight))
	k.Switch("backup", &b.Backup, false, "used only when the others are down", options.Quiet, options.Means("`off`"))
}

func (b *Backend) setURL(s string) (wrong string) {
	got, wrong := readBackend(s)
	if wrong == "" {
		b.Scheme, b.Host, b.Port, b.Socket = got.Scheme, got.Host, got.Port, got.Socket
	}
	return wrong
}

// readBackend reads the URL of a backend. The message has no password.
func readBackend(s string) (b Backend, wrong string) {
	if wrong := options.OneLine(s); wrong != "" {
		return b, wrong
	}
	b, wrong = parseBackend(s)
	url, parameters, several := strings.Cut(s, " ")
	switch {
	case wrong != "" && several && (address(url) || isURL(url)) && (strings.Contains(parameters, "=") || parameters == "backup"):
		wrong = fmt.Sprintf("got %q, want a URL alone; write %s", shown(s), backendMapping(url, parameters))
	case wrong != "" && address(s):
		wrong = fmt.Sprintf(`got %q, want a URL; write "http://%s"`, s, s)
	case wrong != "":
		wrong = fmt.Sprintf("got %q, %s", shown(s), wrong)
	}
	return b, wrong
}

// backendMapping writes a backend of nginx or HAProxy, "host:port weight=3 backup", as the
// mapping that it is here.
func backendMapping(url, parameters string) string {
	if address(url) {
		url = "http://" + url
	}
	text := fmt.Sprintf("{ url: %q", shown(url))
	for p := range strings.FieldsSeq(parameters) {
		if weight, found := strings.CutPrefix(p, "weight="); found && options.Digits(weight) {
			text += ", weight: " + weight
		} else if p == "backup" {
			text += ", backup: on"
		}
	}
	return text + " }"
}

// address reports whether s is host:port, or a host that can be no other name.
func address(s string) bool {
	lower := strings.ToLower(s)
	return authority(lower) && (!hostname(lower) || strings.Contains(lower, ".") || lower == "localhost")
}

// urlShape is the shape of the URL of a backend.
func urlShape() options.Shape { return options.Shape{Pattern: "https?://[^/?#@]+/?|unix:(//)?/.+"} }

// Address names the backend in Route.Weights and in labels: "host:port", "[::1]:port" or
// "unix:/path". It is the configured address, before names are resolved, without the scheme.
func (b *Backend) Address() string {
	if b.Scheme == Unix {
		return "unix:" + b.Socket
	}
	return net.JoinHostPort(b.Host, b.Port)
}

// URL writes the backend as it may stand in the file: "http://host:port", "https://host:port" or
// "unix:/path", always with its port. It panics when b.Scheme is none of the constants.
func (b *Backend) URL() string {
	if b.Scheme == Unix {
		return b.Address()
	}
	return b.Scheme.String() + "://" + b.Address()
}
