package caching_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// TestFiftyClientsOfALargeBody streams 100 MiB to 50 clients while it fills the
// store, with one request to the origin and bounded memory. It moves 5 GB, so it
// runs only with PENSTOCK_CACHE_BIG set.
func TestFiftyClientsOfALargeBody(t *testing.T) {
	if os.Getenv("PENSTOCK_CACHE_BIG") == "" {
		t.Skip("50 clients of 100 MiB are served with PENSTOCK_CACHE_BIG=1")
	}
	const clients, size, piece = 50, 100 << 20, 1 << 20
	h := newHeld(t)
	h.hold = 5 * time.Minute
	g := h.gatewayWith("cache: { memory: 512MiB, admission: off, max_object: 128MiB }\n", "on")
	block := body(piece)
	sum := sha256.New()
	for range size / piece {
		_, _ = io.WriteString(sum, block)
	}
	want := string(sum.Sum(nil))
	all := crowd(t, g, clients, "/")
	q := h.next()
	waiting(t, g, clients-1)
	runtime.GC()
	var before, during runtime.MemStats
	runtime.ReadMemStats(&before)
	most, began := uint64(0), time.Now()
	results := make(chan error, clients)
	for _, c := range all {
		_ = c.SetDeadline(time.Now().Add(h.hold))
		go func() { results <- readHashed(c, want) }()
	}
	go func() {
		_ = q.peer.SetDeadline(time.Now().Add(h.hold))
		h.head(q, size, fresh)
		for range size / piece {
			h.send(q, block)
		}
		q.done <- true
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for left := clients; left > 0; {
		select {
		case err := <-results:
			if left--; err != nil {
				t.Error(err)
			}
		case <-tick.C:
			runtime.ReadMemStats(&during)
			most = max(most, during.HeapInuse)
		}
	}
	grown := (int64(most) - int64(before.HeapInuse)) >> 20
	t.Logf("%d clients of %d MiB in %.1f s; the heap of gateway, origin and clients grew by at most %d MiB", clients, size>>20, time.Since(began).Seconds(), grown)
	if grown > 64 {
		t.Errorf("the heap grew by %d MiB, want at most 64", grown)
	}
	h.quiet()
}

// readHashed reads a response without keeping it.
func readHashed(c *gatewaytest.Client, want string) error {
	a, err := http.ReadResponse(c.In, nil)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, a.Body)
	if err != nil || string(sum.Sum(nil)) != want {
		return fmt.Errorf("got %d bytes, %v", n, err)
	}
	return nil
}
