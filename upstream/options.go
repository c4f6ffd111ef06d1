package upstream

import (
	"context"
	"log/slog"
	"time"

	"penstock/conn"
	"penstock/health"
	"penstock/lb"
	"penstock/ratelimit"
)

// Options describes one configured upstream. NewPlan validates it and keeps
// a copy; nothing in it may change afterwards. The zero value is not valid. No two of Backends
// may have the same scheme and address. OnSlow must not block; a Client that clusters share calls
// that of the cluster which it was made for.
type Options struct {
	Name        string                   // for the log and for errors; must not be empty
	Backends    []BackendOptions         // at least one, in the order of the configuration
	Balance     lb.Options               // how every route picks; the zero value is round robin
	Pool        PoolOptions              // connection pool of each backend
	TLS         TLSOptions               // for backends whose Scheme is "https"
	Eject       lb.EjectOptions          // ejection by what attempts show; the cluster sets OnChange itself
	Concurrency ratelimit.LimiterOptions // of each backend's Limiter; Max zero means Pool.Max, Seed is not used
	Failing     health.Statuses          // of responses that count as failures of a backend; the empty set means 5xx
	Refresh     time.Duration            // how often the Sources look; only compared, so that a new value brings the new Sources in
	Sweeper     *conn.Sweeper            // enforces the deadlines of every backend connection; must not be nil
	OnSlow      func()                   // called for each transfer that PoolOptions.Slow has ended, from any goroutine; may be nil
	Log         *slog.Logger             // nil discards
	Now         func() time.Time         // nil means time.Now

	Check      CheckOptions // active checks of the backends; the zero value makes none
	CheckSlots *CheckSlots  // bounds the checks of all clusters together; nil: this one has its own

	examine    func(ctx context.Context, address string) (cause string) // in place of a real check; set by tests only
	probeEvery time.Duration                                            // shortest pause between two probes; zero means 500ms; set by tests only
}

// BackendOptions is one entry of an upstream's backends: an IP address, a Unix
// socket, or a name whose addresses Source finds. All endpoints of a name share
// the entry's Weight (each of them has it) and Backup.
type BackendOptions struct {
	Scheme string // "http", "https" or "unix"
	Host   string // name or IP address without brackets; empty for "unix"
	Port   uint16 // 1..65535; zero for "unix"
	Path   string // socket path for "unix", else empty
	Weight int    // share of the traffic, 0..1000; zero drains the backend
	Backup bool   // used only while no other backend of the route is usable
	Source Source // finds the addresses of a name, for which it must be set; must be nil for IP addresses and Unix sockets
}

// Source finds the endpoints of one entry and keeps looking. It is declared here
// so that this package needs no discovery; the gateway plugs one in.
type Source interface {
	// Start returns once the first list has been emitted or could not be had, and
	// goes on calling emit, from one goroutine at a time, whenever the list changes,
	// until ctx ends. An error means that the source does not run. An empty list
	// takes every address away, unless it comes before any other and the addresses
	// were carried over from an earlier configuration.
	Start(ctx context.Context, emit func([]lb.Endpoint)) error
	// Shutdown stops the source and waits for what it started, until ctx ends, which is an
	// error. It may be called again, after a Start that failed, and while Start still runs.
	Shutdown(ctx context.Context) error
	// LastFailure returns when a lookup last failed, and why; zero and nil when none
	// has. It may be called at any time.
	LastFailure() (at time.Time, cause error)
}

// PoolOptions bounds the connections to one backend. Zero means the default, which
// NewPlan fills in, so a Client never sees a zero. Max, IdleTimeout and QueueTimeout
// must not be negative; for the others negative means off.
type PoolOptions struct {
	Max          int           // connections in use or idle, tunnels not; those of Request.Fresh may come on top of idle ones; zero means 512; must not be negative
	Tunnels      int           // open tunnels, which do not count in Max; zero means half of Max, rounded up; negative allows none
	Slow         int           // connections that slow clients may occupy, see conn.SlowLimit; zero means half of Max, rounded up; negative allows none
	Idle         int           // idle connections kept; zero means 64; negative keeps none
	IdleTimeout  time.Duration // an idle connection is closed after this; zero means 4s (below Node's 5s); must not be negative
	MaxAge       time.Duration // a connection this old is closed after its request; zero means 10m; negative means never
	Queue        int           // requests that may wait for a connection, besides those for which a slow transfer is ended at once; zero means 256; negative means none
	QueueTimeout time.Duration // how long one may wait; zero means 250ms; must not be negative
}

// TLSOptions says how https backends are spoken to. The zero value verifies the
// backend by the URL's host against the system's roots. NewPlan reads the files, only when a
// backend is https, and fails when one cannot be read or has no usable content.
type TLSOptions struct {
	CA       string // PEM file with the roots to trust instead of the system's; empty means the system's
	Name     string // name for SNI and verification; empty means the URL's host
	Cert     string // PEM file with the client certificate and its chain; empty sends none
	Key      string // PEM file with the client certificate's key; one of Cert and Key without the other is an error
	Insecure bool   // do not verify the backend at all; Plan.Build logs a warning, unless it was so before
}
