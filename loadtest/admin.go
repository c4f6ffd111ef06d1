package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// admin is the admin listener of a gateway.
type admin struct {
	address string // of the admin listener
	public  string // of the gateway itself
	race    bool   // the gateway has the race detector in it
}

// ready returns nil once the gateway serves.
func (a *admin) ready() error { return a.get("/readyz", io.Discard) }

func (a *admin) get(path string, to io.Writer) error {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + a.address + path)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if _, err = io.Copy(to, r.Body); err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("admin %s: status %d", path, r.StatusCode)
	}
	return err
}

// state is the resources that a gateway holds at one moment.
type state struct {
	goroutines, files     float64
	active, idle, waiting float64 // connections to backends, and requests that wait for one
	clients, requests     float64 // connections of clients, requests under way
	atBackends            float64 // requests under way at backends
	tunnels               float64
	used                  float64 // in bytes: heap in use
	heap, held, resident  float64 // in bytes: what survives a collection, what Go has from the system, what the process has
	race                  bool    // the race detector's own memory is part of resident, and grows with what it has seen
	collections           float64
}

// state reads the metrics; series of one name are added up.
func (a *admin) state() (state, error) {
	var page strings.Builder
	if err := a.get("/metrics", &page); err != nil {
		return state{}, err
	}
	sum := map[string]float64{}
	lines := bufio.NewScanner(strings.NewReader(page.String()))
	for lines.Scan() {
		series, text, _ := strings.Cut(lines.Text(), " ")
		name, labels, _ := strings.Cut(series, "{")
		if strings.Contains(labels, `state="idle"`) {
			name += "_idle"
		}
		value, _ := strconv.ParseFloat(text, 64)
		sum[name] += value
	}
	return state{
		goroutines: sum["go_goroutines"], files: sum["process_open_fds"],
		active: sum["penstock_backend_connections"], idle: sum["penstock_backend_connections_idle"],
		waiting: sum["penstock_backend_requests_waiting"], clients: sum["penstock_client_connections"],
		requests:   sum["penstock_requests_in_flight"] + sum["penstock_backend_requests_in_flight"],
		used:       sum["go_memstats_heap_inuse_bytes"],
		atBackends: sum["penstock_backend_requests_in_flight"],
		tunnels:    sum["penstock_tunnels_open"], heap: sum["go_memstats_next_gc_bytes"] / 2, // GOGC is 100
		held:     sum["go_memstats_sys_bytes"] - sum["go_memstats_heap_released_bytes"],
		resident: sum["process_resident_memory_bytes"], race: a.race, collections: sum["go_gc_duration_seconds_count"],
	}, nil
}

// collect makes the gateway collect its garbage twice, so that pools are emptied:
// taking profiles is the one thing that allocates on demand.
func (a *admin) collect(ctx context.Context) error {
	before, err := a.state()
	for now := before; err == nil && ctx.Err() == nil && now.collections < before.collections+2; now, err = a.state() {
		for range 5 {
			if err := a.get("/debug/pprof/heap", io.Discard); err != nil {
				return err
			}
		}
	}
	return err
}

// least is the smaller of two readings, figure by figure.
func (s state) least(t state) state {
	return state{
		goroutines: min(s.goroutines, t.goroutines), files: min(s.files, t.files),
		active: min(s.active, t.active), idle: min(s.idle, t.idle), waiting: min(s.waiting, t.waiting),
		clients: min(s.clients, t.clients), requests: min(s.requests, t.requests),
		tunnels: min(s.tunnels, t.tunnels), heap: min(s.heap, t.heap), held: min(s.held, t.held),
		resident: min(s.resident, t.resident), race: s.race, collections: t.collections,
	}
}

// beyond returns what s has more than start allows: counts must be back but for the
// admin listener's own connections, memory but for a quarter. The resident memory of
// a gateway with the race detector says nothing.
func (s state) beyond(start state) []string {
	resident := start.resident/mib*1.25 + 32
	if start.race {
		resident = math.Inf(1)
	}
	var all []string
	for _, f := range []struct {
		name       string
		got, limit float64
	}{
		{"goroutines", s.goroutines, start.goroutines + 4},
		{"descriptors", s.files, start.files + 2},
		{"busy connections to backends", s.active, 0},
		{"idle connections to backends", s.idle, 0},
		{"requests that wait for a connection", s.waiting, 0},
		{"connections of clients", s.clients, 0},
		{"requests in flight", s.requests, 0},
		{"tunnels", s.tunnels, 0},
		{"heap in MiB", s.heap / mib, start.heap/mib*1.25 + 4},
		{"Go's memory in MiB", s.held / mib, start.held/mib*1.25 + 16},
		{"resident memory in MiB", s.resident / mib, resident},
	} {
		if f.got > f.limit {
			all = append(all, fmt.Sprintf("%s: %.0f, at most %.0f was expected", f.name, f.got, f.limit))
		}
	}
	return all
}

// settled returns the state once load has ended and everything that may end has
// ended: the least of readings over at most wait, or the first one that is content.
func (a *admin) settled(ctx context.Context, wait time.Duration, content func(state) bool) (state, error) {
	if err := a.collect(ctx); err != nil {
		return state{}, err
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	end := time.Now().Add(wait)
	least, err := a.state()
	for err == nil && !content(least) && time.Now().Before(end) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return least, ctx.Err()
		}
		var now state
		now, err = a.state()
		least = least.least(now)
	}
	return least, err
}
