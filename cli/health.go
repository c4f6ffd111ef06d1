package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// health asks the admin listener of a running gateway for /healthz. It is the
// container's HEALTHCHECK: no shell and no curl are needed.
func (p *Program) health(args []string) int {
	f := p.newFlags("health")
	file := f.configFile()
	address := f.adminAddress()
	patience := f.Duration("timeout", 2*time.Second, "how long to wait for the response")
	if code, ok := f.parse(args); !ok {
		return code
	}
	to, code, ok := f.peer(*address, *file)
	if !ok {
		return code
	}
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	text, err := askHealth(ctx, to)
	if err != nil {
		return p.fail(fmt.Errorf("health: %w", err))
	}
	_, _ = fmt.Fprintln(p.Stdout, text)
	return exitGood
}

// askHealth returns the body of /healthz; any status but 200 is an error.
func askHealth(ctx context.Context, to peer) (string, error) {
	body, err := to.get(ctx, "/healthz")
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(io.LimitReader(body, 4096))
	if err != nil {
		return "", fmt.Errorf("%s: %w", to.address, err)
	}
	return strings.TrimSpace(string(text)), nil
}
