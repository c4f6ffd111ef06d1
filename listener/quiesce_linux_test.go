package listener

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"penstock/conn"
)

// TestCloseTakesWhatTheKernelHasAccepted connects while nobody accepts, closes the
// listener, and only then lets the accepting go on.
func TestCloseTakesWhatTheKernelHasAccepted(t *testing.T) {
	sweeper := conn.NewSweeper(0)
	sweeper.Start()
	t.Cleanup(func() { _ = sweeper.Shutdown(context.Background()) })
	raw, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := New(Options{Listener: raw, Sweeper: sweeper})

	const n = 50
	clients := make([]net.Conn, n)
	for i := range clients {
		if clients[i], err = net.Dial("tcp", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = clients[i].Close() }()
		if _, err := io.WriteString(clients[i], "whole request"); err != nil {
			t.Fatal(err)
		}
	}
	closed := make(chan error)
	go func() { closed <- l.Close() }()
	served := make(chan int)
	go func() {
		count := 0
		defer func() { served <- count }()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			count++
			go func() {
				buf := make([]byte, len("whole request"))
				if _, err := io.ReadFull(c, buf); err == nil {
					_, _ = io.WriteString(c, "answer")
				}
				_ = c.Close()
			}()
		}
	}()
	for i, c := range clients {
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		if got, err := io.ReadAll(c); err != nil || string(got) != "answer" {
			t.Errorf("client %d of %d got %q, %v", i, n, got, err)
		}
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	if got := <-served; got != n {
		t.Errorf("served %d connections, want %d", got, n)
	}
}
