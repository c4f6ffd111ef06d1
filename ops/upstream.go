package ops

import "penstock/health"

// Route is one route as /api/routes shows it.
type Route struct {
	Name      string         `json:"name"`
	Hosts     []string       `json:"hosts,omitempty"` // none: any
	Path      string         `json:"path"`
	Methods   []string       `json:"methods,omitempty"`   // none: any
	Action    string         `json:"action"`              // "proxy", "redirect" or "respond"
	Upstreams map[string]int `json:"upstreams,omitempty"` // weight by name
	Backends  map[string]int `json:"weights,omitempty"`   // this route's own weights by address
	Limits    []RateLimit    `json:"rate_limits,omitempty"`
}

// RateLimit is a limit that requests of a route meet. The metrics are the same figures.
type RateLimit struct {
	Policy    string `json:"policy"`           // its name
	General   bool   `json:"shared,omitempty"` // all routes together have one count
	Rate      string `json:"rate"`             // as the configuration writes it
	Burst     int    `json:"burst"`
	Per       string `json:"per"`       // what has a count of its own
	Keys      int    `json:"keys"`      // that have used some of their burst
	Size      int    `json:"size"`      // how many keys have room
	Forgotten uint64 `json:"forgotten"` // keys that lost their room before their burst was complete again
	Refused   uint64 `json:"refused"`   // requests of this route
}

// Upstream is one upstream as /api/upstreams shows it.
type Upstream struct {
	Name     string    `json:"name"`
	Balance  string    `json:"balance"`
	Panic    bool      `json:"panic,omitempty"` // so few backends can be used that ejections are ignored
	Queue    *Queue    `json:"queue,omitempty"` // requests that wait for a backend with room; nil: none ever do
	Backends []Backend `json:"backends"`
}

// Queue is the part of the waiting room that belongs to an upstream.
type Queue struct {
	Size    int            `json:"size"`    // requests that may wait
	Wait    string         `json:"wait"`    // the longest wait, as the configuration writes it
	Waiting map[string]int `json:"waiting"` // by priority, without those of which none wait
}

// Concurrency is the limit of the attempts at a backend that wait for a response head.
type Concurrency struct {
	Mode     string  `json:"mode"`           // auto, watch or fixed
	Limit    float64 `json:"limit"`          // with watch it is not enforced
	InFlight int     `json:"in_flight"`      // attempts that it counts
	Base     float64 `json:"base_seconds"`   // median time to the response head without a queue in the backend; 0: not known
	Median   float64 `json:"median_seconds"` // that of the latest attempts; 0: not known
}

// Backend is one backend as /api/upstreams shows it. The metrics are the same figures.
type Backend struct {
	Address string `json:"address"`
	health.Status
	Weight    int    `json:"weight"` // in force
	Backup    bool   `json:"backup,omitempty"`
	InFlight  int64  `json:"in_flight"`          // attempts under way
	Active    int    `json:"connections_active"` // connections in use
	Idle      int    `json:"connections_idle"`
	Waiting   int    `json:"waiting"`           // requests that wait for a connection
	Ejections uint64 `json:"ejections"`         // since the backend was first seen
	Refused   uint64 `json:"ejections_refused"` // not ejected because eject.at_most were out already

	Concurrency *Concurrency  `json:"concurrency,omitempty"`    // nil: no limit
	Checks      *HealthChecks `json:"health_checks,omitempty"`  // nil without active checks
	Opened      *uint64       `json:"breaker_opened,omitempty"` // how often its breaker opened; nil without one

	// EjectionsBy has the ejections for each reason: connect, errors, silent and slow.
	EjectionsBy map[string]uint64 `json:"ejections_by_reason"`
}

// HealthChecks is how the active checks of a backend have ended.
type HealthChecks struct {
	OK     uint64  `json:"ok"`
	Failed uint64  `json:"failed"`
	Took   float64 `json:"seconds"` // the latest one
}
