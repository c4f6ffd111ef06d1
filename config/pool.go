package config

import (
	"fmt"
	"math"
	"strings"
	"time"

	"penstock/options"
)

// HostMode says which Host a backend sees. The zero value is HostPreserve.
type HostMode uint8

// The host policies.
const (
	HostPreserve HostMode = iota // the client's
	HostUpstream                 // the authority of the backend's URL
	HostFixed                    // HostPolicy.Name
)

// HostPolicy is the Host field sent to backends. The zero value preserves the client's. SNI never
// depends on it.
type HostPolicy struct {
	Mode HostMode
	Name string // only for HostFixed: host or host:port, lower case; else empty
}

// phrase declares `host`.
func (h *HostPolicy) phrase() *options.Phrase {
	return &options.Phrase{
		Form:    "`preserve`, `upstream`, or a fixed host or host:port",
		Default: func() { *h = HostPolicy{} },
		Read:    h.set,
		Text: func() (string, options.Style) {
			switch h.Mode {
			case HostPreserve:
				return "preserve", options.Plain
			case HostUpstream:
				return "upstream", options.Plain
			}
			return h.Name, options.Quoted
		},
		Texts: options.Shape{Pattern: `[-.:_\[\]0-9A-Za-z]+`},
	}
}

func (h *HostPolicy) set(s string) (wrong string) {
	lower := strings.ToLower(s)
	switch {
	case options.OneLine(s) != "":
		return options.OneLine(s)
	case s == "preserve":
		*h = HostPolicy{Mode: HostPreserve}
	case s == "upstream":
		*h = HostPolicy{Mode: HostUpstream}
	case !authority(lower):
		return fmt.Sprintf("got %q, want preserve, upstream or a fixed host", s)
	default:
		*h = HostPolicy{Mode: HostFixed, Name: lower}
	}
	return ""
}

// Pool bounds the connections to each backend. The zero value is not usable; DefaultUpstream has
// the defaults.
type Pool struct {
	Max          int           // open connections, at least 1
	Tunnels      float64       // open tunnels as a share of Max, counted apart from it, 0..1; zero means none
	Slow         float64       // connections that slow transfers may occupy, as a share of Max, 0..1; zero means none
	Idle         int           // connections kept idle, 0..Max; zero keeps none
	IdleTimeout  time.Duration // an idle one is closed after this; never zero
	MaxAge       time.Duration // a connection is not used again after this; zero means any age
	Queue        int           // requests waiting for a connection; zero means none waits
	QueueTimeout time.Duration // the longest wait; never zero while Queue > 0
}

// Keys declares the keys of `pool`.
func (p *Pool) Keys(k options.Keys) {
	k.Count("max", &p.Max, 512, "open connections", options.Within(1, maxCount))
	k.Share("tunnels", &p.Tunnels, 0.5, "open tunnels, as a share of `max`, counted apart from it; above it 503 `tunnels-full`")
	k.Share("slow", &p.Slow, 0.5, "connections that slow transfers may occupy, as a share of `max`: those that moved less than 64 KiB in 10 s because of "+
		"their clients. When one more becomes slow, the slowest is ended, `too-many-slow`")
	k.Count("idle", &p.Idle, 64, "connections that are kept idle, at most `max`", options.Within(0, maxCount))
	k.Duration("idle_timeout", &p.IdleTimeout, 4*time.Second,
		"an idle connection is closed after it; keep it below the backend's own (Node's is 5 s)")
	k.Duration("max_age", &p.MaxAge, 10*time.Minute, "a connection is not used again after it", options.Off)
	k.Count("queue", &p.Queue, 256, "requests that may wait for a connection", options.Within(0, maxCount), options.Off)
	k.Duration("queue_timeout", &p.QueueTimeout, 250*time.Millisecond, "the longest wait; then 503")
}

// Places returns how many tunnels may be open to a backend: Tunnels of Max, rounded; zero when
// Tunnels is, else at least one.
func (p *Pool) Places() int { return p.share(p.Tunnels) }

// SlowPlaces returns how many connections to a backend slow transfers may occupy: Slow of Max,
// rounded; zero when Slow is, else at least one.
func (p *Pool) SlowPlaces() int { return p.share(p.Slow) }

func (p *Pool) share(of float64) int {
	if of == 0 {
		return 0
	}
	return max(1, int(math.Round(of*float64(p.Max))))
}

// RetryBudget bounds retries over all routes of an upstream. The zero value allows no retry; Off
// allows all.
type RetryBudget struct {
	Off   bool    // no bound at all; Ratio and Floor are then zero and unused
	Ratio float64 // retries as a share of recent requests, 0..1
	Floor float64 // retries per second that are always allowed
}

// Keys declares the keys of `retry_budget`.
func (b *RetryBudget) Keys(k options.Keys) {
	k.Itself(offWord(func() { *b = RetryBudget{Off: true} }, func() bool { return b.Off }))
	k.Share("ratio", &b.Ratio, 0.1, "retries among recent requests")
	k.Rate("floor", &b.Floor, 10, "retries that are always allowed")
}

// offWord is `off` in place of a mapping: set stores it, isOff reports that it is stored.
func offWord(set func(), isOff func() bool) *options.Phrase {
	return &options.Phrase{
		Form: "`off`",
		Read: func(text string) (wrong string) {
			if !options.IsOff(text) {
				return fmt.Sprintf("got %q, want a mapping (key: value)", text)
			}
			set()
			return ""
		},
		Text: func() (string, options.Style) {
			if isOff() {
				return "off", options.Plain
			}
			return "", options.Absent
		},
		Texts: options.Shape{Off: true},
	}
}

// DNS says how often the names of backends are resolved.
type DNS struct {
	Refresh time.Duration // time between resolutions; never zero
}

// Keys declares the keys of `dns`.
func (n *DNS) Keys(k options.Keys) {
	k.Duration("refresh", &n.Refresh, 10*time.Second, "time between two resolutions of a name")
}

// TLS is for https backends. File names are absolute. The zero value verifies
// against the system's roots by the URL's host.
type TLS struct {
	CA       string // PEM file of roots that replace the system's; empty means those
	Name     string // SNI and verified name; empty means the URL's host
	Cert     string // PEM file of the client certificate; empty means none
	Key      string // PEM file of its key; set exactly when Cert is
	Insecure bool   // do not verify at all
}

// Keys declares the keys of an upstream's `tls`.
func (t *TLS) Keys(k options.Keys) {
	k.File("ca", &t.CA, "PEM, the roots to trust in place of the system's")
	k.Text("name", &t.Name, "host name for SNI and verification", options.Means("the URL's host"),
		options.Checked(func(s string) (shaped, wrong string) {
			lower := strings.ToLower(s)
			if !hostname(lower) {
				return s, "want a host name"
			}
			return lower, ""
		}))
	k.File("cert", &t.Cert, "PEM, the client certificate")
	k.File("key", &t.Key, "PEM, its key")
	k.Switch("insecure", &t.Insecure, false, "do not verify backends; warned about at every load")
}
