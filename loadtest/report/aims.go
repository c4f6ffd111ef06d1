package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"penstock/loadtest/results"
)

// state is whether an aim is reached.
type state string

const (
	met    state = "met"
	missed state = "missed"
	open   state = "not measured"
	stated state = "stated" // there is no limit
)

// aim is one thing that Penstock is to reach.
type aim struct {
	scenario string
	text     string
	limit    float64 // 0 is none
	atLeast  bool    // the limit is the least, not the most
	unit     string
	of       func(figures) float64
	ratio    bool   // of is divided by that of the base in the same round
	target   string // hero when empty
	base     string // results.Base when empty
	from     string // scenario of the base; the same when empty
}

type figures = results.Figures

// The figures that aims are about.
func rps(f figures) float64  { return f.RPS }
func cpu(f figures) float64  { return f.CPU }
func p99(f figures) float64  { return f.P99 }
func rss(f figures) float64  { return f.RSS }
func each(f figures) float64 { return f.PerIdle }

// aims are those of the design that a comparison can show.
func aims() []aim {
	return []aim{
		{scenario: "small", text: "1 KiB through: processor time a request", limit: 1.25, of: cpu, ratio: true},
		{scenario: "small", text: "1 KiB through: requests a second", limit: 0.85, atLeast: true, of: rps, ratio: true},
		{scenario: "small", text: "1 KiB through: p99 latency", limit: 1.2, of: p99, ratio: true},
		{scenario: "hit", text: "1 KiB cache hit: processor time a request", limit: 0.8, of: cpu, ratio: true},
		{scenario: "hit", text: "1 KiB cache hit: requests a second", limit: 1.15, atLeast: true, of: rps, ratio: true},
		{scenario: "100k", text: "100 KB through: requests a second", limit: 1.5, atLeast: true, of: rps, ratio: true},
		{scenario: "10m", text: "10 MB through: requests a second", limit: 2, atLeast: true, of: rps, ratio: true},
		{scenario: "10m", text: "10 MB through: processor time a request", limit: 0.35, of: cpu, ratio: true},
		{scenario: "10m", text: "10 MB through: resident memory", limit: 64, unit: "MiB", of: rss},
		{scenario: "idle", text: "an idle connection: resident memory", limit: 14, unit: "KiB", of: each},
		{scenario: "conns-1024", text: "1 KiB through, 1,024 connections beside 64: processor time a request", limit: 1.2, of: cpu, ratio: true, base: hero, from: "small"},
		{scenario: "conns-4000", text: "1 KiB through, 4,000 connections: p99 latency", of: p99, ratio: true},
		{scenario: "features", text: "every default feature on, beside all off: processor time a request", limit: 1.1, of: cpu, ratio: true, target: hero + "-full", base: hero + "-bare"},
		{scenario: "features-hit", text: "the same for a cache hit: processor time a request", limit: 1.1, of: cpu, ratio: true, target: hero + "-full", base: hero + "-bare"},
	}
}

// verdict is an aim with the measured value: the median over the runs of the median over the
// rounds of each.
type verdict struct {
	Text, Aim, Got, Range string
	Runs                  []string // what each run found, when there are several
	State                 state
}

// judge compares the runs with every aim.
func judge(runs ...*results.Run) []verdict {
	var all []verdict
	for _, a := range aims() {
		all = append(all, a.judge(runs))
	}
	return all
}

func (a aim) judge(runs []*results.Run) verdict {
	v := verdict{Text: a.text, State: open, Aim: a.wanted()}
	var rounds, each []float64
	for _, run := range runs {
		values := a.values(run)
		got := results.Median(values)
		if a.unit == "MiB" && len(values) > 0 {
			got = slices.Max(values) // the largest is what has to be there
		}
		rounds, each = append(rounds, values...), append(each, got)
		if len(runs) > 1 {
			v.Runs = append(v.Runs, figure(got))
		}
	}
	got := results.Median(each)
	if v.Got = figure(got); got == 0 {
		return v
	}
	v.Got += space(a.unit)
	v.Range = span(rounds)
	switch {
	case a.limit == 0:
		v.State = stated
	case a.atLeast && got >= a.limit || !a.atLeast && got <= a.limit:
		v.State = met
	default:
		v.State = missed
	}
	return v
}

// wanted writes the limit.
func (a aim) wanted() string {
	text := "≤ "
	if a.atLeast {
		text = "≥ "
	}
	if a.limit == 0 {
		text = ""
	} else {
		text += fmt.Sprintf("%g%s ", a.limit, space(a.unit))
	}
	if a.ratio {
		text += "× " + cmp.Or(a.base, results.Base)
	}
	if a.from != "" {
		text += ", " + a.from
	}
	return strings.TrimSpace(text)
}

// values are what the rounds of run say about the aim; rounds without it are left out.
func (a aim) values(run *results.Run) []float64 {
	rounds := roundsOf(run, a.scenario, cmp.Or(a.target, hero))
	if a.ratio {
		return quotients(rounds, roundsOf(run, cmp.Or(a.from, a.scenario), cmp.Or(a.base, results.Base)), a.of)
	}
	var all []float64
	for _, f := range rounds {
		if v := a.of(f); v > 0 {
			all = append(all, v)
		}
	}
	return all
}

// quotients are those of a figure to that of base in the same round.
func quotients(rounds, base []figures, of func(figures) float64) []float64 {
	var all []float64
	for i := range min(len(rounds), len(base)) {
		if v, b := of(rounds[i]), of(base[i]); v > 0 && b > 0 {
			all = append(all, v/b)
		}
	}
	return all
}

// roundsOf are those of a target in a scenario of run; none when it had no part.
func roundsOf(run *results.Run, scenario, target string) []figures {
	for _, s := range run.Scenarios {
		if s.Name == scenario {
			return roundsIn(s, target)
		}
	}
	return nil
}

func roundsIn(s results.Scenario, target string) []figures {
	for _, t := range s.Targets {
		if t.Name == target {
			return t.Rounds
		}
	}
	return nil
}

// span writes the least and the greatest, when there are several.
func span(values []float64) string {
	if len(values) < 2 {
		return ""
	}
	return figure(slices.Min(values)) + " to " + figure(slices.Max(values))
}

func space(unit string) string {
	if unit == "" {
		return ""
	}
	return " " + unit
}
