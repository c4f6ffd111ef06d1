package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"penstock/loadtest/driver"
)

// overloading is what the overload command was asked for.
type overloading struct {
	requests    int           // limits.requests of the gateway
	delay       time.Duration // of the origin, before each response
	times       float64       // the capacity
	connections int
	long        time.Duration // of each of the three measurements
}

// overload sends a gateway several times the load that it can serve, and compares the figures
// with those of an unloaded gateway. limits.requests and a slow origin bound the capacity, so
// that the gateway has processor time left to refuse the other requests.
func overload(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("overload", flag.ContinueOnError)
	set.SetOutput(out)
	var o overloading
	set.IntVar(&o.requests, "requests", 64, "limits.requests of the gateway")
	set.DurationVar(&o.delay, "delay", 20*time.Millisecond, "how long the origin takes for a response")
	set.Float64Var(&o.times, "times", 3, "load as a multiple of the capacity, which is requests / delay")
	set.IntVar(&o.connections, "connections", 1000, "connections that share the load; more than limits.requests, or nothing is refused")
	set.DurationVar(&o.long, "for", 10*time.Second, "how long each of the three measurements lasts")
	if err := parse(set, args); err != nil {
		return err
	}
	if o.requests < 1 || o.delay <= 0 || o.connections <= o.requests {
		return fmt.Errorf("overload: %d requests, delay %v, %d connections: want a delay, and more connections than requests", o.requests, o.delay, o.connections)
	}
	shop, remove, err := newWorkshop(ctx, false)
	if err != nil {
		return err
	}
	defer remove()
	origin, address, err := shop.origin(ctx)
	if err != nil {
		return err
	}
	gateway, a, err := shop.gateway(ctx, fmt.Sprintf(
		"limits: { requests: %d }\nroutes: [{ path: \"/*\", upstream: \"http://%s\" }]\n", o.requests, address))
	if err != nil {
		return errors.Join(err, origin.stop())
	}
	return errors.Join(o.measure(ctx, a.public, out), gateway.stop(), origin.stop())
}

// pressure has the reports of the three measurements.
type pressure struct{ unloaded, capacity, pressed *driver.Report }

// measure loads the gateway at public three times, prints and judges.
func (o overloading) measure(ctx context.Context, public string, out io.Writer) (err error) {
	to, request, err := driver.Request(fmt.Sprintf("http://%s/?delay=%v&size=1024", public, o.delay), nil)
	if err != nil {
		return err
	}
	run := func(name string, rate float64, connections int) *driver.Report {
		if err != nil {
			return nil
		}
		var r *driver.Report
		if r, err = driver.Run(ctx, driver.Options{
			Address: to, Requests: [][]byte{request}, Rate: rate, Connections: connections,
			Warmup: min(o.long/4, 2*time.Second), Duration: o.long,
		}); err == nil {
			fmt.Fprintf(out, "%s: %.0f a second over %d connections\n", name, rate, connections)
			r.Print(out)
		}
		return r
	}
	// Little's law; a closed loop would find less, as its requests come to run in step.
	ideal := float64(o.requests) / o.delay.Seconds()
	var p pressure
	p.unloaded = run("unloaded", ideal/10, o.connections)
	p.capacity = run("capacity", ideal, o.connections)
	p.pressed = run("overloaded", o.times*ideal, o.connections)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "goodput is %.2f of the capacity, p99 of the admitted %.2f times the unloaded one\n", p.goodput(), p.slowdown())
	return p.judge()
}

// goodput is the overloaded one as a share of the capacity.
func (p pressure) goodput() float64 { return p.pressed.Goodput() / p.capacity.Goodput() }

// slowdown returns the p99 of good responses under pressure, divided by the unloaded one.
func (p pressure) slowdown() float64 {
	return float64(p.pressed.Good.Quantile(0.99)) / float64(p.unloaded.Good.Quantile(0.99))
}

// judge returns an error when overload cost more than it may.
func (p pressure) judge() error {
	var errs []error
	r := p.pressed
	if r.Refused.Count() == 0 {
		errs = append(errs, errors.New("nothing was refused: that was no overload"))
	}
	if n := r.Waited; n > r.Arrivals/100 {
		errs = append(errs, fmt.Errorf("%d of %d arrivals waited for a connection: the load was less than it should be", n, r.Arrivals))
	}
	if s := p.goodput(); s < 0.9 {
		errs = append(errs, fmt.Errorf("goodput fell to %.2f of the capacity, want at least 0.90", s))
	}
	if s := p.slowdown(); s > 2 {
		errs = append(errs, fmt.Errorf("p99 of the admitted is %.2f times the unloaded one, want at most 2", s))
	}
	if got, limit := r.Refused.Quantile(0.99), p.unloaded.Good.Quantile(0.5); got > limit {
		errs = append(errs, fmt.Errorf("p99 of refusals is %v, longer than the %v of a response", got, limit))
	}
	if n := r.Refused.Count() - r.RetryAfter; n > 0 {
		errs = append(errs, fmt.Errorf("%d refusals have no Retry-After", n))
	}
	for _, run := range []*driver.Report{p.unloaded, p.capacity, r} {
		if n := run.Cut + run.Timeouts + run.Other.Count(); n > 0 {
			errs = append(errs, fmt.Errorf("%d requests were cut, timed out or failed otherwise", n))
		}
	}
	return errors.Join(errs...)
}
