package listener

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"penstock/conn"
)

// endless is a net.Listener whose queue is never empty.
type endless struct {
	net.Listener
	closed chan struct{}
}

func (e endless) Accept() (net.Conn, error) {
	select {
	case <-e.closed:
		return nil, net.ErrClosed
	default:
		near, _ := net.Pipe()
		return near, nil
	}
}

func (e endless) Close() error { close(e.closed); return nil }
func (endless) Addr() net.Addr { return &net.TCPAddr{} }

// TestAcceptKeepsTheRate accepts as fast as it can for ten seconds of fake time, on two listeners.
func TestAcceptKeepsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate := NewRate(100)
		var all [2]*Listener
		for i := range all {
			all[i] = New(Options{Listener: endless{closed: make(chan struct{})}, Sweeper: conn.NewSweeper(0), Rate: rate, Log: quiet})
		}
		accepted := make(chan int)
		for _, l := range all {
			go func() {
				n := 0
				for {
					c, err := l.Accept()
					if err != nil {
						accepted <- n
						return
					}
					_ = c.Close()
					n++
				}
			}()
		}
		time.Sleep(10 * time.Second) // the fake clock
		for _, l := range all {
			_ = l.Close()
		}
		if n := <-accepted + <-accepted; n < 1000 || n > 1014 {
			t.Errorf("got %d connections in 10 s, want 1000 and a burst of 10", n)
		}
	})
}

// TestAcceptRateFollowsAReload holds that a rate that is switched off bounds nothing.
func TestAcceptRateFollowsAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate := NewRate(1)
		l := New(Options{Listener: endless{closed: make(chan struct{})}, Sweeper: conn.NewSweeper(0), Rate: rate, Log: quiet})
		defer l.Close()
		take := func(n int) time.Duration {
			start := time.Now()
			for range n {
				c, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				_ = c.Close()
			}
			return time.Since(start)
		}
		if took := take(4); took != 3*time.Second {
			t.Errorf("4 connections at one a second took %v, want 3s", took)
		}
		rate.Set(0)
		take(1) // waits for the one before
		if took := take(1000); took != 0 {
			t.Errorf("without a rate: took %v, want no time", took)
		}
	})
}
