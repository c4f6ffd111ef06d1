package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"

	"penstock/loadtest/driver"
)

// slowness is what the slow command was asked for.
type slowness struct {
	connections int
	header      time.Duration
	long        time.Duration
	rounds      int
	rate        float64
	noise       time.Duration
	stolen      float64
}

// slow measures normal requests without and with slow connections beside them, and
// when the slow ones are cut.
func slow(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("slow", flag.ContinueOnError)
	set.SetOutput(out)
	var s slowness
	set.IntVar(&s.connections, "connections", 8000, "slow connections, each dripping a byte a second")
	set.DurationVar(&s.header, "header", 10*time.Second, "timeouts.header of the gateway")
	set.DurationVar(&s.long, "for", 10*time.Second, "how long each measurement lasts")
	set.IntVar(&s.rounds, "rounds", 3, "how often it is measured beside slow connections; without them before, between and after")
	set.Float64Var(&s.rate, "rate", 200, "normal requests a second")
	set.DurationVar(&s.noise, "noise", time.Second, "by how much a cut may be early or late")
	set.Float64Var(&s.stolen, "stolen", 0.03, "a measurement is not judged during which the host of a virtual machine took more than this share of the processors")
	if err := parse(set, args); err != nil {
		return err
	}
	if s.rounds < 1 {
		return fmt.Errorf("-rounds: got %d, want at least 1", s.rounds)
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

// measure measures without slow connections, beside them, without them and so on, and
// prints what it finds.
func (s slowness) measure(ctx context.Context, a *admin, out io.Writer) error {
	var m measured
	n, err := s.normal(ctx, a)
	for i := 0; err == nil; i++ {
		m.without = append(m.without, n)
		fmt.Fprintf(out, "without: %v\n", n)
		if i == s.rounds {
			return s.judge(m, out)
		}
		if err = s.beside(ctx, a, &m, out); err == nil {
			n, err = s.normal(ctx, a)
		}
	}
	return err
}

// measured has the measurements of all rounds.
type measured struct {
	without []normals // one more than the others
	beside  []normals
	drips   []dripReport
}

// normals is one measurement of normal requests.
type normals struct {
	*driver.Report
	stolen float64 // share of the processors meanwhile
}

// normal measures small requests, evenly spaced, over a few connections.
func (s slowness) normal(ctx context.Context, a *admin) (n normals, err error) {
	to, request, err := driver.Request("http://"+a.public+"/json", nil)
	if err != nil {
		return n, err
	}
	before := readProcessorTimes()
	n.Report, err = driver.Run(ctx, driver.Options{
		Address: to, Requests: [][]byte{request}, Rate: s.rate, Connections: 8, Warmup: time.Second, Duration: s.long,
	})
	n.stolen = readProcessorTimes().stolenSince(before)
	return n, err
}

func (n normals) String() string { return fmt.Sprintf("%v, %.1f %% stolen", &n.Good, 100*n.stolen) }

// beside opens the slow connections, measures beside them and waits until they are gone.
func (s slowness) beside(ctx context.Context, a *admin, m *measured, out io.Writer) error {
	d, err := startDrip(a.public, s.connections, s.header)
	if err != nil {
		return err
	}
	var n normals
	var held state
	if err = s.reach(ctx, d); err == nil {
		if n, err = s.normal(ctx, a); err == nil {
			held, err = a.state()
		}
	}
	drip, ended := d.finish()
	if err = errors.Join(err, ended); err != nil {
		return err
	}
	m.beside, m.drips = append(m.beside, n), append(m.drips, drip)
	fmt.Fprintf(out, "beside:  %v\n         %.0f connections; %d slow ones cut, %d in a tenth of a second at most; after %d ms at the earliest, %d ms in the middle, %d ms at the latest; oldest left %d ms; %d not opened\n",
		n, held.clients, drip.Cut, drip.Burst, drip.Shortest, drip.Median, drip.Longest, drip.Oldest, drip.Failed)
	// fasthttp keeps the goroutines of connections that ended for 10 s.
	_, err = a.settled(ctx, soakRest, func(s state) bool { return s.clients == 0 && s.goroutines < 100 })
	return err
}

// reach waits until the slow connections are there, and the first of them were cut
// and opened again: from then on as many end as begin.
func (s slowness) reach(ctx context.Context, d *child[dripReport]) error {
	patience, cancel := context.WithTimeout(ctx, s.header+30*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		now := d.latest.Load()
		if now.Open >= int64(s.connections)*98/100 && now.Cut > 0 { // some are always between two lives
			return nil
		}
		select {
		case <-d.Ended():
			return fmt.Errorf("the slow connections' process ended: %v\n%s", d.Err(), d.Output())
		case <-patience.Done():
			return fmt.Errorf("only %d of %d slow connections could be opened (%d failed); is the file limit high enough?",
				now.Open, s.connections, now.Failed)
		case <-tick.C:
		}
	}
}

// judge returns an error when normal requests take longer than they may beside the
// slow connections, or fail, or when one of those was not cut in time.
func (s slowness) judge(m measured, out io.Writer) error {
	var errs []error
	for _, n := range slices.Concat(m.without, m.beside) {
		if failed := n.Arrivals - n.Good.Count(); failed > 0 {
			errs = append(errs, fmt.Errorf("%d normal requests failed", failed))
		}
	}
	for _, d := range m.drips {
		latest, earliest := (s.header + s.noise).Milliseconds(), (s.header - s.noise).Milliseconds()
		if d.Longest > latest || d.Oldest > latest {
			errs = append(errs, fmt.Errorf("a slow connection lived for %d ms, timeouts.header is %v", max(d.Longest, d.Oldest), s.header))
		}
		if d.Cut == 0 || d.Shortest < earliest {
			errs = append(errs, fmt.Errorf("%d slow connections were cut, the first after %d ms: they may live for %v", d.Cut, d.Shortest, s.header))
		}
	}
	without, beside := s.undisturbed(m.without), s.undisturbed(m.beside)
	if len(without) == 0 || len(beside) == 0 {
		return errors.Join(append(errs, fmt.Errorf("%d of %d measurements without and %d of %d beside slow connections can be judged: in the others the host took more than %.0f %% of the processors",
			len(without), len(m.without), len(beside), len(m.beside), 100*s.stolen))...)
	}
	middle := float64(beside[len(beside)/2]) / float64(without[(len(without)-1)/2])
	worst := float64(beside[len(beside)-1]) / float64(without[0])
	fmt.Fprintf(out, "p99 is %.2f times as long beside slow connections, %.2f times in the worst case; %d of %d measurements without and %d of %d beside were judged\n",
		middle, worst, len(without), len(m.without), len(beside), len(m.beside))
	if middle > 2 {
		errs = append(errs, fmt.Errorf("p99 is %.2f times as long with slow connections: more than twice", middle))
	}
	return errors.Join(errs...)
}

// undisturbed returns the p99 of those measurements that can be judged, sorted.
func (s slowness) undisturbed(all []normals) (p99 []time.Duration) {
	for _, n := range all {
		if n.stolen <= s.stolen {
			p99 = append(p99, n.Good.Quantile(0.99))
		}
	}
	slices.Sort(p99)
	return p99
}
