package results

import (
	"math/rand/v2"
	"slices"
)

// The builds that a verdict needs: the one that is judged, the one that was before it,
// and a copy of the latter, whose difference to its original is that of the machine.
const (
	Subject = "penstock"
	Before  = "before"
	Same    = "same"
)

// Bounds of a verdict.
const (
	// MaxHalfWidth is how far the interval of Same to Before may reach to either side of
	// its middle; where it reaches farther the machine was too restless to judge.
	MaxHalfWidth = 0.015
	// MinRounds is how many rounds a verdict needs: the interval of a few is too short.
	MinRounds = 15
	resamples = 10_000
)

// Interval is the median of the ratios within the rounds, and how sure it is: the
// 95 % interval of a bootstrap. The zero value is none.
type Interval struct {
	Rounds int     `json:"rounds"` // with a ratio
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// Half returns half of the interval's width.
func (i Interval) Half() float64 { return (i.High - i.Low) / 2 }

// Verdict is whether a build became slower. Hold sets one of the constants; the zero value is none.
type Verdict string

// Undecided means that the machine was too restless for a verdict, that there were fewer rounds than
// MinRounds or that processor times are missing; Kept that the upper end of the interval of Subject is
// at most Held.Bound and half of the width of that of Same together, Slower that it is above.
const (
	Undecided Verdict = "undecided"
	Kept      Verdict = "held"
	Slower    Verdict = "not held"
)

// Held is how Subject compares with Before in a scenario. The verdict is by the first
// of Measures, the processor time a request: it is what shared processors change least.
type Held struct {
	Bound    float64      `json:"bound"` // ratio that the upper end may reach, beside the noise: 1.02 is 2 % slower
	Verdict  Verdict      `json:"verdict"`
	Measures []Comparison `json:"measures"`        // only those that were measured
	Exact    []Exact      `json:"exact,omitempty"` // kept apart: the verdict does not depend on them
}

// Comparison is one figure of three builds.
type Comparison struct {
	Measure string   `json:"measure"` // the JSON name of the figure
	Subject Interval `json:"subject"` // to Before
	Same    Interval `json:"same"`    // to Before
}

// Exact is a figure that does not depend on how fast the machine was.
type Exact struct {
	Measure string  `json:"measure"` // allocs and syscalls a request, idle_kib a connection
	Subject float64 `json:"subject"`
	Before  float64 `json:"before"`
	Same    float64 `json:"same"`
}

// Above reports whether Subject has more than both Before and Same, by more than such a measurement
// is good for: 0.02 for allocs, 0.05 for all others.
func (e Exact) Above() bool {
	grain := 0.05
	if e.Measure == "allocs" {
		grain = 0.02
	}
	return e.Subject > max(e.Before, e.Same)+grain
}

// AddExact adds a figure of Subject, Before and Same to s.Held, by its JSON name, where
// all three have a value above zero; otherwise it adds nothing. It adds nothing for allocs, which
// Figures lacks. It panics when there is something to add and s.Held is nil.
func (s *Scenario) AddExact(measure string) {
	of := func(name string) float64 {
		for _, t := range s.Targets {
			if t.Name == name {
				return t.Of(measure)
			}
		}
		return 0
	}
	e := Exact{measure, of(Subject), of(Before), of(Same)}
	if e.Subject > 0 && e.Before > 0 && e.Same > 0 {
		s.Held.Exact = append(s.Held.Exact, e)
	}
}

// Hold fills s.Held from the rounds of Subject, Before and Same, and keeps s.Held.Exact. When
// Subject or Same has no round with a processor time in common with Before, the verdict is Undecided;
// when there is nothing to compare at all, s.Held becomes nil. bound is as Held.Bound.
func (s *Scenario) Hold(bound float64) {
	held := Held{Bound: bound, Verdict: Undecided}
	if s.Held != nil {
		held.Exact = s.Held.Exact
	}
	for _, measure := range []string{"cpu_us", "rps", "p50_ms", "p99_ms"} {
		c := Comparison{
			Measure: measure,
			Subject: Bootstrap(quotients(s.rounds(Subject), s.rounds(Before), measure)),
			Same:    Bootstrap(quotients(s.rounds(Same), s.rounds(Before), measure)),
		}
		if c.Subject.Rounds > 0 && c.Same.Rounds > 0 {
			held.Measures = append(held.Measures, c)
		}
	}
	if len(held.Measures) > 0 && held.Measures[0].Measure == "cpu_us" {
		held.Verdict = held.Measures[0].verdict(bound)
	}
	s.Held = nil
	if len(held.Measures)+len(held.Exact) > 0 {
		s.Held = &held
	}
}

// verdict compares the upper end of the interval, which is the worst case, with the bound.
func (c Comparison) verdict(bound float64) Verdict {
	switch half := c.Same.Half(); {
	case half > MaxHalfWidth || min(c.Subject.Rounds, c.Same.Rounds) < MinRounds:
		return Undecided
	case c.Subject.High <= bound+half:
		return Kept
	default:
		return Slower
	}
}

// Bootstrap returns the median of values with its 95 % interval: the medians of ten
// thousand samples drawn from them with replacement, without the lowest and the highest
// fortieth. The same values in any order have the same interval; no values have the zero one. Zeros
// count in Interval.Rounds and, as in Median, nowhere else. It does not change values.
func Bootstrap(values []float64) Interval {
	n := len(values)
	if n == 0 {
		return Interval{}
	}
	values = slices.Sorted(slices.Values(values))
	random := rand.New(rand.NewPCG(20, 21)) // any seed will do, as long as it is always the same
	medians, drawn := make([]float64, resamples), make([]float64, n)
	for i := range medians {
		for j := range drawn {
			drawn[j] = values[random.IntN(n)]
		}
		medians[i] = Median(drawn)
	}
	slices.Sort(medians)
	const tail = resamples / 40
	return Interval{Rounds: n, Median: Median(values), Low: medians[tail], High: medians[resamples-1-tail]}
}
