package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// slowness is what the slow command was asked for.
type slowness struct {
	connections int
	header      time.Duration
	long        time.Duration
	rate        float64
	noise       time.Duration
}

// slow measures normal requests without and with slow connections beside them, and
// when the slow ones are cut.
func slow(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("slow", flag.ContinueOnError)
	set.SetOutput(out)
	var s slowness
	set.IntVar(&s.connections, "connections", 8000, "slow connections, each dripping a byte a second")
	set.DurationVar(&s.header, "header", 10*time.Second, "timeouts.header of the gateway")
	set.DurationVar(&s.long, "for", 30*time.Second, "how long each of the two measurements lasts")
	set.Float64Var(&s.rate, "rate", 200, "normal requests a second")
	set.DurationVar(&s.noise, "noise", time.Second, "by how much a cut may be late")
	if err := parse(set, args); err != nil {
		return err
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
		"timeouts: { header: %v }\nroutes: [{ path: \"/*\", upstream: \"http://%s\" }]\n", s.header, address))
	if err != nil {
		return errors.Join(err, origin.stop())
	}
	return errors.Join(s.measure(ctx, a, out), gateway.stop(), origin.stop())
}

// measure compares the two and prints what it finds.
func (s slowness) measure(ctx context.Context, a *admin, out io.Writer) error {
	requests := normal{address: a.public, rate: s.rate}
	if _, err := requests.run(ctx, 2*time.Second); err != nil { // connections are open now
		return err
	}
	without, err := requests.run(ctx, s.long)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "without slow connections: %v\n", without)
	d, err := startDrip(a.public, s.connections, s.header)
	if err != nil {
		return err
	}
	with, reached, err := s.beside(ctx, a, d, &requests)
	last, ended := d.finish()
	if err = errors.Join(err, ended); err != nil {
		return err
	}
	fmt.Fprintf(out, "with %5d of them:       %v\n", reached, with)
	fmt.Fprintf(out, "p99 is %.2f times as long\n", float64(with.p99)/float64(without.p99))
	fmt.Fprintf(out, "slow connections: %d cut, after %d ms at the earliest, %d ms in the middle, %d ms at the latest; oldest left %d ms; %d not opened\n",
		last.Cut, last.Shortest, last.Median, last.Longest, last.Oldest, last.Failed)
	return s.judge(without, with, last)
}

// beside waits until the slow connections are there and measures again. reached is
// how many the gateway had in the end.
func (s slowness) beside(ctx context.Context, a *admin, d *dripProcess, requests *normal) (with latencies, reached int, err error) {
	patience, cancel := context.WithTimeout(ctx, s.header+30*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for d.latest.Load().Open < int64(s.connections)*98/100 { // some are always between two lives
		select {
		case <-d.ended:
			return with, 0, fmt.Errorf("the slow connections' process ended: %v\n%s", d.err, d.output.String())
		case <-patience.Done():
			return with, 0, fmt.Errorf("only %d of %d slow connections could be opened (%d failed); is the file limit high enough?",
				d.latest.Load().Open, s.connections, d.latest.Load().Failed)
		case <-tick.C:
		}
	}
	if with, err = requests.run(ctx, s.long); err != nil {
		return with, 0, err
	}
	held, err := a.state()
	return with, int(held.clients), err
}

// judge returns an error when the slow connections cost more than they may, or
// were not cut in time.
func (s slowness) judge(without, with latencies, last dripReport) error {
	var errs []error
	if with.p99 > 2*without.p99 {
		errs = append(errs, fmt.Errorf("p99 is %v with slow connections and %v without: more than twice", with.p99, without.p99))
	}
	if with.failed+without.failed > 0 {
		errs = append(errs, fmt.Errorf("%d normal requests failed", with.failed+without.failed))
	}
	latest := (s.header + s.noise).Milliseconds()
	if last.Longest > latest || last.Oldest > latest {
		errs = append(errs, fmt.Errorf("a slow connection lived for %d ms, timeouts.header is %v", max(last.Longest, last.Oldest), s.header))
	}
	if earliest := (s.header - s.noise).Milliseconds(); last.Cut == 0 || last.Shortest < earliest {
		errs = append(errs, fmt.Errorf("%d slow connections were cut, the first after %d ms: they may live for %v", last.Cut, last.Shortest, s.header))
	}
	return errors.Join(errs...)
}

// normal sends small requests at a steady rate over a few connections. A request
// that had to wait for its turn counts from when its turn was.
type normal struct {
	address string
	rate    float64 // a second
}

// normalConnections share the rate.
const normalConnections = 8

// latencies are the times of normal requests.
type latencies struct {
	count, failed       int
	p50, p99, p999, max time.Duration
}

func (l latencies) String() string {
	return fmt.Sprintf("%d requests, p50 %v, p99 %v, p99.9 %v, max %v, %d failed", l.count, l.p50, l.p99, l.p999, l.max, l.failed)
}

func (n *normal) run(ctx context.Context, long time.Duration) (latencies, error) {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	var mu sync.Mutex
	var all []time.Duration
	var l latencies
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range normalConnections {
		wg.Go(func() {
			took, failed := n.stream(ctx, begin.Add(time.Duration(float64(i)/n.rate*float64(time.Second))))
			mu.Lock()
			all, l.failed = append(all, took...), l.failed+failed
			mu.Unlock()
		})
	}
	wg.Wait()
	if len(all) == 0 {
		return l, fmt.Errorf("no request was answered, %d failed", l.failed)
	}
	slices.Sort(all)
	at := func(share float64) time.Duration {
		return all[min(len(all)-1, int(share*float64(len(all))))].Round(10 * time.Microsecond)
	}
	l.count, l.p50, l.p99, l.p999, l.max = len(all), at(0.5), at(0.99), at(0.999), at(1)
	return l, nil
}

// stream is one connection's part: a request at first, and then at even times.
func (n *normal) stream(ctx context.Context, turn time.Time) (took []time.Duration, failed int) {
	step := time.Duration(normalConnections / n.rate * float64(time.Second))
	var c net.Conn
	var in *bufio.Reader
	for ; ; turn = turn.Add(step) {
		select {
		case <-ctx.Done():
			if c != nil {
				_ = c.Close()
			}
			return took, failed
		case <-time.After(time.Until(turn)):
		}
		var err error
		if c == nil {
			if c, err = net.Dial("tcp", n.address); err != nil {
				failed++
				continue
			}
			in = bufio.NewReader(c)
		}
		if err = getJSON(c, in); err != nil {
			_ = c.Close()
			c, failed = nil, failed+1
			continue
		}
		took = append(took, time.Since(turn))
	}
}

// getJSON is one normal request.
func getJSON(c net.Conn, in *bufio.Reader) error {
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, "GET /json HTTP/1.1\r\nHost: slow\r\n\r\n"); err != nil {
		return err
	}
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if _, err = io.Copy(io.Discard, r.Body); err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", r.StatusCode)
	}
	return err
}
