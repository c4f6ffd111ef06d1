package discovery

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"penstock/lb"
)

// Source emits the endpoints of one upstream.
type Source interface {
	// Start calls update with the first list, which may be empty, before it
	// returns, and with the whole new list after every change, from one
	// goroutine at a time. The slice then belongs to update. The source runs
	// until ctx ends or Shutdown is called. Call Start once. Both sources of
	// this package always return nil.
	Start(ctx context.Context, update func([]lb.Endpoint)) error
	// Shutdown stops the source and waits for its goroutines as long as ctx
	// allows. update is not called again once it has returned nil. Before Start
	// it does nothing; an error means that ctx ended before the goroutines did.
	Shutdown(ctx context.Context) error
	// LastFailure returns when a lookup last failed, and why; zero and nil when none
	// has. It may be called at any time.
	LastFailure() (at time.Time, cause error)
}

// New returns a *Static when all entries are addresses, or there is none, else a *DNS. It opens
// and resolves nothing. An error names the first entry that is not "ip:port", "name:port", with a
// port from 1 to 65535, or "unix:/path"; the Source is then nil. Names are not checked further: one
// that cannot resolve is found by Start.
func New(o Options) (Source, error) {
	entries, err := parseAll(o.Entries)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.name != "" {
			return newDNS(entries, o), nil
		}
	}
	return newStatic(entries), nil
}

// entry is one configured endpoint in its parts.
type entry struct {
	lb.Endpoint
	name string // to be resolved; "" when Address is dialled as it is
	port string
}

// parseAll parses the configured endpoints and fills in their Host.
func parseAll(endpoints []lb.Endpoint) ([]entry, error) {
	entries := make([]entry, 0, len(endpoints))
	for i, e := range endpoints {
		parsed, err := parse(e)
		if err != nil {
			return nil, fmt.Errorf("endpoint %d: %w", i, err)
		}
		entries = append(entries, parsed)
	}
	return entries, nil
}

func parse(e lb.Endpoint) (entry, error) {
	if path, ok := strings.CutPrefix(e.Address, "unix:"); ok {
		if path == "" {
			return entry{}, fmt.Errorf("address %q: the socket's path is missing", e.Address)
		}
		return entry{Endpoint: e}, nil
	}
	host, port, err := net.SplitHostPort(e.Address)
	if err != nil {
		return entry{}, fmt.Errorf("address %q: %w", e.Address, err)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return entry{}, fmt.Errorf("address %q: got port %q, want 1..65535", e.Address, port)
	}
	if host == "" {
		return entry{}, fmt.Errorf("address %q: the host is missing", e.Address)
	}
	if e.Host == "" {
		e.Host = host
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		e.Address = net.JoinHostPort(ip.String(), port)
		return entry{Endpoint: e}, nil
	}
	return entry{Endpoint: e, name: host, port: port}, nil
}

// distinct drops the endpoints whose address an earlier one already has.
func distinct(list []lb.Endpoint) []lb.Endpoint {
	seen := make(map[string]bool, len(list))
	kept := list[:0]
	for _, e := range list {
		if !seen[e.Address] {
			seen[e.Address] = true
			kept = append(kept, e)
		}
	}
	return kept
}
