// Package results has the data of a comparison run, which compare saves and report draws. It
// does not depend on how the figures were measured.
package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// File is the name of the saved run in its folder.
const File = "results.json"

// Base is the target that every ratio is taken to.
const Base = "nginx"

// Run is one run of compare. The zero value can be saved, but not loaded.
type Run struct {
	Date      time.Time         `json:"date"`
	Machine   Machine           `json:"machine"`
	Versions  map[string]string `json:"versions"`        // program to what it says about itself
	Origin    string            `json:"origin"`          // the program that is the backend of every target
	Given     map[string]string `json:"given,omitempty"` // program to its processors and its number of workers
	Seed      uint64            `json:"seed,omitempty"`  // of the order in each round
	Rounds    int               `json:"rounds"`
	Seconds   float64           `json:"seconds"`         // how long one measurement lasts
	Notes     []string          `json:"notes,omitempty"` // what was left out or went wrong, one sentence each
	Scenarios []Scenario        `json:"scenarios"`       // in the order in which they ran; curves after their points
}

// Machine is where the run took place.
type Machine struct {
	CPUs   int    `json:"cpus"`
	Model  string `json:"model,omitempty"`
	Memory string `json:"memory,omitempty"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
}

// Scenario is one question that was put to every target. One with a Family is a
// point of that family's curve; the curve itself is a scenario of the family's name
// without targets.
type Scenario struct {
	Name    string   `json:"name"`
	About   string   `json:"about"`             // a sentence: what is requested, over how many connections
	Load    string   `json:"load,omitempty"`    // who drives it: wrk, open loop, idle
	Family  string   `json:"family,omitempty"`  // name of the curve that this is a point of
	X       float64  `json:"x,omitempty"`       // where on the curve
	Targets []Target `json:"targets,omitempty"` // in the order in which they ran
	XName   string   `json:"x_name,omitempty"`  // of a curve: what X counts
	Growth  []Series `json:"growth,omitempty"`  // of a curve
	Pairs   []Pair   `json:"pairs,omitempty"`   // of targets that are compared with one another
	Held    *Held    `json:"held,omitempty"`    // where Before and Same took part
}

// Target is what one program did in one scenario: the medians over the rounds, which
// Scenario.Summarize fills in, with Ratio. A measurement that fails ends the target's part in the
// scenario: Rounds then ends before it, and a target without a round is not in Scenario.Targets.
type Target struct {
	Name string `json:"name"`
	Figures
	Ratio  Ratio     `json:"ratio"`  // to Base, median of the ratios within a round
	Rounds []Figures `json:"rounds"` // by number of the round; may be shorter than those of others
}

// Figures are what one measurement yields. Zero means: not measured; of Errors it means none too.
type Figures struct {
	RPS      float64 `json:"rps,omitempty"`    // completed requests a second
	CPU      float64 `json:"cpu_us,omitempty"` // user + system time of all processes of the target, microseconds a completed request
	P50      float64 `json:"p50_ms,omitempty"` // latencies in milliseconds
	P99      float64 `json:"p99_ms,omitempty"`
	P999     float64 `json:"p999_ms,omitempty"`
	RSS      float64 `json:"rss_mib,omitempty"`  // resident memory of all processes just after the load, MiB; the largest in the medians
	PerIdle  float64 `json:"idle_kib,omitempty"` // resident memory a held connection, KiB
	Syscalls float64 `json:"syscalls,omitempty"` // system calls a request
	Origin   float64 `json:"origin,omitempty"`   // requests that reached the origin for each completed one
	Requests float64 `json:"requests,omitempty"` // completed ones; the sum in the medians
	Errors   float64 `json:"errors"`             // responses other than 2xx and 3xx, and socket errors; the sum in the medians
}

// Ratio is a target divided by Base. Zero means: there is nothing to divide.
type Ratio struct {
	RPS  float64 `json:"rps,omitempty"`
	CPU  float64 `json:"cpu,omitempty"`
	P50  float64 `json:"p50,omitempty"`
	P99  float64 `json:"p99,omitempty"`
	P999 float64 `json:"p999,omitempty"`
	RSS  float64 `json:"rss,omitempty"`
}

// Series is one target's curve of one figure.
type Series struct {
	Target  string  `json:"target"`
	Measure string  `json:"measure"` // the JSON name of the figure: rps, cpu_us, p99_ms, rss_mib
	Points  []Point `json:"points"`  // by ascending X
}

// Point is one of a Series. The points of a curve are measured in the same rounds.
type Point struct {
	X     float64 `json:"x"`
	Y     float64 `json:"y"`     // median over the rounds
	Ratio float64 `json:"ratio"` // to the first point, median of the ratios within a round
}

// Measures returns the figures that curves are drawn of, by their JSON names, in
// the order in which they are shown.
func Measures() []string { return []string{"cpu_us", "rps", "p99_ms", "rss_mib"} }

// Of returns the figure of a JSON name that is compared, 0 for any other.
func (f Figures) Of(measure string) float64 {
	switch measure {
	case "cpu_us":
		return f.CPU
	case "rps":
		return f.RPS
	case "p50_ms":
		return f.P50
	case "p99_ms":
		return f.P99
	case "p999_ms":
		return f.P999
	case "rss_mib":
		return f.RSS
	case "idle_kib":
		return f.PerIdle
	case "syscalls":
		return f.Syscalls
	}
	return 0
}

// Save writes the run to File in dir, which it creates when needed. It replaces an existing
// file only when the new one is complete. It fails when that cannot be written, or when a figure is
// not a finite number; the existing file stays then.
func (r *Run) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("results: %w", err)
	}
	file := filepath.Join(dir, File)
	if err := os.WriteFile(file+".tmp", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".tmp", file)
}

// Load reads the run that Save has left in dir. It returns nil and an error when the file cannot be
// read, is not valid JSON of a Run, or has no scenario.
func Load(dir string) (*Run, error) {
	text, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		return nil, err
	}
	r := new(Run)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, File), err)
	}
	if len(r.Scenarios) == 0 {
		return nil, errors.New(filepath.Join(dir, File) + ": there is no scenario in it")
	}
	return r, nil
}

// Median returns the middle of values, the mean of the two middle ones when their
// number is even, and 0 of none. Zeros are not measured and do not count.
func Median(values []float64) float64 {
	kept := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return v == 0 })
	if len(kept) == 0 {
		return 0
	}
	slices.Sort(kept)
	half := len(kept) / 2
	if len(kept)%2 == 1 {
		return kept[half]
	}
	return (kept[half-1] + kept[half]) / 2
}
