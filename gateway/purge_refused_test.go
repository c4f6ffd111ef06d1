package gateway

import (
	"bytes"
	"log/slog"
	"testing"

	"penstock/config"
	"penstock/downstream"
	"penstock/metrics"
	"penstock/policy"
)

// Nothing is stored for a URL that no request can have, so a restart can forget nothing. A PURGE
// has one only when it was admitted by the rules of paths before a reload.
func TestPurgeOfAURLThatCannotBeStoredIsNoWarning(t *testing.T) {
	yaml := `{ routes: [{ path: "/*", upstream: "http://a:1", cache: on }] }`
	cfg, err := config.Parse("config.yaml", []byte(yaml), nil, policy.Table()...)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	g, err := New(Options{Config: cfg, Metrics: metrics.New(metrics.Options{}), CacheMemory: 32 << 20, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Shutdown(t.Context())
	g.proxy.purgeRequested(&policy.Call{Request: &downstream.Request{Scheme: "http", Host: []byte("a.example"), Path: []byte("/%00")}})
	if log.Len() > 0 {
		t.Errorf("log: %s", &log)
	}
}
