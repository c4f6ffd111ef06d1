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
}

// Upstream is one upstream as /api/upstreams shows it.
type Upstream struct {
	Name     string    `json:"name"`
	Balance  string    `json:"balance"`
	Backends []Backend `json:"backends"`
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
	Waiting   int    `json:"waiting"`   // requests that wait for a connection
	Ejections uint64 `json:"ejections"` // since the backend was first seen
}
