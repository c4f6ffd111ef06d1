package results

import (
	"cmp"
	"slices"
)

// Summarize fills the medians and the ratios of every target from its rounds. A
// ratio is taken within a round and then the middle one is kept, so that what slows
// the whole machine for a while does not count. Without Base, and for figures that one of the two
// lacks, the ratio is zero. Resident memory is the largest, requests and errors are the sums.
func (s *Scenario) Summarize() {
	var base []Figures
	for _, t := range s.Targets {
		if t.Name == Base {
			base = t.Rounds
		}
	}
	for i := range s.Targets {
		t := &s.Targets[i]
		t.Figures = middle(t.Rounds)
		t.Ratio = Ratio{
			RPS: within(t.Rounds, base, "rps"), CPU: within(t.Rounds, base, "cpu_us"), RSS: within(t.Rounds, base, "rss_mib"),
			P50: within(t.Rounds, base, "p50_ms"), P99: within(t.Rounds, base, "p99_ms"), P999: within(t.Rounds, base, "p999_ms"),
		}
	}
}

// middle is the median of each figure, but the largest resident memory and the sum
// of requests and errors.
func middle(rounds []Figures) Figures {
	of := func(get func(Figures) float64) float64 {
		all := make([]float64, len(rounds))
		for i, f := range rounds {
			all[i] = get(f)
		}
		return Median(all)
	}
	m := Figures{
		RPS: of(func(f Figures) float64 { return f.RPS }), CPU: of(func(f Figures) float64 { return f.CPU }),
		P50: of(func(f Figures) float64 { return f.P50 }), P99: of(func(f Figures) float64 { return f.P99 }),
		P999: of(func(f Figures) float64 { return f.P999 }), PerIdle: of(func(f Figures) float64 { return f.PerIdle }),
		Syscalls: of(func(f Figures) float64 { return f.Syscalls }), Origin: of(func(f Figures) float64 { return f.Origin }),
	}
	for _, f := range rounds {
		m.RSS = max(m.RSS, f.RSS)
		m.Requests += f.Requests
		m.Errors += f.Errors
	}
	return m
}

// Curves returns a scenario for every family that has two points or more, in the order of their
// second points; nil when there is none. xNames has what X counts, by family; a family that is not in
// it gets "". Curves without values have no Growth. It does not change points.
func Curves(points []Scenario, xNames map[string]string) []Scenario {
	var curves []Scenario
	for _, family := range families(points) {
		c := Scenario{Name: family, About: "growth with the number of " + xNames[family], XName: xNames[family]}
		for _, measure := range Measures() {
			c.Growth = append(c.Growth, series(points, family, measure)...)
		}
		curves = append(curves, c)
	}
	return curves
}

// families are the names of those curves, by their second points.
func families(points []Scenario) []string {
	var all []string
	seen := map[string]int{}
	for _, p := range points {
		if seen[p.Family]++; p.Family != "" && seen[p.Family] == 2 {
			all = append(all, p.Family)
		}
	}
	return all
}

// series are the curves of one figure, one for each target that has points.
func series(points []Scenario, family, measure string) []Series {
	var all []Series
	first := map[string][]Figures{} // of each target
	points = slices.Clone(points)
	slices.SortStableFunc(points, func(a, b Scenario) int { return cmp.Compare(a.X, b.X) })
	for _, p := range points {
		for _, t := range p.Targets {
			if p.Family == family && first[t.Name] == nil {
				first[t.Name] = t.Rounds
			}
			if y := t.Of(measure); p.Family == family && y > 0 {
				i := slices.IndexFunc(all, func(s Series) bool { return s.Target == t.Name })
				if i < 0 {
					i = len(all)
					all = append(all, Series{Target: t.Name, Measure: measure})
				}
				all[i].Points = append(all[i].Points, Point{p.X, y, within(t.Rounds, first[t.Name], measure)})
			}
		}
	}
	return all
}

// within is the median of the ratios of a figure to that of base in the same round.
func within(rounds, base []Figures, measure string) float64 {
	return Median(quotients(rounds, base, measure))
}
