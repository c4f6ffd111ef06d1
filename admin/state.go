package admin

import (
	"context"
	"errors"
	"io"

	"penstock/ops"
)

// ErrNotFound is wrapped by the methods of Balancer when there is no such upstream or backend.
var ErrNotFound = errors.New("not found")

// Readiness reports whether traffic should be sent here.
type Readiness interface {
	// Ready returns nil when the gateway serves, else why not, such as "starting" or "draining": the
	// text is shown with 503.
	Ready() error
}

// Views shows the configuration in use and the present state of the backends. Requests call it
// at the same time, and only read the results. Nil lists are shown as empty ones.
type Views interface {
	Generation() uint64 // from 1
	Routes() []ops.Route
	Upstreams() []ops.Upstream
}

// Balancer changes backends while the gateway runs.
type Balancer interface {
	// SetBackend applies what is set in c. The change lasts until the backend's own
	// entry in the configuration changes. An error that wraps ErrNotFound is shown as 404,
	// any other, which describes the problem of the change, as 422.
	SetBackend(upstream, address string, c Change) error
	// CheckBackend makes a health check of a backend at once; Views.Upstreams has the result
	// afterwards, also that of a check that failed. Errors are shown as those of SetBackend. ctx
	// ends with Server.Shutdown.
	CheckBackend(ctx context.Context, upstream, address string) error
}

// Reloader loads the configuration again.
type Reloader interface {
	// Reload returns the generation in use afterwards. On an error, shown as 422, the old one stays,
	// and the number is not used; config.Errors and an error with Unwrap() []error are shown as a list
	// of problems. ctx ends with Server.Shutdown.
	Reload(ctx context.Context) (uint64, error)
}

// Cache shows and purges the response cache.
type Cache interface {
	// CacheStatus returns the present figures; the zero value when no route has a cache.
	CacheStatus() ops.CacheStatus
	// CacheLookup returns how the cache would handle a request, without sending a
	// request to the origin or changing anything. Errors wrap ops.ErrNoCache, shown as 409, or
	// ErrBadURL, shown as 400; any other is shown as 500.
	CacheLookup(ops.CacheQuestion) (ops.CacheExplanation, error)
	// CachePurge returns when the purge holds. Errors wrap ops.ErrNoCache or
	// ErrBadURL, as above, or report that a restart may undo the purge, which holds until then.
	CachePurge(ops.CachePurge) error
}

// Metrics writes metrics in the Prometheus text format. Several requests may call it at the same
// time.
type Metrics interface {
	WritePrometheus(w io.Writer)
}

// Change is the body of PUT /api/upstreams/{name}/backends/{address}. A nil field leaves its
// setting as it is. A body that is not exactly one JSON object, that has an unknown key or neither
// field, or a weight out of range, is refused with 400 and changes nothing.
type Change struct {
	Weight *int  `json:"weight"` // 0..1000
	Drain  *bool `json:"drain"`  // true: no new requests; false: the weight counts again

	// SlowStart lets the share of the backend grow, as after an ejection. It comes with Drain false
	// or with a Weight above 0.
	SlowStart bool `json:"slow_start"`
}

// Build is what /api/version shows.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
}
