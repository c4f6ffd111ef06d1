package gatewaytest

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"penstock/config"
	"penstock/gateway"
	"penstock/metrics"
	"penstock/options"
	"penstock/policy"
)

// Wait is how long anything in a test may take before it counts as hanging.
const Wait = 10 * time.Second

// Gateway is a running gateway.
type Gateway struct {
	*gateway.Gateway
	Address string // of the first listener
	Metrics *metrics.Registry
	t       testing.TB
	stopped bool
}

// Parse reads a configuration, whose routes may have the policies of a table, by default
// policy.Table. Without listen it gets a free loopback address and no admin.
func Parse(t testing.TB, yaml string, table ...options.Policy) *config.Config {
	t.Helper()
	if table == nil {
		table = policy.Table()
	}
	if !strings.Contains(yaml, "listen:") {
		yaml = "listen: \"127.0.0.1:0\"\nadmin: off\nlog: { access: off }\n" + yaml
	}
	cfg, err := config.Parse("test.yaml", []byte(yaml), nil, table...)
	if err != nil {
		t.Fatalf("configuration:\n%v", err)
	}
	return cfg
}

// Start runs a gateway with this configuration until the test ends. A
// configuration without listen gets a free loopback address and no admin.
func Start(t testing.TB, yaml string) *Gateway {
	t.Helper()
	return StartWith(t, gateway.Options{Config: Parse(t, yaml)})
}

// StartWith is Start with other options; Config must be set.
func StartWith(t testing.TB, o gateway.Options) *Gateway {
	t.Helper()
	if o.Metrics == nil {
		o.Metrics = metrics.New(metrics.Options{})
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	g, err := gateway.New(o)
	if err != nil {
		t.Fatalf("gateway.New: %v", err)
	}
	if err := g.Start(t.Context()); err != nil {
		t.Fatalf("Start: %v", err)
	}
	run := &Gateway{Gateway: g, Address: g.Addrs()[0].String(), Metrics: o.Metrics, t: t}
	t.Cleanup(run.Stop)
	return run
}

// Stop cuts what is left open and ends the gateway; a second call does nothing.
func (g *Gateway) Stop() {
	if g.stopped {
		return
	}
	g.stopped = true
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = g.Shutdown(ctx) // what it cuts is the test's own doing
}

// Count returns the text of the value of a series, by its full name with labels as written;
// "none" when there is no such series.
func (g *Gateway) Count(series string) string {
	var out strings.Builder
	g.Metrics.WritePrometheus(&out)
	for line := range strings.Lines(out.String()) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), series+" "); ok {
			return value
		}
	}
	return "none"
}

// Series returns the lines of all series of a metric.
func (g *Gateway) Series(name string) string {
	var all, out strings.Builder
	g.Metrics.WritePrometheus(&all)
	for line := range strings.Lines(all.String()) {
		if strings.HasPrefix(line, name+"{") || strings.HasPrefix(line, name+" ") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// Eventually returns once holds does, and fails the test when that takes longer
// than Wait. It asks every millisecond.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(Wait)
	for !holds() {
		if (<-tick.C).After(deadline) {
			t.Fatalf("waited %v in vain for: %s", Wait, what)
		}
	}
}
