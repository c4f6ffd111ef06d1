package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// scenario is one load on one configuration. A scenario of a family is a point of its curve.
type scenario struct {
	name, about string
	load        load
	idle        int // connections that are held instead of a load; zero is none
	rate        int // requests a second at even times, sent by our own driver instead of wrk; zero is wrk

	family string
	x      int

	cached   bool
	objects  int           // stored before the first round, below load.path
	routes   int           // zero is one for everything
	origins  int           // zero is one
	size     int           // bytes of the body of a good response; zero means the size of peers.Body
	least    time.Duration // shortest useful measurement
	most     time.Duration // longest measurement; zero is no bound
	rounds   int           // least number of rounds; many where the difference is small
	features bool          // adds Penstock with all features on, and a build with all off
	only     []string      // targets; nil means all that support it
	sets     string        // names of the sets that it is in, beside all
}

// xNames maps each family to what its horizontal axis counts.
func xNames() map[string]string {
	return map[string]string{
		"connections": "connections", "routes": "routes", "backends": "backends", "objects": "cached objects",
	}
}

const (
	maxObjects = 100_000

	small    = "/small"
	storable = "/c/" // prefix of paths with responses that may be stored
)

// scenarios returns all scenarios, in the order in which they run.
func scenarios() []scenario {
	one := func(path string, connections int) load {
		return load{connections: connections, kind: "one", path: path}
	}
	all := []scenario{
		{name: "small", about: "1 KiB passed through, 64 connections", load: one(small, 64), sets: "quick default", family: "connections", x: 64},
		{name: "hit", about: "1 KiB from the cache, 64 connections", load: one(storable+"1", 64), cached: true, sets: "quick default"},
		{name: "100k", about: "100 KiB passed through, 64 connections", load: one("/100k", 64), size: 100 << 10, sets: "quick default"},
		{name: "10m", about: "10 MiB passed through, 32 connections", load: one("/10m", 32), size: 10 << 20, least: 3 * time.Second, sets: "quick default"},
		{name: "post", about: "POST of 10 KiB, 64 connections", load: load{connections: 64, kind: "one", path: "/upload", body: 10 << 10}, sets: "quick default"},
		{name: "new", about: "1 KiB passed through, a new connection for each request, 64 at once", load: load{connections: 64, kind: "one", path: small, close: true}, sets: "quick default"},
		{name: "mixed", about: "80 % hits among 1,000 objects, 15 % misses, 5 % POST of 10 KiB, 64 connections", load: load{connections: 64, kind: "mixed", path: storable, count: 1000}, cached: true, objects: 1000, sets: "quick default"},
	}
	for _, n := range []int{256, 1024, 4000} {
		s := scenario{name: fmt.Sprint("conns-", n), about: fmt.Sprintf("1 KiB passed through, %d connections", n), load: one(small, n), family: "connections", x: n, sets: "default"}
		switch n { // a measurement includes the opening of the connections, which must be a small part
		case 1024:
			s.sets, s.least = "quick default", 3*time.Second
		case 4000:
			s.least = 5 * time.Second
		}
		all = append(all, s)
	}
	all = append(all,
		scenario{name: "open", about: "1 KiB passed through, 4,000 a second at even times over 64 connections; latency from when each was due", load: one(small, 64), rate: 4000, sets: "quick default"},
		scenario{name: "idle", about: "8,000 connections that have had one response each and wait", idle: 8000, sets: "default"},
		features(scenario{name: "features", about: "1 KiB passed through, 64 connections: Penstock with its access log, and with all off that has a switch, metrics too", load: one(small, 64), sets: "default"}),
		features(scenario{name: "features-hit", about: "1 KiB from the cache, 64 connections: Penstock with its access log, and with all off that has a switch, metrics too", load: one(storable+"1", 64), cached: true}),
	)
	curve := []string{"penstock", "nginx"}
	for _, n := range []int{10, 100, 1000, 10000} {
		all = append(all, scenario{
			name: fmt.Sprint("routes-", n), about: fmt.Sprintf("1 KiB passed through by each of %d routes in turn, 64 connections", n),
			load: load{connections: 64, kind: "cycle", path: "/r", count: n}, routes: n, family: "routes", x: n, only: curve, sets: unless(n == 100),
		})
	}
	for _, n := range []int{1, 10, 100, 1000} {
		all = append(all, scenario{
			name: fmt.Sprint("backends-", n), about: fmt.Sprintf("1 KiB passed through to %d backends in turn, 64 connections", n),
			load: one(small, 64), origins: n, family: "backends", x: n, only: curve, sets: unless(n == 10),
		})
	}
	for _, n := range []int{100, 1000, 10000, maxObjects} {
		all = append(all, scenario{
			name: fmt.Sprint("objects-", n), about: fmt.Sprintf("1 KiB from the cache, at random among %d objects, 64 connections", n),
			load: load{connections: 64, kind: "random", path: storable, count: n}, cached: true, objects: n, family: "objects", x: n, only: curve, sets: unless(n == 1000),
		})
	}
	return all
}

// features makes s compare builds of Penstock. The difference is about as small as the noise
// of a shared machine, so the scenario has many short measurements.
func features(s scenario) scenario {
	s.features, s.only = true, []string{"penstock", "nginx"}
	s.rounds, s.most = 15, time.Second
	return s
}

// unless returns the set "default", except for points of a curve that add little to their
// neighbours.
func unless(dense bool) string {
	if dense {
		return ""
	}
	return "default"
}

// choose returns the scenarios that a list of names, families and sets selects, in the
// order in which they run.
func choose(list string) ([]scenario, error) {
	wanted := strings.Split(list, ",")
	var chosen []scenario
	known := []string{"all", "default", "quick"}
	for _, s := range scenarios() {
		names := append(strings.Fields(s.sets), "all", s.name, s.family)
		if slices.ContainsFunc(wanted, func(w string) bool { return w != "" && slices.Contains(names, w) }) {
			chosen = append(chosen, s)
		}
		known = append(known, s.name, s.family)
	}
	for _, w := range wanted {
		if !slices.Contains(known, w) || w == "" {
			return nil, fmt.Errorf("there is no scenario %q; -list shows those there are", w)
		}
	}
	return chosen, nil
}

// grouped puts the points of a curve into one group, whose scenarios are measured in the
// same rounds. Otherwise a machine that is slow for a while would bend the curve.
func grouped(chosen []scenario) [][]scenario {
	var groups [][]scenario
	for _, s := range chosen {
		i := slices.IndexFunc(groups, func(g []scenario) bool { return s.family != "" && g[0].family == s.family })
		if i < 0 {
			groups = append(groups, []scenario{s})
			continue
		}
		groups[i] = append(groups[i], s)
	}
	return groups
}

// turns returns how many rounds s has.
func (k *kit) turns(s scenario) int {
	if s.idle > 0 {
		return 1 // in a second round the target would use the memory of the first
	}
	return max(k.rounds, s.rounds)
}

// lasts returns how long one measurement of s takes.
func (k *kit) lasts(s scenario) time.Duration {
	if s.most > 0 {
		return min(k.long, s.most)
	}
	return max(k.long, s.least)
}

// takes reports whether a target takes part in s.
func (s scenario) takes(name string, proxies, caches bool) bool {
	if s.only != nil && !slices.Contains(s.only, name) {
		return false
	}
	return s.cached && caches || !s.cached && proxies
}
