// Package compare measures Penstock beside nginx, HAProxy, Varnish and Caddy on one
// machine. It starts an origin and the targets, puts the same load on each in turn, round
// after round, and compares figures of the same round. All addresses are on loopback. The
// package ends every process that it starts.
package compare

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"penstock/loadtest/peers"
	"penstock/loadtest/program"
	"penstock/loadtest/results"
)

// kit is one run.
type kit struct {
	out      io.Writer
	dir      string            // of everything that is written; close removes it
	found    map[string]string // program to its binary
	only     []string          // targets named by -targets; nil is all
	also     []build
	rounds   int
	long     time.Duration // of a measurement
	workers  int
	cpus     []int      // of the target alone; nil when load and origin use them too
	random   *rand.Rand // of the order in each round
	bound    float64    // of a verdict; zero means no verdict
	files    int        // most files that a target may have open
	clients  int        // client connections that a target is configured for
	strace   string     // binary; empty means that calls are not counted
	profiles string     // folder for profiles of Penstock; empty means that none are taken
	wrk      *wrk
	origin   *origin
	bare     string // binary without metrics; empty unless a scenario needs it
	seed     int    // of the last load

	results results.Run
	failed  int // number of notes made by wrong
}

const (
	maxClients = 9000 // more client connections than the largest scenario needs
	// patience is how long a program may take to end.
	patience = 5 * time.Second
	fewFiles = 100 // bound of the open files of a program that are no connections
)

// options are the flags of the command.
type options struct {
	scenarios, targets, also, out string
	profiles                      string
	rounds, workers               int
	long                          time.Duration
	quick, calls, list, pin       bool
	seed                          uint64
	bound                         float64
}

// Main runs the command with args, without its name: it prints tables to out and, with -out, saves
// the run; with -list it only prints the scenarios. It returns an error when args are not valid,
// Penstock cannot be built, wrk is missing, ctx or a signal (SIGINT, SIGTERM) ends it, it takes
// more than two minutes and twice the time that it has planned, or something could not be measured.
// Other programs that are missing are noted, and poor figures of a target are no error. In any case
// it has ended the processes that it started. flag.ErrHelp means that args were invalid and that
// the usage was printed.
func Main(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	if o.list {
		list(out)
		return nil
	}
	chosen, err := choose(o.scenarios)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	k, err := newKit(ctx, o, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.close()) }()
	if err := k.buildBare(ctx, chosen); err != nil {
		return err
	}
	if err := k.settle(o); err != nil {
		return err
	}
	planned := k.planned(chosen)
	fmt.Fprintf(out, "%d scenarios, %d rounds of %v: about %v\n", len(chosen), k.rounds, k.long, planned.Round(10*time.Second))
	if k.bound > 0 { // a restless machine needs more rounds
		planned *= time.Duration(max(1, maxRounds/k.rounds))
	}
	ctx, cancel := context.WithTimeout(ctx, 2*planned+2*time.Minute)
	defer cancel()
	most := 1
	for _, s := range chosen {
		most = max(most, s.origins)
	}
	if err := k.startOrigin(ctx, most); err != nil {
		return err
	}
	k.results.Origin = k.origin.name
	began := time.Now()
	if err := k.all(ctx, chosen, o.out); err != nil {
		return err
	}
	fmt.Fprintf(out, "it took %v\n", time.Since(began).Round(time.Second))
	if k.failed > 0 {
		return fmt.Errorf("%d things went wrong, see above", k.failed)
	}
	return nil
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	set := flag.NewFlagSet("compare", flag.ContinueOnError)
	set.SetOutput(out)
	set.StringVar(&o.scenarios, "scenarios", "default", "names, families, or: quick, default, all; separated by commas")
	set.BoolVar(&o.quick, "quick", false, "the default of -scenarios is quick, of -rounds 2, of -for 1s")
	set.BoolVar(&o.list, "list", false, "show the scenarios and end")
	set.IntVar(&o.rounds, "rounds", 3, "rounds in which each target has its turn")
	set.DurationVar(&o.long, "for", 3*time.Second, "how long one measurement lasts, in whole seconds")
	set.StringVar(&o.targets, "targets", "", "programs that take part, separated by commas; all without it. Ratios need nginx")
	set.StringVar(&o.also, "also", "", "other builds of Penstock that take part: name=binary, separated by commas")
	set.IntVar(&o.workers, "workers", 0, "worker processes of nginx and threads of HAProxy; 0 is one for each processor of the target, as the others have by themselves")
	set.BoolVar(&o.pin, "pin", canPin(), "give the target processors of its own, and load and origin the others")
	set.Uint64Var(&o.seed, "seed", 0, "of the order of the targets in each round; 0 draws one, which is printed and saved")
	set.Float64Var(&o.bound, "bound", 1.02, "with -also before=OLD,same=COPY_OF_OLD: what the processor time may be, to that of before")
	set.BoolVar(&o.calls, "calls", false, "count system calls with strace, 1 to 20 s more for each target")
	set.StringVar(&o.profiles, "profiles", "", "folder for processor profiles of Penstock in each scenario, taken in seconds of their own")
	set.StringVar(&o.out, "out", "", "folder for "+results.File+"; nothing is saved without it")
	if err := set.Parse(args); err != nil {
		return o, flag.ErrHelp // package flag has printed the error
	}
	if set.NArg() > 0 || o.rounds < 1 || o.long < time.Second || o.workers < 0 || o.bound <= 0 {
		fmt.Fprintln(out, "compare takes flags alone; -rounds is at least 1, -for at least 1s, -bound above 0")
		return o, flag.ErrHelp
	}
	if o.quick {
		given := map[string]bool{}
		set.Visit(func(f *flag.Flag) { given[f.Name] = true })
		for name, value := range map[string]string{"scenarios": "quick", "rounds": "2", "for": "1s"} {
			if !given[name] {
				_ = set.Set(name, value) // the values above are valid
			}
		}
	}
	return o, nil
}

