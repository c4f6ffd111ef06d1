package caching_test

import (
	"os"
	"path/filepath"
	"testing"

	"penstock/gateway/gatewaytest"
)

// warm is the configuration of a store that outlives its process.
func warm(folder string) string {
	// In 32 MiB a piece of a large body fills a bucket of the store, and one entry in a
	// hundred would push it out.
	return "cache: { memory: 64MiB, admission: off, path: \"" + filepath.ToSlash(folder) + "\" }\n"
}

// TestWarmRestart shows that stored responses outlive a restart, with their ages, and
// that purged ones stay purged.
func TestWarmRestart(t *testing.T) {
	h, folder := newHeld(t), t.TempDir()
	g := h.gatewayWith(warm(folder), "on")
	for _, path := range []string{"/kept", "/purged", "/large"} {
		c := get(t, g, path)
		text := path
		if path == "/large" {
			text = body(300000)
		}
		h.respond(h.next(), text, fresh, "X-Foo: 1")
		same(t, []*gatewaytest.Client{c}, 200, text)
		stored(t, g, path, text)
	}
	if err := purge(g, []string{"url", "http://a.example/purged"}); err != nil {
		t.Fatal(err)
	}
	g.Stop()
	h.clock.Advance(100e9)
	g = h.gatewayWith(warm(folder), "on")
	a := gatewaytest.Get(t, g.Address, "/kept")
	if a.Text != "/kept" || a.Header.Get("Age") != "100" || a.Header.Get("X-Foo") != "1" {
		t.Errorf("after a restart got %q, Age %q, X-Foo %q", a.Text, a.Header.Get("Age"), a.Header.Get("X-Foo"))
	}
	same(t, crowd(t, g, 1, "/large"), 200, body(300000))
	h.quiet()
	c := get(t, g, "/purged")
	h.respond(h.next(), "again", fresh)
	same(t, []*gatewaytest.Client{c}, 200, "again")
}

// TestDamagedFilesAreRefused flips a byte in each saved file and wants a clean
// start and nothing wrong from the store.
func TestDamagedFilesAreRefused(t *testing.T) {
	h, folder := newHeld(t), t.TempDir()
	g := h.gatewayWith(warm(folder), "on")
	whole := body(100000)
	c := get(t, g, "/")
	h.respond(h.next(), whole, fresh)
	same(t, []*gatewaytest.Client{c}, 200, whole)
	stored(t, g, "/", whole)
	g.Stop()
	damaged := 0
	err := filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil || len(b) == 0 {
			return err
		}
		b[len(b)/2] ^= 0x40
		damaged++
		return os.WriteFile(name, b, 0o600)
	})
	if err != nil || damaged == 0 {
		t.Fatalf("damaged %d files: %v", damaged, err)
	}
	g = h.gatewayWith(warm(folder), "on")
	c = get(t, g, "/")
	h.respond(h.next(), whole, fresh)
	same(t, []*gatewaytest.Client{c}, 200, whole)
}
