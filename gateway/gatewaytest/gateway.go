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

// Gateway is a running gateway, made by Start or StartWith.
type Gateway struct {
	*gateway.Gateway
	Address string            // of the first listener: "127.0.0.1:port"
	Metrics *metrics.Registry // that the gateway counts in
	t       testing.TB
	stopped bool
}

// Parse reads a configuration, whose routes may have the policies of a table, by default
// policy.Table. A text in which "listen:" occurs nowhere gets a free loopback address, no admin and
// no access log, and must set neither admin nor log itself. Variables of the environment are not
// replaced. A configuration with errors fails the test.
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

// Start runs a gateway with this configuration, read by Parse, until the test ends. It fails the
// test when the gateway does not start.
func Start(t testing.TB, yaml string) *Gateway {
	t.Helper()
	return StartWith(t, gateway.Options{Config: Parse(t, yaml)})
}

// StartWith is Start with other options; Config must be set. Metrics nil means a new registry, Log
// nil discards.
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

// Stop cuts what is left open at once and ends the gateway; errors are ignored. A second call does
// nothing. The end of the test calls it too.
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

// Series returns the lines of all series of a metric with exactly this name; "" when there are none.
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

// Eventually returns once holds returns true, which it calls at once and then every millisecond. It
// ends the test as failed, with the text what, when that takes longer than Wait.
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
