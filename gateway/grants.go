package gateway

import (
	"penstock/config"
	"penstock/listener"
)

// This file lowers the configured limits to those that the memory and the open files of the
// process allow.

// Memory that is reckoned with, in bytes. A request in flight holds buffers of both sides and
// the stacks of its goroutines; a connection between two requests holds much less once it was
// quiet for a second.
const (
	requestMemory    = 64 << 10
	connectionMemory = 16 << 10
	leastBuffered    = 16 << 20 // of limits.buffered_bodies: auto
	leastRequests    = 64
)

// lowered are limits as they were last warned about. It is written in New and under reload.
type lowered struct {
	connections, requests int
}

// BufferedBodies returns what limits.buffered_bodies: auto is beside a heap of so many bytes:
// an eighth of them, at least 16 MiB. Zero, for a limit that is not known, gives 16 MiB.
func BufferedBodies(heapLimit int64) int64 { return max(leastBuffered, heapLimit/8) }

// grantConnections returns how many client connections are taken: the configured number, or
// what memory and the file limit leave.
func (g *Gateway) grantConnections(cfg *config.Config) int {
	granted := g.withinMemory(cfg.Limits.Connections, connectionMemory)
	if g.fileLimit > 0 {
		busy, idle := 0, 0
		for _, u := range cfg.Upstreams {
			busy += (u.Pool.Max + u.Pool.Places()) * len(u.Backends)
			idle += u.Pool.Idle * len(u.Backends)
		}
		granted, _ = listener.ConnectionBudget(granted, min(busy, cfg.Limits.Requests), idle, int(min(g.fileLimit, 1<<30)))
	}
	if granted < cfg.Limits.Connections && granted != g.lowered.connections {
		g.lowered.connections = granted // one warning, until it changes
		g.log.Warn("limits.connections is lowered: the limits of open files or of memory have no room for more",
			"configured", cfg.Limits.Connections, "granted", granted, "file_limit", g.fileLimit, "heap_limit", g.heapLimit)
	}
	return granted
}

// grantRequests returns how many requests may be in flight: the configured number, or what
// memory leaves.
func (g *Gateway) grantRequests(cfg *config.Config) int {
	granted := g.withinMemory(cfg.Limits.Requests, requestMemory)
	if granted < cfg.Limits.Requests && granted != g.lowered.requests {
		g.lowered.requests = granted
		g.log.Warn("limits.requests is lowered: the limit of memory has no room for more",
			"configured", cfg.Limits.Requests, "granted", granted, "heap_limit", g.heapLimit)
	}
	return granted
}

// withinMemory returns want, or as many as half of the heap has room for with each bytes, but
// not below leastRequests.
func (g *Gateway) withinMemory(want int, each int64) int {
	if g.heapLimit <= 0 {
		return want
	}
	return min(want, max(leastRequests, int(min(g.heapLimit/2/each, 1<<30))))
}

// bufferedBodies returns the budget for request bodies that are read before a backend is chosen.
func (g *Gateway) bufferedBodies(cfg *config.Config) int64 {
	if n := cfg.Limits.Buffered; n > 0 {
		return n
	}
	return BufferedBodies(g.heapLimit)
}
