package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"penstock/loadtest/program"
)

// Bounds of what an attack may cost.
const (
	leastShare   = 0.99 // of the ordinary clients' requests that succeed
	mostSlowdown = 2.0  // of their p99, relative to the control run
)

// siege is what the attacks command was asked for.
type siege struct {
	attacks     []attack
	trials      []trial
	connections int
	clients     int
	rate        float64
	long        time.Duration
	again       time.Duration
	memory      int64 // of the control group; 0 runs without one
	out         io.Writer
}

// runAttacks attacks a gateway in each way in turn, beside ordinary clients, and compares
// what those observe with a control run in which the same attackers attack a sink.
func runAttacks(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("attacks", flag.ContinueOnError)
	set.SetOutput(out)
	s := siege{out: out}
	names := set.String("attacks", "a,b,c,d,e,f,g,aborts", "which, separated by commas; also posts and reloads")
	set.IntVar(&s.connections, "connections", 0, "attacking connections at once; 0 is 2000, with -memory 8000")
	set.IntVar(&s.clients, "clients", 20, "ordinary clients, each with an address of its own")
	set.Float64Var(&s.rate, "rate", 20, "requests a second of each ordinary client")
	set.DurationVar(&s.long, "for", 20*time.Second, "how long each attack lasts")
	set.DurationVar(&s.again, "again", time.Second, "pause before an attacker whose connection has ended opens another one")
	memory := set.String("memory", "", "only attack c, held and in waves, on a gateway in a control group with this much memory, such as 512MiB")
	save := set.String("out", "", "file for the results as JSON; nothing is saved without it")
	if err := parse(set, args); err != nil {
		return err
	}
	if runtime.GOOS != "linux" {
		return errors.New("attacks needs Linux: it uses all of 127.0.0.0/8 and reads /proc")
	}
	var err error
	if err = s.choose(*names); err != nil {
		return err
	}
	if s.memory, err = memorySize(*memory); err != nil {
		return fmt.Errorf("-memory: %w", err)
	}
	if s.connections == 0 {
		s.connections = 2000
		if s.memory > 0 {
			s.connections = 8000
		}
	}
	if s.clients < 1 || s.clients > 250 || s.rate <= 0 || s.long < time.Second || s.connections < 1 {
		return errors.New("attacks wants 1 to 250 clients, a rate above 0, -for 1s or more, and connections")
	}
	if files, err := program.RaiseFileLimit(uint64(3*s.connections + 2000)); err != nil || files < uint64(2*s.connections+1000) {
		return fmt.Errorf("%d files may be open, which is too few for %d connections: %w", files, s.connections, err)
	}
	var results siegeResults
	err = s.all(ctx, &results)
	if *save != "" {
		text, failed := json.MarshalIndent(results, "", "  ")
		err = errors.Join(err, failed, os.WriteFile(*save, append(text, '\n'), 0o644))
	}
	return err
}

// choose takes attacks and trials from a list of names separated by commas.
func (s *siege) choose(list string) error {
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if a, known := attackNamed(name); known {
			s.attacks = append(s.attacks, a)
			continue
		}
		i := slices.IndexFunc(trials(), func(t trial) bool { return t.name == name })
		if i < 0 {
			return fmt.Errorf("-attacks: %q is not known, want some of a to g, aborts, posts and reloads", name)
		}
		s.trials = append(s.trials, trials()[i])
	}
	return nil
}

// siegeResults are what is saved.
type siegeResults struct {
	Date        time.Time      `json:"date"`
	CPUs        int            `json:"cpus"`
	Connections int            `json:"connections"`
	Seconds     float64        `json:"seconds"`
	Again       float64        `json:"again_s"`
	Attacks     []attackResult `json:"attacks,omitempty"`
	Trials      []trialResult  `json:"trials,omitempty"`
}

// attackResult is what one attack has cost.
type attackResult struct {
	Attack  string   `json:"attack"`
	About   string   `json:"about"`
	Beside  bout     `json:"beside"`            // the gateway was attacked
	Control *bout    `json:"control,omitempty"` // the sink was
	Ratio   float64  `json:"p99_ratio,omitempty"`
	Missed  []string `json:"missed,omitempty"` // bounds, one sentence each
}

