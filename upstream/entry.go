package upstream

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"penstock/health"
)

const maxWeight = 1000

// entryID is what makes two entries of two configurations the same place.
type entryID struct{ scheme, address string }

// entry is a checked BackendOptions.
type entry struct {
	id      entryID
	address string // "host:port" or "unix:/path" as configured
	host    string // name or IP address; "localhost" for a Unix socket
	field   []byte // Host field of requests that want the backend's own name
	literal bool   // address is an endpoint itself, no name
	weight  int
	backup  bool
}

// check validates o and returns its entries. The error begins with the key.
func (o *Options) check() ([]entry, error) {
	if o.Name == "" {
		return nil, errors.New("name: is empty")
	}
	if o.Sweeper == nil {
		return nil, errors.New("sweeper: is missing")
	}
	if len(o.Backends) == 0 {
		return nil, errors.New("backends: there is none")
	}
	if err := errors.Join(o.Pool.check(), o.Check.check()); err != nil {
		return nil, err
	}
	entries := make([]entry, len(o.Backends))
	seen := make(map[entryID]int, len(o.Backends))
	for i := range o.Backends {
		e, err := o.Backends[i].check()
		if err != nil {
			return nil, fmt.Errorf("backends[%d]: %w", i, err)
		}
		if first, ok := seen[e.id]; ok {
			return nil, fmt.Errorf("backends[%d]: %s://%s is at backends[%d] already", i, e.id.scheme, e.address, first)
		}
		seen[e.id] = i
		entries[i] = e
	}
	return entries, nil
}

func (b *BackendOptions) check() (entry, error) {
	e := entry{host: b.Host, weight: b.Weight, backup: b.Backup}
	if b.Weight < 0 || b.Weight > maxWeight {
		return e, fmt.Errorf("weight: got %d, want 0..%d", b.Weight, maxWeight)
	}
	switch b.Scheme {
	case "unix":
		if b.Path == "" || b.Host != "" || b.Port != 0 || b.Source != nil {
			return e, fmt.Errorf("unix: want a path and nothing else, got path %q, host %q, port %d", b.Path, b.Host, b.Port)
		}
		e.address, e.host, e.literal = "unix:"+b.Path, "localhost", true
		e.field = []byte(e.host)
	case "http", "https":
		if b.Host == "" || b.Port == 0 || b.Path != "" {
			return e, fmt.Errorf("%s: want a host and a port, got host %q, port %d, path %q", b.Scheme, b.Host, b.Port, b.Path)
		}
		_, err := netip.ParseAddr(b.Host)
		e.literal = err == nil
		if e.literal != (b.Source == nil) {
			return e, fmt.Errorf("host %q: an IP address needs no source, a name needs one", b.Host)
		}
		e.address = net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port)))
		e.field = []byte(hostField(b.Scheme, e.address))
	default:
		return e, fmt.Errorf("scheme: got %q, want http, https or unix", b.Scheme)
	}
	e.id = entryID{b.Scheme, e.address}
	return e, nil
}

// hostField leaves a scheme's default port away (RFC 9110 §4.2.3).
func hostField(scheme, address string) string {
	if scheme == "https" {
		return strings.TrimSuffix(address, ":443")
	}
	return strings.TrimSuffix(address, ":80")
}

func (p *PoolOptions) check() error {
	if p.Max < 0 {
		return fmt.Errorf("pool.max: got %d, want 1 or more", p.Max)
	}
	if p.IdleTimeout < 0 {
		return fmt.Errorf("pool.idle_timeout: got %v, want more than nothing", p.IdleTimeout)
	}
	if p.QueueTimeout < 0 {
		return fmt.Errorf("pool.queue_timeout: got %v, want more than nothing", p.QueueTimeout)
	}
	return nil
}

func (o Options) withDefaults() Options {
	o.Pool.Max = cmp.Or(o.Pool.Max, 512)
	o.Pool.Tunnels = cmp.Or(o.Pool.Tunnels, (o.Pool.Max+1)/2)
	o.Pool.Slow = cmp.Or(o.Pool.Slow, (o.Pool.Max+1)/2)
	o.Pool.Idle = cmp.Or(o.Pool.Idle, 64)
	o.Pool.IdleTimeout = cmp.Or(o.Pool.IdleTimeout, 4*time.Second)
	o.Pool.MaxAge = cmp.Or(o.Pool.MaxAge, 10*time.Minute)
	o.Pool.Queue = cmp.Or(o.Pool.Queue, 256)
	o.Pool.QueueTimeout = cmp.Or(o.Pool.QueueTimeout, 250*time.Millisecond)
	o.Concurrency.Max, o.Concurrency.Seed = cmp.Or(o.Concurrency.Max, o.Pool.Max), 0
	o.probeEvery = cmp.Or(o.probeEvery, 500*time.Millisecond)
	if o.Failing == (health.Statuses{}) {
		o.Failing.Add(500, 599)
	}
	if o.CheckSlots == nil {
		o.CheckSlots = NewCheckSlots()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func usesTLS(entries []entry) bool {
	for i := range entries {
		if entries[i].id.scheme == "https" {
			return true
		}
	}
	return false
}
