package compare

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"penstock/loadtest/driver"
	"penstock/loadtest/results"
)

// point is a scenario that is under way.
type point struct {
	scenario
	targets []*target
	bound   float64         // of a verdict; zero means no verdict
	exact   []results.Exact // of the builds that a verdict compares
}

// run measures the scenarios of a group: in every round each target of each scenario once,
// in an order that is drawn anew each time. It calls keep with the results so far after
// each round, and with all results at the end, also when ctx ends before.
func (k *kit) run(ctx context.Context, group []scenario, keep func([]results.Scenario)) {
	var points []*point
	defer func() {
		for _, p := range points {
			for _, t := range p.targets {
				if err := t.End(patience); err != nil {
					k.wrong("%s: %v", p.name, err)
				}
			}
		}
	}()
	rounds := 0
	for _, s := range group {
		p := &point{scenario: s, targets: k.startAll(ctx, s), bound: k.bound}
		points = append(points, p)
		rounds = max(rounds, k.turns(s))
		k.warm(ctx, p)
	}
	for round := 0; round < rounds; round++ {
		for _, p := range points {
			for _, i := range k.shuffled(len(p.targets)) {
				k.turn(ctx, p.scenario, p.targets[i])
			}
		}
		now := found(points)
		keep(now)
		if round == rounds-1 && ctx.Err() == nil {
			rounds += moreRounds(now, rounds)
		}
	}
	for _, p := range points {
		if p.idle == 0 {
			k.lookCloser(ctx, p)
		}
	}
	keep(found(points))
}

// Rounds of a run that ends in a verdict.
const (
	batchRounds = 15 // rounds that are added when the machine was too restless
	maxRounds   = 60
)

// moreRounds returns how many rounds to add: none unless a scenario of the group has too few
// for a verdict.
func moreRounds(now []results.Scenario, rounds int) int {
	for _, s := range now {
		if s.Load != "idle" && s.Held != nil && s.Held.Verdict == results.Undecided {
			return max(0, min(batchRounds, maxRounds-rounds))
		}
	}
	return 0
}

// lookCloser counts system calls and allocations and takes profiles. All of them slow the
// target down, so none runs during a measurement.
func (k *kit) lookCloser(ctx context.Context, p *point) {
	if k.strace != "" {
		k.countCalls(ctx, p.scenario, p.targets)
	}
	if p.bound > 0 {
		k.countAllocations(ctx, p)
	}
	if k.profiles != "" {
		k.profile(ctx, p)
	}
}

// found returns the results of those points that have any.
func found(points []*point) []results.Scenario {
	var all []results.Scenario
	for _, p := range points {
		if r := p.results(); len(r.Targets) > 0 {
			all = append(all, r)
		}
	}
	return all
}

// warm puts the load on every target for a second before the first measurement.
func (k *kit) warm(ctx context.Context, p *point) {
	for _, t := range p.targets {
		if p.idle > 0 {
			continue // warmIdle does it
		}
		_, err := k.wrk.run(ctx, k.order(p.scenario, t, time.Second))
		if t.failed = err != nil; t.failed && ctx.Err() == nil {
			k.wrong("%s: %s is left out: %v", p.name, t.Name, err)
		}
	}
}

// turn measures a target once more. When a measurement fails, turn makes a note and
// excludes the target from further rounds.
func (k *kit) turn(ctx context.Context, s scenario, t *target) {
	if t.failed || ctx.Err() != nil {
		return
	}
	figures, err := k.measure(ctx, s, t)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		t.failed = true
		k.wrong("%s: %s is left out from here: %v", s.name, t.Name, err)
	default:
		t.Rounds = append(t.Rounds, figures)
	}
}

// measure measures one target once.
func (k *kit) measure(ctx context.Context, s scenario, t *target) (results.Figures, error) {
	if s.idle > 0 {
		return k.idling(ctx, s, t)
	}
	return k.loaded(ctx, s, t)
}

// results returns what is saved of a scenario that has been measured.
func (p *point) results() results.Scenario {
	done := results.Scenario{Name: p.name, About: p.about, Load: "wrk", Family: p.family, X: float64(p.x)}
	switch {
	case p.idle > 0:
		done.Load = "idle"
	case p.rate > 0:
		done.Load = "open loop"
	}
	for _, t := range p.targets {
		if len(t.Rounds) > 0 {
			done.Targets = append(done.Targets, t.Target)
		}
	}
	done.Summarize()
	if p.features {
		comparePairs(&done)
	}
	if p.bound > 0 {
		done.Held = &results.Held{Exact: p.exact}
		done.AddExact("syscalls")
		done.AddExact("idle_kib")
		done.Hold(p.bound)
	}
	return done
}

