package gateway_test

import (
	"os"
	"path/filepath"
	"testing"

	"penstock/gateway/gatewaytest"
)

// TestTheFirstCachingRouteOfAReloadIsSaved: the store and what saves it are made when the first
// route caches, be that at the start or in a reload.
func TestTheFirstCachingRouteOfAReloadIsSaved(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("stored")))
	dir := filepath.Join(t.TempDir(), "cache")
	config := func(cache string) string {
		return `{ listen: "127.0.0.1:0", cache: { memory: 32MiB, path: "` + filepath.ToSlash(dir) + `", save_every: 10ms },
			routes: [{ path: "/*", upstream: "http://` + origin.Address + `", cache: ` + cache + ` }] }`
	}
	g := gatewaytest.Start(t, config("off"))
	if err := g.Reload(gatewaytest.Parse(t, config("60s"))); err != nil {
		t.Fatal(err)
	}
	gatewaytest.Get(t, g.Address, "/")
	gatewaytest.Eventually(t, "the store is saved", func() bool {
		_, err := os.Stat(filepath.Join(dir, "manifest"))
		return err == nil
	})
}
