package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"penstock/loadtest/driver"
	"penstock/loadtest/program"
)

// attackWarmup is how long the ordinary clients run before the attack begins.
const attackWarmup = 2 * time.Second

// freePatience is how long it is watched whether a backend becomes free.
const freePatience = 90 * time.Second

// bout is what was observed during one attack. Latencies are in milliseconds.
type bout struct {
	Requests  int64            `json:"requests"` // of the ordinary clients
	Share     float64          `json:"share"`    // of them that succeeded
	P50       float64          `json:"p50_ms"`
	P99       float64          `json:"p99_ms"`
	Settled   float64          `json:"settled_p99_ms"` // of requests that were due after the first 5 s
	Failures  map[string]int64 `json:"failures,omitempty"`
	Resident  float64          `json:"resident_mib"`    // the most that the gateway had
	Free      float64          `json:"free_s"`          // from the end of the attack until the backend has no request and no tunnel; -1: it still had
	Group     *groupUse        `json:"group,omitempty"` // of the control group, if there was one
	Stolen    float64          `json:"stolen"`
	Attackers attackReport     `json:"attackers"`
}

// attackRoutes is the configuration of the attacked gateway: the defaults, and routes of which
// one takes uploads of any size.
const attackRoutes = "routes:\n  - { path: \"/*\", upstream: \"http://%[1]s\" }\n" +
	"  - { path: \"/upload/*\", upstream: \"http://%[1]s\", limits: { body: off } }\n"

// bout attacks a new gateway, or a sink beside it, while ordinary clients use the gateway.
// more are further arguments of the attackers.
func (s siege) bout(ctx context.Context, shop *workshop, a attack, control bool, more ...string) (b bout, err error) {
	origin, address, err := shop.origin(ctx)
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, origin.stop()) }()
	gateway, admin, err := shop.gateway(ctx, fmt.Sprintf(attackRoutes, address))
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, gateway.stop()) }()
	attacked := admin.public
	if control {
		sink, address, err := startSink(ctx)
		if err != nil {
			return b, err
		}
		defer func() { _ = sink.End(5 * time.Second) }()
		attacked = address
	}
	stolen := readProcessorTimes()
	o := ordinary{address: admin.public, clients: s.clients, rate: s.rate, timeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		o.run(ctx, attackWarmup, s.long)
		close(done)
	}()
	select {
	case <-time.After(attackWarmup):
	case <-ctx.Done():
	}
	more = append(more, "-again", s.again.String())
	attackers, err := startAttackers(a.name, attacked, s.connections, more...)
	<-done
	if err != nil {
		return b, err
	}
	if b.Attackers, err = attackers.finish(); err != nil {
		return b, err
	}
	b.Stolen = readProcessorTimes().stolenSince(stolen)
	ms := func(h *driver.Histogram, q float64) float64 {
		return float64(h.Quantile(q)) / float64(time.Millisecond)
	}
	b.Requests, b.Share, b.P50, b.P99, b.Failures = o.requests, o.share(), ms(&o.latency, 0.5), ms(&o.latency, 0.99), o.failures
	b.Settled = ms(&o.settled, 0.99)
	if b.Free, err = freeAfter(ctx, admin); err == nil {
		b.Resident, err = mostResident(gateway.ID())
	}
	return b, errors.Join(err, ctx.Err())
}

// startSink runs sink as a process of its own.
func startSink(ctx context.Context) (*program.Program, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	free, err := program.FreeAddresses(1)
	if err != nil {
		return nil, "", err
	}
	sink, err := program.Start(program.Options{Binary: self, Args: []string{"sink", "-listen", free[0]}})
	if err != nil {
		return nil, "", err
	}
	err = sink.Await(ctx, func() error {
		c, err := net.Dial("tcp", free[0])
		if err == nil {
			err = c.Close()
		}
		return err
	})
	if err != nil {
		err = errors.Join(err, sink.End(time.Second))
	}
	return sink, free[0], err
}

// freeAfter returns the seconds until the gateway has no request and no tunnel at a
// backend, -1 when it still has after freePatience.
func freeAfter(ctx context.Context, a *admin) (float64, error) {
	began := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for time.Since(began) < freePatience {
		s, err := a.state()
		if err != nil {
			return 0, err
		}
		if s.atBackends+s.tunnels == 0 {
			return time.Since(began).Seconds(), nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-tick.C:
		}
	}
	return -1, nil
}

// mostResident returns the most MiB that a process has had in memory, see proc(5).
func mostResident(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		if rest, ok := strings.CutPrefix(string(line), "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib / 1024, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no VmHWM", pid)
}
