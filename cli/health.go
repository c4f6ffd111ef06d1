package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// health asks the admin listener of a running gateway for /healthz. It is the
// container's HEALTHCHECK: no shell and no curl are needed.
func (p *Program) health(args []string) int {
	f := p.newFlags("health")
	file := f.configFile()
	address := f.String("admin", "", "`address` of the admin listener; empty reads it from -config")
	patience := f.Duration("timeout", 2*time.Second, "how long to wait for the answer")
	if code, ok := f.parse(args); !ok {
		return code
	}
	if *address == "" {
		cfg, ok := p.load(*file)
		if !ok {
			return exitUsage
		}
		if cfg.Admin.Listen == "" {
			return p.usage("health: %s switches the admin listener off, so there is nobody to ask", *file)
		}
		*address = cfg.Admin.Listen
	}
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	text, err := askHealth(ctx, *address)
	if err != nil {
		return p.fail(fmt.Errorf("health: %w", err))
	}
	_, _ = fmt.Fprintln(p.Stdout, text)
	return exitGood
}

// askHealth returns the body of /healthz; any status but 200 is an error.
func askHealth(ctx context.Context, address string) (string, error) {
	network, target := reachable(address)
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, target)
		},
	}
	// The Host is localhost whatever the address: the admin listener knows that name.
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/healthz", nil)
	if err != nil {
		return "", err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	text := strings.TrimSpace(string(body))
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: status %d: %s", address, resp.StatusCode, text)
	}
	return text, nil
}

// reachable turns a listening address into one that can be dialled from the same
// machine: a missing or unspecified host becomes the loopback address.
func reachable(address string) (network, target string) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return "unix", path
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "tcp", address
	}
	switch ip := net.ParseIP(host); { // no names: there may be no hosts file
	case host == "" || ip != nil && ip.Equal(net.IPv4zero):
		host = "127.0.0.1"
	case ip != nil && ip.Equal(net.IPv6unspecified):
		host = "::1"
	}
	return "tcp", net.JoinHostPort(host, port)
}
