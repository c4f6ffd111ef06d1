package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// adminTokenVariable is the environment variable with the admin token, for commands that
// read none from a configuration. A flag would show the token in the list of processes.
const adminTokenVariable = "PENSTOCK_ADMIN_TOKEN"

// peer is the admin listener of a running gateway.
type peer struct {
	address string // as in admin.listen
	token   string // "" sends none
}

// peer finds the admin listener: address when it is given, else the one of the
// configuration in file. When ok is false the command ends with code.
func (f flags) peer(address, file string) (to peer, code int, ok bool) {
	token, _ := f.p.Getenv(adminTokenVariable)
	if address != "" {
		return peer{address, token}, exitGood, true
	}
	cfg, ok := f.p.load(file)
	if !ok {
		return peer{}, exitUsage, false
	}
	if cfg.Admin.Listen == "" {
		return peer{}, f.p.usage("%s: %s switches the admin listener off, which this command needs", f.Name(), file), false
	}
	return peer{cfg.Admin.Listen, cmp.Or(cfg.Admin.Token, token)}, exitGood, true
}

// get returns the body of a GET as ask does.
func (to peer) get(ctx context.Context, path string) (io.ReadCloser, error) {
	return to.ask(ctx, http.MethodGet, path, nil)
}

// ask sends a request, with body as JSON unless it is nil, and returns the body of the
// response, which the caller closes. ctx bounds the request and the reading of that body.
// A status other than 200 is an error with the detail from the response.
func (to peer) ask(ctx context.Context, method, path string, body io.Reader) (io.ReadCloser, error) {
	network, target := reachable(to.address)
	transport := &http.Transport{
		DisableKeepAlives:  true,
		DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, target)
		},
	}
	// The admin listener accepts the Host localhost on every address.
	req, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if to.token != "" {
		req.Header.Set("Authorization", "Bearer "+to.token)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", to.address, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", to.address, err)
	}
	return nil, fmt.Errorf("%s: status %d: %s", to.address, resp.StatusCode, explanation(text))
}

// explanation returns the detail of a problem document (RFC 9457 §3.1.4), or the body when
// it is no such document.
func explanation(body []byte) string {
	var problem struct{ Detail string }
	if json.Unmarshal(body, &problem) == nil && problem.Detail != "" {
		return problem.Detail
	}
	return strings.TrimSpace(string(body))
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
