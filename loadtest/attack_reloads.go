package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Sizes of the configuration that is reloaded, and when it is.
const (
	reloadRoutes    = 10_000
	reloadUpstreams = 1_000
	reloadsTake     = 25 * time.Second
	reloadsRest     = 25 * time.Second // from the last one until the heap is read
)

// reloads changes every route of a large configuration again and again, and compares the
// heap in use before and after.
func reloads(ctx context.Context, shop *workshop) (r trialResult, err error) {
	origin, address, err := shop.origin(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, origin.stop()) }()
	gateway, admin, err := shop.gateway(ctx, largeConfig(address))
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, gateway.stop()) }()
	if err = sleep(ctx, 5*time.Second); err != nil {
		return r, err
	}
	before, err := admin.state()
	if err != nil {
		return r, err
	}
	began := time.Now()
	for n := range manyReloads {
		if err = sleep(ctx, time.Until(began.Add(time.Duration(n)*reloadsTake/manyReloads))); err != nil {
			return r, err
		}
		if err = shop.reload(admin, fmt.Sprintf("stamp-%d-", n), fmt.Sprintf("stamp-%d-", n+1)); err != nil {
			return r, fmt.Errorf("reload %d: %w", n+1, err)
		}
	}
	took := time.Since(began)
	if err = sleep(ctx, reloadsRest); err != nil {
		return r, err
	}
	after, err := admin.state()
	growth := after.used / before.used
	return trialResult{
		Figure: growth, Bound: mostGrowth, Missed: !(growth <= mostGrowth),
		Text: fmt.Sprintf("%.0f MiB of the heap were in use before, %.0f MiB %v after %d reloads in %.0f s: %.2f times as much; resident %.0f and %.0f MiB",
			before.used/mib, after.used/mib, reloadsRest, manyReloads, took.Seconds(), growth, before.resident/mib, after.resident/mib),
	}, err
}

// largeConfig returns many routes over many upstreams at one address.
func largeConfig(address string) string {
	var b strings.Builder
	b.WriteString("upstreams:\n")
	for i := range reloadUpstreams {
		fmt.Fprintf(&b, "  up%d: { backends: [{ url: \"http://%s\" }], pool: { max: %d } }\n", i, address, 100+i)
	}
	b.WriteString("routes:\n")
	for i := range reloadRoutes {
		fmt.Fprintf(&b, "  - { path: \"/r%d/*\", upstream: up%d, headers: { request: { set: { X-Stamp: stamp-0-%d } } } }\n", i, i%reloadUpstreams, i)
	}
	return b.String()
}

// reload replaces a text in the gateway's file and has it read.
func (w *workshop) reload(a *admin, old, new string) error {
	file := filepath.Join(w.dir, "config.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	next := file + ".next"
	if err := os.WriteFile(next, []byte(strings.ReplaceAll(string(text), old, new)), 0o600); err != nil {
		return err
	}
	if err := os.Rename(next, file); err != nil {
		return err
	}
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Post("http://"+a.address+"/api/reload", "", nil)
	if err != nil {
		return err
	}
	said, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", r.StatusCode, said)
	}
	return err
}

// sleep waits, or returns why ctx has ended.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
