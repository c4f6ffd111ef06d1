package upstream

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/lb"
)

// A backend that goes down and up many times a second writes a few lines, and the last
// one says how it is.
func TestAFlappingBackendDoesNotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := make(messages, 1000)
		made, err := NewCluster(Options{
			Name: "api", Sweeper: conn.NewSweeper(time.Second), Log: slog.New(said), Eject: lb.EjectOptions{Failures: 1},
			Backends: []BackendOptions{{Scheme: "http", Host: "10.0.0.1", Port: 80, Weight: 1}},
		})
		c := must(t, made, err)
		m := c.View("r", nil).Pick(0, nil, 0)
		reset := &exchange.Fault{Kind: exchange.ConnectionTerminated, Source: exchange.Upstream, Wrote: true, Begun: true}
		attempt := func(f *exchange.Fault) {
			time.Sleep(10 * time.Millisecond) // the bubble's time
			m.Health.Begin()
			m.Health.End(f, 200, time.Millisecond, time.Now())
		}
		for range 1000 { // 20 s
			attempt(reset)
			attempt(nil)
		}
		if n := len(said); n < 2 || n > 8 {
			t.Errorf("%d lines in 20 s, want a few", n)
		}
		attempt(reset)
		time.Sleep(2 * quietTime)
		synctest.Wait()
		last := ""
		for len(said) > 0 {
			last = <-said
		}
		if last != "backend down, it still gets requests as it is not ejected" {
			t.Errorf("the last line is %q, want that it is down", last)
		}
		attempt(nil)
		if got := within(t, "recovery", said); got != "backend up" {
			t.Errorf("got %q", got)
		}
	})
}