func list(out io.Writer) {
	for _, s := range scenarios() {
		fmt.Fprintf(out, "%-15s %-14s %s\n", s.name, s.sets, s.about)
	}
}

// newKit finds the programs and builds Penstock. close must be called.
func newKit(ctx context.Context, o options, out io.Writer) (*kit, error) {
	files, err := program.RaiseFileLimit(0)
	if err != nil {
		return nil, err
	}
	k := &kit{out: out, found: map[string]string{}, rounds: o.rounds, long: o.long, profiles: o.profiles}
	if o.targets != "" {
		k.only = strings.Split(o.targets, ",")
	}
	if k.also, err = parseBuilds(o.also); err != nil {
		return nil, err
	}
	if k.bound, err = boundFor(k.also, o.bound); err != nil {
		return nil, err
	}
	k.results = results.Run{
		Date: time.Now().UTC().Truncate(time.Second), Machine: thisMachine(), Versions: map[string]string{},
		Rounds: o.rounds, Seconds: o.long.Seconds(),
	}
	k.files = int(files)
	k.clients = min(maxClients, k.files/2-fewFiles)
	if k.clients < maxClients {
		k.note("%d files may be open at once: %d connections are what a target can hold", files, k.clients)
	}
	if k.dir, err = os.MkdirTemp("", "penstock-compare-"); err != nil {
		return nil, err
	}
	if err = k.find(ctx, o.calls); err != nil {
		return nil, errors.Join(err, k.close())
	}
	return k, nil
}

// find builds Penstock, looks for the other programs on PATH, and records their versions.
func (k *kit) find(ctx context.Context, calls bool) error {
	binary := filepath.Join(k.dir, "penstock")
	if err := buildPenstock(ctx, binary); err != nil {
		return err
	}
	path, err := exec.LookPath("wrk")
	if err != nil {
		return fmt.Errorf("wrk drives the load: %w", err)
	}
	for _, b := range k.also {
		k.results.Versions[b.name] = version(ctx, b.binary, peers.Penstock().Version...) + revision(b.binary)
		fmt.Fprintf(k.out, "%-9s %s\n", b.name, k.results.Versions[b.name])
	}
	k.results.Versions["wrk"] = version(ctx, path, "-v")
	if k.wrk, err = newWrk(path, k.dir); err != nil {
		return err
	}
	if calls {
		if k.strace, err = exec.LookPath("strace"); err != nil {
			k.note("system calls are not counted: %v", err)
		}
	}
	for _, p := range peers.All() {
		path := binary
		if p.Name != peers.Penstock().Name {
			if path, err = exec.LookPath(p.Name); err != nil {
				k.note("%s takes no part: it is not on PATH", p.Name)
				continue
			}
		}
		k.found[p.Name] = path
		k.results.Versions[p.Name] = version(ctx, path, p.Version...)
		if p.Name == peers.Penstock().Name {
			k.results.Versions[p.Name] += revision(path)
		}
		fmt.Fprintf(k.out, "%-9s %s\n", p.Name, k.results.Versions[p.Name])
	}
	return nil
}

// wants reports whether a program takes part in the run.
func (k *kit) wants(name string) bool { return k.only == nil || slices.Contains(k.only, name) }

// planned returns an estimate of how long the scenarios take.
func (k *kit) planned(chosen []scenario) time.Duration {
	var sum time.Duration
	for _, s := range chosen {
		n := time.Duration(len(k.variants(s)))
		each := time.Duration(k.turns(s))*(k.lasts(s)+100*time.Millisecond) + 1500*time.Millisecond // and a start, a warm-up
		if s.idle > 0 {
			each = settling + 4*time.Second
		}
		if k.strace != "" {
			each += 3 * time.Second
		}
		if k.profiles != "" {
			each += profileSeconds*time.Second + time.Second
		}
		sum += n*each + n*time.Duration(s.objects)*100*time.Microsecond
	}
	return sum
}

// all runs the scenarios and saves after each round, so that an interrupted run keeps the
// rounds that are complete.
func (k *kit) all(ctx context.Context, chosen []scenario, dir string) error {
	for _, group := range grouped(chosen) {
		before := k.results.Scenarios
		var err error
		k.run(ctx, group, func(now []results.Scenario) {
			k.results.Scenarios = slices.Concat(before, now)
			err = cmp.Or(k.save(dir), err)
		})
		for _, s := range k.results.Scenarios[len(before):] {
			printScenario(k.out, s)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", group[0].name, context.Cause(ctx))
		}
		if err != nil {
			return err
		}
	}
	for _, c := range results.Curves(k.results.Scenarios, xNames()) {
		printCurve(k.out, c)
	}
	return nil
}

func (k *kit) save(dir string) error {
	if dir == "" || len(k.results.Scenarios) == 0 {
		return nil
	}
	r := k.results
	r.Scenarios = slices.Concat(r.Scenarios, results.Curves(r.Scenarios, xNames()))
	return r.Save(dir)
}

// note prints a remark and saves it with the results.
func (k *kit) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintln(k.out, text)
	k.results.Notes = append(k.results.Notes, text)
}

// wrong makes a note and makes Main return an error at the end of the run.
func (k *kit) wrong(format string, args ...any) {
	k.note(format, args...)
	k.failed++
}

// close ends the origin and removes the folder.
func (k *kit) close() error {
	var err error
	if k.origin != nil && k.origin.Program != nil {
		err = k.origin.End(patience)
	}
	return errors.Join(err, os.RemoveAll(k.dir))
}