// order returns the load of s on a target. No two orders have the same seed.
func (k *kit) order(s scenario, t *target, long time.Duration) order {
	k.seed++
	words := s.load.words(k.origin.suffix(s.bodySize(), s.cached), k.seed)
	return order{address: t.address, load: s.load, words: words, long: long}
}

// loaded measures a target under load once.
func (k *kit) loaded(ctx context.Context, s scenario, t *target) (results.Figures, error) {
	asked, err := k.origin.served(ctx)
	if err != nil {
		return results.Figures{}, err
	}
	before, err := k.usage(t)
	if err != nil {
		return results.Figures{}, err
	}
	watch := k.watchMemory(t)
	said := len(t.Output())
	f, why, err := k.drive(ctx, s, t)
	resident := watch.end()
	if err != nil {
		return results.Figures{}, err
	}
	after, err := k.usage(t)
	if err != nil {
		return results.Figures{}, err
	}
	askedAfter, err := k.origin.served(ctx)
	if err != nil {
		return results.Figures{}, err
	}
	if f.Errors > 0 && ctx.Err() == nil {
		why += lastLine(t.Output()[said:])
		k.note("%s: %s has %.0f errors in round %d: %s", s.name, t.Name, f.Errors, len(t.Rounds)+1, why)
	}
	if f.Requests == 0 {
		return f, fmt.Errorf("no request succeeded, %.0f failed", f.Errors)
	}
	f.CPU = float64((after.cpu - before.cpu).Microseconds()) / f.Requests
	f.RSS = float64(max(resident, after.resident)) / (1 << 20)
	f.Origin = float64(askedAfter-asked-1) / f.Requests
	return f, nil
}

// lastLine returns the last line of a target's output, as a part of a sentence.
func lastLine(text string) string {
	const most = 300
	lines := strings.Split(strings.TrimSpace(text), "\n")
	line := lines[len(lines)-1]
	if line == "" {
		return ""
	}
	return "; its last line of output: " + line[:min(len(line), most)]
}

// drive sends the load of one measurement. The text describes the errors by kind.
func (k *kit) drive(ctx context.Context, s scenario, t *target) (results.Figures, string, error) {
	if s.rate > 0 {
		return k.openLoop(ctx, s, t)
	}
	r, err := k.wrk.run(ctx, k.order(s, t, k.lasts(s)))
	return r.figures(s.size), r.why(), err
}

// grace is how long a target that is too slow may take to catch up after the measurement.
const grace = 5 * time.Second

// openLoop sends requests at even times, whatever the target does.
func (k *kit) openLoop(ctx context.Context, s scenario, t *target) (results.Figures, string, error) {
	to, request, err := driver.Request("http://"+t.address+k.sample(s), nil)
	if err != nil {
		return results.Figures{}, "", err
	}
	r, err := driver.Run(ctx, driver.Options{
		Address: to, Requests: [][]byte{request}, Rate: float64(s.rate), Connections: s.load.connections, Duration: k.long, Grace: grace,
	})
	if err != nil {
		return results.Figures{}, "", err
	}
	why := fmt.Sprintf("%d cut, %d timed out, %d never sent, %d with a status above 399", r.Cut, r.Timeouts, r.Unsent, r.Refused.Count()+r.Other.Count())
	at := func(share float64) float64 { return float64(r.Good.Quantile(share)) / float64(time.Millisecond) }
	return results.Figures{
		RPS: r.Goodput(), P50: at(0.5), P99: at(0.99), P999: at(0.999), Requests: float64(r.Good.Count()),
		Errors: float64(r.Failed() + r.Refused.Count() + r.Other.Count()),
	}, why, nil
}

// usage returns what the target and all its processes have used until now.
func (k *kit) usage(t *target) (usage, error) {
	return usageOf(os.DirFS("/proc"), t.ID(), int64(os.Getpagesize()))
}

// memoryWatch samples the memory of a target.
type memoryWatch struct {
	stop    chan struct{}
	done    sync.WaitGroup
	largest int64 // bytes
}

func (k *kit) watchMemory(t *target) *memoryWatch {
	w := &memoryWatch{stop: make(chan struct{})}
	w.done.Go(func() {
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-w.stop:
				return
			case <-tick.C:
				if u, err := k.usage(t); err == nil {
					w.largest = max(w.largest, u.resident)
				}
			}
		}
	})
	return w
}

// end stops the watch and returns the largest sample, in bytes.
func (w *memoryWatch) end() int64 {
	close(w.stop)
	w.done.Wait()
	return w.largest
}
