//go:build !race

package config

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"penstock/policy"
)

// A file of many routes is read at every start, check and reload. Most of the time is what the
// memory costs that is taken for each route.
func TestReadingARouteTakesLittleMemory(t *testing.T) {
	const routes, most = 1000, 16 << 10
	text := strings.Builder{}
	text.WriteString("routes:\n")
	for i := range routes {
		fmt.Fprintf(&text, "  - { path: \"/p%d/*\", host: h%d.example, upstream: \"http://a:1\", timeouts: { request: 5s }, headers: { request: { set: { X-A: b } } } }\n", i, i%100)
	}
	table := policy.Table()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Parse("config.yaml", []byte(text.String()), testEnv, table...); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / routes; each > most {
		t.Errorf("a route takes %d bytes to read, want at most %d", each, most)
	}
}