// all runs everything, each attack after its control run, and adds to r. The error names
// every bound that was missed.
func (s siege) all(ctx context.Context, r *siegeResults) error {
	*r = siegeResults{Date: time.Now().UTC().Truncate(time.Second), CPUs: runtime.NumCPU(), Connections: s.connections,
		Seconds: s.long.Seconds(), Again: s.again.Seconds()}
	shop, remove, err := newWorkshop(ctx, false)
	if err != nil {
		return err
	}
	defer remove()
	if s.memory > 0 {
		r.Attacks, err = s.confined(ctx, shop)
		return err
	}
	var missed []error
	if len(s.attacks) > 0 {
		fmt.Fprintf(s.out, "%d connections from %d addresses, %v each, beside %d clients with %.0f requests a second each\n",
			s.connections, attackerHosts, s.long, s.clients, s.rate)
		fmt.Fprintf(s.out, "%-38s %8s %9s %9s %6s %9s %8s\n", "attack", "succeed", "p99", "control", "ratio", "resident", "free in")
	}
	for _, a := range s.attacks {
		one, err := s.attack(ctx, shop, a)
		if err != nil {
			return errors.Join(append(missed, err)...)
		}
		one.print(s.out)
		r.Attacks = append(r.Attacks, one)
		for _, m := range one.Missed {
			missed = append(missed, fmt.Errorf("attack %s: %s", a.name, m))
		}
	}
	for _, t := range s.trials {
		one, err := t.run(ctx, shop)
		if err != nil {
			return errors.Join(append(missed, fmt.Errorf("%s: %w", t.name, err))...)
		}
		one.Trial, one.About = t.name, t.about
		fmt.Fprintf(s.out, "%s: %s: %s\n", t.name, t.about, one.Text)
		r.Trials = append(r.Trials, one)
		if one.Missed {
			missed = append(missed, fmt.Errorf("%s: got %.2f, the bound is %.2f: %s", t.name, one.Figure, one.Bound, one.Text))
		}
	}
	return errors.Join(missed...)
}

// attack runs the control run and the attack.
func (s siege) attack(ctx context.Context, shop *workshop, a attack) (attackResult, error) {
	r := attackResult{Attack: a.name, About: a.about, Control: new(bout)}
	var err error
	if *r.Control, err = s.bout(ctx, shop, a, true); err != nil {
		return r, fmt.Errorf("control of attack %s: %w", a.name, err)
	}
	if r.Beside, err = s.bout(ctx, shop, a, false); err != nil {
		return r, fmt.Errorf("attack %s: %w", a.name, err)
	}
	r.judge()
	return r, nil
}

// judge compares r with the bounds.
func (r *attackResult) judge() {
	r.Ratio = r.Beside.P99 / r.Control.P99
	if r.Beside.Share < leastShare {
		r.Missed = append(r.Missed, fmt.Sprintf("%.2f %% of the ordinary requests succeeded, want %.0f %%: %s",
			100*r.Beside.Share, 100*leastShare, counts(r.Beside.Failures)))
	}
	if r.Control.Share < leastShare {
		r.Missed = append(r.Missed, fmt.Sprintf("the control run is no measure: %.2f %% of its requests succeeded: %s",
			100*r.Control.Share, counts(r.Control.Failures)))
	}
	if !(r.Ratio <= mostSlowdown) { // NaN is no success
		r.Missed = append(r.Missed, fmt.Sprintf("p99 is %.2f times that of the control run, want at most %.0f", r.Ratio, mostSlowdown))
	}
	if r.Beside.Free < 0 {
		r.Missed = append(r.Missed, fmt.Sprintf("the backend was not free %v after the attack", freePatience))
	}
}

// print writes the line of the table, and below it what the attackers observed.
func (r *attackResult) print(out io.Writer) {
	verdict := ""
	if len(r.Missed) > 0 {
		verdict = "  MISSED"
	}
	fmt.Fprintf(out, "%-38s %6.2f %% %6.2f ms %6.2f ms %6.2f %5.0f MiB %6.2f s%s\n", r.Attack+"  "+r.About,
		100*r.Beside.Share, r.Beside.P99, r.Control.P99, r.Ratio, r.Beside.Resident, r.Beside.Free, verdict)
	r.Beside.printAttackers(out)
	fmt.Fprintf(out, "   p99 without the first %v: %.2f ms, %.2f times the control's %.2f ms\n", settling, r.Beside.Settled, r.Beside.Settled/r.Control.Settled, r.Control.Settled)
	fmt.Fprintf(out, "   the host took %.1f %% of the processors, in the control run %.1f %%\n", 100*r.Beside.Stolen, 100*r.Control.Stolen)
}

// printAttackers writes what the attackers observed.
func (b *bout) printAttackers(out io.Writer) {
	a := b.Attackers
	fmt.Fprintf(out, "   attackers: %d connections at most; %d opened, %d ended by the gateway, %d not opened; status %s\n",
		a.Most, a.Opened, a.Ended, a.Failed, counts(a.Statuses))
}

// counts writes how many there are of each kind.
func counts(of map[string]int64) string {
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(of)) {
		all = append(all, fmt.Sprintf("%s: %d", kind, of[kind]))
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}
