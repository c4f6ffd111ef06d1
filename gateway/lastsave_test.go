//go:build unix

package gateway_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// TestShutdownIsBoundedWhateverASaveDoes lets the save at the end block: the file that it
// opens last is a FIFO without a reader, like a file on a disk that does not respond.
func TestShutdownIsBoundedWhateverASaveDoes(t *testing.T) {
	t.Parallel()
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("stored")))
	dir := filepath.Join(t.TempDir(), "cache")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	stuck := filepath.Join(dir, "manifest.new")
	if err := syscall.Mkfifo(stuck, 0o600); err != nil {
		t.Fatal(err)
	}
	g := gatewaytest.Start(t, `{ listen: "127.0.0.1:0", cache: { memory: 32MiB, path: "`+dir+`" },
		routes: [{ path: "/*", upstream: "http://`+origin.Address+`", cache: 60s }] }`)
	t.Cleanup(func() { // lets the save end before its folder goes
		if pipe, err := os.OpenFile(stuck, os.O_RDWR, 0); err == nil {
			gatewaytest.Eventually(t, "the save ends", func() bool {
				_, err := os.Stat(filepath.Join(dir, "snapshot-1"))
				return err != nil
			})
			pipe.Close()
			os.Remove(stuck)
		}
	})
	gatewaytest.Get(t, g.Address, "/")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- g.Shutdown(ctx) }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the end says nothing of the save that was given up")
		}
	case <-time.After(gatewaytest.Wait):
		t.Fatal("the shutdown waits for the save")
	}
}
