package caching_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"penstock/conformance/caching"
	"penstock/gateway"
	"penstock/gateway/gatewaytest"
)

// begin is the time of the clock at the beginning of every play.
func begin() time.Time { return time.Date(2026, time.October, 18, 8, 0, 0, 123e6, time.UTC) }

// penstock starts a gateway in front of an origin, both by one clock.
func penstock(t *testing.T) *caching.Runner {
	t.Helper()
	clock := caching.NewClock(begin())
	origin, err := caching.NewOrigin(clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	settings, err := os.ReadFile("testdata/gateway.yaml")
	if err != nil {
		t.Fatal(err)
	}
	g := gatewaytest.StartWith(t, gateway.Options{
		Config: gatewaytest.Parse(t, strings.ReplaceAll(string(settings), "ORIGIN", origin.Address)),
		Clock:  clock.Now,
	})
	return &caching.Runner{
		Address: g.Address, Origin: origin, Clock: clock, Patience: gatewaytest.Wait,
		Purge: func(words []string) error { return purge(g, words) },
	}
}

// TestCases plays every case through Penstock.
func TestCases(t *testing.T) {
	for _, table := range tables(t) {
		t.Run(table.Family, func(t *testing.T) {
			t.Parallel()
			r := penstock(t)
			for _, c := range table.Cases {
				t.Run(c.Name, func(t *testing.T) {
					if err := r.Play(c); err != nil {
						t.Errorf("%s (%s): %v", c.Clause, c.Kind, err)
					}
				})
			}
		})
	}
}
