package admin

import (
	"context"
	"errors"
	"io"
	"time"

	"penstock/exchange"
)

// ErrNotFound is wrapped by Balancer.SetBackend when there is no such upstream or backend.
var ErrNotFound = errors.New("not found")

// Readiness tells whether traffic should be sent here.
type Readiness interface {
	// Ready returns nil when the gateway serves, else why not: "starting", "draining".
	Ready() error
}

// Views shows the configuration in use and the present state of the backends.
type Views interface {
	Generation() uint64
	Routes() []Route
	Upstreams() []Upstream
}

// Balancer changes backends while the gateway runs.
type Balancer interface {
	// SetBackend applies what is set in c. The change lasts until the backend's own
	// entry in the configuration changes. Errors wrap ErrNotFound or tell what is
	// wrong with the change.
	SetBackend(upstream, address string, c Change) error
}

// Reloader loads the configuration anew.
type Reloader interface {
	// Reload returns the generation in use afterwards. On an error the old one stays;
	// an error with Unwrap() []error is shown as a list of problems.
	Reload(ctx context.Context) (uint64, error)
}

// Cache shows and purges the response cache.
type Cache interface {
	CacheStatus() exchange.CacheStatus
	// CacheLookup tells what the cache would do with a request, without asking an
	// origin or changing anything. Errors wrap exchange.ErrNoCache or ErrBadURL.
	CacheLookup(exchange.CacheQuestion) (exchange.CacheExplanation, error)
	// CachePurge returns when the purge holds. Errors wrap exchange.ErrNoCache or
	// ErrBadURL, or tell that the purge may be forgotten in a restart.
	CachePurge(exchange.CachePurge) error
}

// Metrics writes metrics in the Prometheus text format.
type Metrics interface {
	WritePrometheus(w io.Writer)
}

// Change is the body of PUT /api/upstreams/{name}/backends/{address}. What is nil
// stays as it is.
type Change struct {
	Weight *int  `json:"weight"` // 0..1000
	Drain  *bool `json:"drain"`  // true: no new requests; false: the weight counts again
}

// Route is one route as /api/routes shows it.
type Route struct {
	Name      string         `json:"name"`
	Hosts     []string       `json:"hosts,omitempty"` // none: any
	Path      string         `json:"path"`
	Methods   []string       `json:"methods,omitempty"`   // none: any
	Action    string         `json:"action"`              // "proxy", "redirect" or "respond"
	Upstreams map[string]int `json:"upstreams,omitempty"` // weight by name
	Backends  map[string]int `json:"weights,omitempty"`   // this route's own weights by address
}

// Upstream is one upstream as /api/upstreams shows it.
type Upstream struct {
	Name     string    `json:"name"`
	Balance  string    `json:"balance"`
	Backends []Backend `json:"backends"`
}

// Backend is one backend as /api/upstreams shows it.
type Backend struct {
	Address   string    `json:"address"`
	State     string    `json:"state"`            // "up", "ejected" or "drained"
	Reason    string    `json:"reason,omitempty"` // the fault that led to the state
	Since     time.Time `json:"since,omitzero"`   // when the state began
	Until     time.Time `json:"until,omitzero"`   // when an ejection ends at the latest
	Weight    int       `json:"weight"`
	Backup    bool      `json:"backup,omitempty"`
	InFlight  int64     `json:"in_flight"`
	Active    int       `json:"connections_active"`
	Idle      int       `json:"connections_idle"`
	Waiting   int       `json:"waiting"`
	Ejections uint64    `json:"ejections"`
}

// Build is what /api/version shows.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
}
