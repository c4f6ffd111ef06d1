package results

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestBootstrapOfThree: of three values the interval can be worked out by hand. The
// median of three draws is the smallest value when two or three draws are: 7 of 27
// samples, far more than a fortieth, so the interval goes from the smallest to the largest.
func TestBootstrapOfThree(t *testing.T) {
	if got, want := Bootstrap([]float64{3, 1, 2}), (Interval{3, 2, 1, 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestBootstrapFindsTheOrderStatistics: the bootstrap of a median is known without
// drawing. Of n distinct values in order the resampled median is at most the k-th when
// at least (n+1)/2 of n draws are, which is a binomial tail.
func TestBootstrapFindsTheOrderStatistics(t *testing.T) {
	for _, n := range []int{15, 31, 59} {
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(i + 1)
		}
		rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) { values[i], values[j] = values[j], values[i] })
		got := Bootstrap(values)
		if got.Median != float64(n+1)/2 {
			t.Errorf("%d values: median %v", n, got.Median)
		}
		for end, want := range map[float64]float64{got.Low: 0.025, got.High: 0.975} {
			at, below := medianAtMost(n, int(end)), medianAtMost(n, int(end)-1)
			if at < want-0.004 || below > want+0.004 {
				t.Errorf("%d values: %v is the end at %v, but the median is at most that with %.4f, and less with %.4f", n, end, want, at, below)
			}
		}
	}
}

// medianAtMost is the probability that the median of n draws from 1 ... n is at most k.
func medianAtMost(n, k int) (sum float64) {
	p := float64(k) / float64(n)
	for hits := (n + 1) / 2; hits <= n; hits++ {
		choose, _ := math.Lgamma(float64(n + 1))
		a, _ := math.Lgamma(float64(hits + 1))
		b, _ := math.Lgamma(float64(n - hits + 1))
		sum += math.Exp(choose-a-b) * math.Pow(p, float64(hits)) * math.Pow(1-p, float64(n-hits))
	}
	return sum
}

func TestBootstrapIsTheSameEachTime(t *testing.T) {
	values := []float64{1.01, 0.99, 1.02, 1.00, 0.98, 1.03, 1.01}
	first := Bootstrap(values)
	values[0], values[5] = values[5], values[0]
	if again := Bootstrap(values); again != first {
		t.Errorf("got %+v and then %+v", first, again)
	}
	if got := Bootstrap([]float64{1.5}); got != (Interval{1, 1.5, 1.5, 1.5}) {
		t.Errorf("of one value: %+v", got)
	}
	if got := Bootstrap(nil); got != (Interval{}) {
		t.Errorf("of none: %+v", got)
	}
}

func TestHeldIsJudgedByTheUpperEnd(t *testing.T) {
	noise := func(half float64) Interval { return Interval{15, 1, 1 - half, 1 + half} }
	for _, tc := range []struct {
		name  string
		c     Comparison
		bound float64
		want  Verdict
	}{
		{"below the bound", Comparison{Subject: Interval{15, 1, 0.99, 1.019}, Same: noise(0.01)}, 1.02, Kept},
		{"within the noise above it", Comparison{Subject: Interval{15, 1.01, 1, 1.0299}, Same: noise(0.01)}, 1.02, Kept},
		{"beyond the noise", Comparison{Subject: Interval{15, 1.01, 1, 1.031}, Same: noise(0.01)}, 1.02, Slower},
		{"another bound", Comparison{Subject: Interval{15, 1.03, 1.02, 1.045}, Same: noise(0.01)}, 1.06, Kept},
		{"faster, but who knows", Comparison{Subject: Interval{15, 0.9, 0.8, 0.95}, Same: noise(0.016)}, 1.02, Undecided},
		{"too few rounds", Comparison{Subject: Interval{14, 1, 1, 1}, Same: Interval{15, 1, 1, 1}}, 1.02, Undecided},
		{"too few of the copy", Comparison{Subject: Interval{15, 1, 1, 1}, Same: Interval{3, 1, 1, 1}}, 1.02, Undecided},
		{"a copy that is always slower is no noise", Comparison{Subject: Interval{15, 1.05, 1.04, 1.06}, Same: Interval{15, 1.05, 1.045, 1.055}}, 1.02, Slower},
	} {
		if got := tc.c.verdict(tc.bound); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestHoldTakesRatiosWithinTheRound(t *testing.T) {
	s := Scenario{Targets: []Target{
		{Name: Subject, Rounds: []Figures{{CPU: 10.1, RPS: 50}, {CPU: 20.2, RPS: 25}, {CPU: 40.4, RPS: 12.5}}},
		{Name: Before, Rounds: []Figures{{CPU: 10, RPS: 100}, {CPU: 20, RPS: 50}, {CPU: 40, RPS: 25}}}, // the machine slows down
		{Name: Same, Rounds: []Figures{{CPU: 10, RPS: 100}, {CPU: 20, RPS: 50}, {CPU: 40, RPS: 25}}},
	}, Held: &Held{Exact: []Exact{{"allocs", 0, 0, 0}}}}
	s.Hold(1.02)
	want := &Held{1.02, Undecided, []Comparison{
		{"cpu_us", Interval{3, 1.01, 1.01, 1.01}, Interval{3, 1, 1, 1}},
		{"rps", Interval{3, 0.5, 0.5, 0.5}, Interval{3, 1, 1, 1}},
	}, []Exact{{"allocs", 0, 0, 0}}}
	for i := range s.Held.Measures { // 10.1/10 is not 1.01 to the last bit
		m := &s.Held.Measures[i].Subject
		m.Median, m.Low, m.High = round(m.Median), round(m.Low), round(m.High)
	}
	if !reflect.DeepEqual(s.Held, want) {
		t.Errorf("got %+v, want %+v", s.Held, want)
	}
	alone := Scenario{Targets: s.Targets[:2]}
	if alone.Hold(1.02); alone.Held != nil {
		t.Errorf("without a copy: %+v", alone.Held)
	}
}

func round(v float64) float64 { return math.Round(v*1e9) / 1e9 }

func TestExactIsAboveByMoreThanItIsGoodFor(t *testing.T) {
	for _, tc := range []struct {
		e    Exact
		want bool
	}{
		{Exact{"syscalls", 5.60, 5.58, 5.59}, false},
		{Exact{"syscalls", 5.70, 5.58, 5.59}, true},
		{Exact{"syscalls", 5.70, 5.58, 5.69}, false},
		{Exact{"allocs", 0.01, 0, 0}, false},
		{Exact{"allocs", 1.01, 0, 0}, true},
		{Exact{"idle_kib", 5.0, 5.4, 5.4}, false},
	} {
		if got := tc.e.Above(); got != tc.want {
			t.Errorf("%+v: got %t", tc.e, got)
		}
	}
}
