package report

import (
	"cmp"
	"fmt"
	"slices"

	"penstock/loadtest/results"
)

// state is how an aim stands.
type state string

const (
	met    state = "met"
	missed state = "missed"
	open   state = "not measured"
)

// aim is one thing that Penstock is to reach.
type aim struct {
	scenario string
	text     string
	limit    float64
	atLeast  bool // the limit is the least, not the most
	unit     string
	of       func(figures) float64
	ratio    bool   // of is divided by that of the base in the same round
	target   string // hero when empty
	base     string // results.Base when empty
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
		{scenario: "features", text: "every default feature on, beside all off: processor time a request", limit: 1.1, of: cpu, ratio: true, target: hero + "-full", base: hero + "-bare"},
	}
}

// verdict is an aim with what was measured.
type verdict struct {
	Text, Aim, Got, Range string
	State                 state
}

// judge compares the run with every aim.
func judge(run *results.Run) []verdict {
	var all []verdict
	for _, a := range aims() {
		all = append(all, a.judge(run))
	}
	return append(all, judgeGrowth(run))
}

func (a aim) judge(run *results.Run) verdict {
	v := verdict{Text: a.text, State: open, Got: "–"}
	sign, of := "≤ ", ""
	if a.atLeast {
		sign = "≥ "
	}
	if a.ratio {
		of = " × " + cmp.Or(a.base, results.Base)
	}
	v.Aim = fmt.Sprintf("%s%g%s%s", sign, a.limit, space(a.unit), of)
	i := slices.IndexFunc(run.Scenarios, func(s results.Scenario) bool { return s.Name == a.scenario })
	if i < 0 {
		return v
	}
	values := a.values(run.Scenarios[i])
	got := results.Median(values)
	if a.unit == "MiB" && len(values) > 0 {
		got = slices.Max(values) // the largest is what has to be there
	}
	if got == 0 {
		return v
	}
	v.Got, v.Range = figure(got)+space(a.unit), span(values)
	v.State = missed
	if a.atLeast && got >= a.limit || !a.atLeast && got <= a.limit {
		v.State = met
	}
	return v
}

// values are what the rounds of s say about the aim; rounds without it are left out.
func (a aim) values(s results.Scenario) []float64 {
	rounds, base := roundsOf(s, cmp.Or(a.target, hero)), roundsOf(s, cmp.Or(a.base, results.Base))
	if a.ratio {
		return quotients(rounds, base, a.of)
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

func roundsOf(s results.Scenario, target string) []figures {
	for _, t := range s.Targets {
		if t.Name == target {
			return t.Rounds
		}
	}
	return nil
}

// judgeGrowth looks at how processor time grows with the connections.
func judgeGrowth(run *results.Run) verdict {
	const limit, few, many = 1.2, 64, 1024
	v := verdict{Text: "1 KiB through, from 64 to 1,024 connections: processor time a request", Aim: "≤ 1.2 × that of 64", Got: "–", State: open}
	for _, s := range run.Scenarios {
		for _, g := range s.Growth {
			i := slices.IndexFunc(g.Points, func(p results.Point) bool { return p.X == many })
			if s.Name != "connections" || g.Target != hero || g.Measure != "cpu_us" || i < 1 || g.Points[0].X != few {
				continue
			}
			v.State, v.Got = missed, ratio(g.Points[i].Ratio)
			if g.Points[i].Ratio <= limit {
				v.State = met
			}
		}
	}
	return v
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
