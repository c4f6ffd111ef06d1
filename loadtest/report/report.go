// Package report draws the results of a comparison as one HTML file that needs neither
// a network nor a script, for light and for dark screens.
package report

import (
	"bytes"
	_ "embed" // the page
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"penstock/loadtest/results"
)

// File is the name of the report in the folder of its run.
const File = "report.html"

// hero is the target whose aims are judged; the drawings highlight it.
const hero = "penstock"

//go:embed page.html
var pageText string

// page is what the template shows.
type page struct {
	Run      *results.Run // the last
	Runs     []string     // when there are several
	Title    string
	Date     string
	Memory   string // of the machine
	Versions []string
	Aims     []verdict
	Met      int // aims that are
	Judged   int // aims that were measured
	Bars     []barCard
	Curves   []curveCard
	Idle     []barCard
	Held     []results.Scenario // those with a verdict
	Details  []results.Scenario
}

// Write draws the runs, as Draw does, into File in dir, which must exist, and returns its path. When
// drawing fails, as without a run, it returns "" and leaves an existing file; when writing fails, the
// path and an error. It changes nothing in the runs.
func Write(dir string, runs ...*results.Run) (string, error) {
	var text bytes.Buffer
	if err := Draw(&text, runs...); err != nil {
		return "", err
	}
	file := filepath.Join(dir, File)
	return file, os.WriteFile(file, text.Bytes(), 0o644)
}

// Print writes the aims as text: what each run found, when there are several, and the medians of
// those. Without a run no aim is measured. The error is that of out.
func Print(out io.Writer, runs ...*results.Run) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, v := range judge(runs...) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", v.Text, strings.Join(v.Runs, "  "), v.Got, v.Aim, v.State)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// Draw writes the page of runs to out: the aims by all of them, the drawings of the
// last. Without a run it returns an error and writes nothing; an error of out may come after a part
// of the page. None may be nil. It changes nothing in them.
func Draw(out io.Writer, runs ...*results.Run) error {
	if len(runs) == 0 {
		return errors.New("report: no run")
	}
	t, err := template.New("page").Funcs(template.FuncMap{"figure": figure, "ratio": ratio, "class": class, "interval": interval, "next": func(i int) int { return i + 1 }}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	p := newPage(runs)
	if err := t.Execute(out, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// newPage gathers what the template shows.
func newPage(runs []*results.Run) page {
	run := runs[len(runs)-1]
	p := page{
		Run: run, Title: "Penstock beside its peers", Date: date(run),
		Memory: memory(run.Machine.Memory), Aims: judge(runs...), Curves: curves(run),
	}
	for _, r := range runs {
		if len(runs) > 1 {
			p.Runs = append(p.Runs, date(r)+": "+r.Versions[hero])
		}
	}
	for name, version := range run.Versions {
		if version = strings.TrimSpace(version); !strings.Contains(strings.ToLower(version), name) {
			version = name + " " + version
		}
		p.Versions = append(p.Versions, version)
	}
	slices.Sort(p.Versions)
	for _, a := range p.Aims {
		if a.State == met || a.State == missed {
			p.Judged++
		}
		if a.State == met {
			p.Met++
		}
	}
	for _, s := range run.Scenarios {
		if s.Held != nil {
			p.Held = append(p.Held, s)
		}
		switch {
		case len(s.Targets) == 0:
			continue
		case s.Load == "idle":
			p.Idle = append(p.Idle, idleBars(s))
		case s.Family == "" || s.Family == "connections": // other families have their curves
			p.Bars = append(p.Bars, ratioBars(s))
		}
		p.Details = append(p.Details, s)
	}
	return p
}

func date(run *results.Run) string { return run.Date.UTC().Format("2 January 2006, 15:04 UTC") }

// memory makes GiB of what the kernel says in kB, and leaves other texts alone.
func memory(text string) string {
	var kib float64
	if _, err := fmt.Sscanf(text, "%f kB", &kib); err != nil {
		return text
	}
	return fmt.Sprintf("%.1f GiB", kib/(1<<20))
}

// figure returns a measured value with three significant digits; a dash when it was not
// measured.
func figure(v float64) string {
	switch {
	case v == 0:
		return "–"
	case v >= 100:
		return thousands(fmt.Sprintf("%.0f", v))
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// thousands puts commas into digits.
func thousands(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// ratio writes a quotient.
func ratio(v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", v)
}

// interval writes a median with its bounds.
func interval(i results.Interval) string {
	return fmt.Sprintf("%.3f (%.3f to %.3f, %d rounds)", i.Median, i.Low, i.High, i.Rounds)
}

// class is how a target looks: the hero and its variants, the base of all ratios,
// or one of the others.
func class(target string) string {
	switch {
	case target == hero:
		return "hero"
	case strings.HasPrefix(target, hero):
		return "kin"
	case target == results.Base:
		return "base"
	}
	return "peer"
}
