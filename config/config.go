package config

import (
	"log/slog"
	"net/netip"
	"time"
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

// Admin is the listener for operators.
type Admin struct {
	Listen string // "host:port" or "unix:/path"; empty means off
	Token  string // bearer token that changes of state want; empty means none
}

// Unlimited is the value of a limit that was switched off.
const Unlimited = -1

// Limits bound what the whole gateway takes on.
type Limits struct {
	Connections int   // open client connections, at least 1
	PerIP       int   // open connections of one client's address; zero means off
	Requests    int   // requests in flight, at least 1
	Body        int64 // bytes of a request body; Unlimited for off; default of Route.MaxBody
	HeaderBytes int   // bytes of a request head: request line and fields
	Headers     int   // fields of a request head, at least 1
	URI         int   // bytes of a request target, at most HeaderBytes

	RequestsPerConnection int // answers on one client connection before it is closed; zero means off
}

// Timeouts bound the phases of an exchange. Zero means none.
type Timeouts struct {
	Header    time.Duration // a client's request head, from its first byte; never zero
	Connect   time.Duration // TCP and TLS to a backend; never zero
	FirstByte time.Duration // per try: request sent to response head
	Request   time.Duration // all until the response head is sent, less the time in which the request body moves
	BodyIdle  time.Duration // no byte moved in a body, stream or tunnel, either direction
	Idle      time.Duration // a client's keep-alive connection between requests
	Drain     Drain
}

// Drain says how the gateway leaves on SIGTERM.
type Drain struct {
	Delay    time.Duration // not ready but still accepting; zero means none
	Deadline time.Duration // at most this long for what is still open, counted after Delay
}

// Log is the process log and the access log.
type Log struct {
	Level  slog.Level
	Access *Access // nil means off
}

// Access is the log of requests.
type Access struct {
	File   string       // "stdout", "stderr" or an absolute path
	Format AccessFormat // JSON lines unless told otherwise
	Sample float64      // share of requests written, 0..1
	Always Always       // written whatever Sample says
}

// AccessFormat is how one request is written to the access log.
type AccessFormat uint8

// The formats of the access log.
const (
	JSON AccessFormat = iota // one JSON object per line
	Text                     // one readable line
	formatCount
)

var formatText = [formatCount]string{JSON: "json", Text: "text"}

func (f AccessFormat) String() string { return formatText[f] }

// Always lists the requests that sampling never drops.
type Always struct {
	Statuses   Statuses      // nil means none
	SlowerThan time.Duration // zero means none
}

// Answers are the fields that the gateway adds to its responses.
type Answers struct {
	CacheStatus bool   // Cache-Status on answers of routes with a cache (RFC 9211)
	ProxyStatus bool   // Proxy-Status on faults (RFC 9209)
	RequestID   string // name of the field with the request's id, both ways, as written; empty means off
}
