package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// soakRest is how long a gateway may take to let go of what load has left:
// fasthttp keeps the goroutines of connections that ended for 10 s.
const soakRest = 25 * time.Second

// soak runs a gateway under full load for a time, with aborts by both sides. It checks
// every response, and compares the resources that the gateway holds afterwards with those
// before.
func soak(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("soak", flag.ContinueOnError)
	set.SetOutput(out)
	long := set.Duration("for", time.Minute, "how long the load lasts")
	race := set.Bool("race", false, "build the gateway with the race detector")
	clients := set.Int("clients", 64, "how many clients at once")
	if err := parse(set, args); err != nil {
		return err
	}
	t := new(tally)
	backend := &soakBackend{violation: t.violation}
	address, err := backend.start()
	if err != nil {
		return err
	}
	defer backend.stop()
	shop, remove, err := newWorkshop(ctx, *race)
	if err != nil {
		return err
	}
	defer remove()
	gateway, a, err := shop.gateway(ctx, "upstreams:\n  soak:\n    pool: { idle_timeout: 1s }\n"+
		"    backends: [{ url: \"http://"+address+"\" }]\nroutes: [{ path: \"/*\", upstream: soak }]\n")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "soak: %d clients for %v, race detector %t\n", *clients, *long, *race)
	l := load{address: a.public, tally: t, clients: *clients}
	err = l.watched(ctx, a, *long, out)
	return errors.Join(err, gateway.stop(), t.verdict())
}

// load is the load of one soak.
type load struct {
	address string // of the gateway
	tally   *tally
	clients int
}

// watched warms the gateway up, loads it, and compares its state before and after.
func (l load) watched(ctx context.Context, a *admin, long time.Duration, out io.Writer) error {
	t := l.tally
	l.run(ctx, min(long/4, 15*time.Second)) // what is made once is made now
	start, err := a.settled(ctx, soakRest, func(state) bool { return false })
	if err != nil {
		return err
	}
	start.print(out, "before")
	began, before := time.Now(), t.whole.Load()
	l.run(ctx, long)
	took := time.Since(began)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	end, err := a.settled(ctx, 2*soakRest, func(s state) bool { return len(s.beyond(start)) == 0 })
	if err != nil {
		return err
	}
	end.print(out, "after ")
	whole := t.whole.Load() - before
	fmt.Fprintf(out, "exchanges: %d whole (%.0f a second), %.1f MiB of bodies; %d cut by clients, %d by the origin\n",
		whole, float64(whole)/took.Seconds(), float64(t.bytes.Load())/(1<<20), t.clientCuts.Load(), t.originCuts.Load())
	fmt.Fprintf(out, "wrong: %d violations, %d errors from the gateway that nobody caused\n", t.count, t.unexpected.Load())
	if left := end.beyond(start); len(left) > 0 {
		return fmt.Errorf("the gateway did not release:\n  %s", strings.Join(left, "\n  "))
	}
	return nil
}

// run loads for a time.
func (l load) run(ctx context.Context, long time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	var wg sync.WaitGroup
	for id := range l.clients {
		wg.Go(func() { (&soakClient{address: l.address, tally: l.tally}).run(ctx, uint64(id+1)) })
	}
	wg.Wait()
}

// verdict is nil when nothing happened that must not.
func (t *tally) verdict() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.unexpected.Load(); n > 0 {
		t.count++
		t.violations = append(t.violations, fmt.Sprintf("the gateway sent %d error responses that neither side caused", n))
	}
	switch {
	case t.count > 0:
		return fmt.Errorf("%d violations:\n  %s", t.count, strings.Join(t.violations, "\n  "))
	case t.whole.Load() == 0:
		return errors.New("not one exchange came to its end")
	}
	return nil
}

func (s state) print(out io.Writer, when string) {
	fmt.Fprintf(out, "%s: %.0f goroutines, %.0f descriptors, %.0f clients, %.0f+%.0f backend connections, %.0f in flight, heap %.1f MiB, Go %.1f MiB, resident %.1f MiB\n",
		when, s.goroutines, s.files, s.clients, s.active, s.idle, s.requests, s.heap/mib, s.held/mib, s.resident/mib)
}
