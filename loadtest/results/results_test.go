package results

import (
	"os"
	"reflect"
	"testing"
)

func TestRatiosAreTakenWithinTheRound(t *testing.T) {
	s := Scenario{Targets: []Target{
		{Name: "penstock", Rounds: []Figures{{RPS: 90, CPU: 11, RSS: 5, P999: 6}, {RPS: 40, CPU: 24, RSS: 9, Errors: 1}, {RPS: 80, CPU: 13, RSS: 7, Errors: 2}}},
		{Name: Base, Rounds: []Figures{{RPS: 100, CPU: 10, P999: 4}, {RPS: 50, CPU: 20}, {RPS: 100, CPU: 10}}}, // the machine was slow in the second
	}}
	s.Summarize()
	p := s.Targets[0]
	if p.Ratio.RPS != 0.8 || p.Ratio.CPU != 1.2 || p.Ratio.P99 != 0 || p.Ratio.P999 != 1.5 {
		t.Errorf("ratios %+v", p.Ratio)
	}
	if p.RPS != 80 || p.CPU != 13 || p.RSS != 9 || p.Errors != 3 {
		t.Errorf("medians %+v, want the largest memory and the sum of errors in them", p.Figures)
	}
	if own := s.Targets[1].Ratio; own.RPS != 1 || own.CPU != 1 {
		t.Errorf("ratio of the base to itself %+v", own)
	}
}

func TestWithoutBaseThereIsNoRatio(t *testing.T) {
	s := Scenario{Targets: []Target{{Name: "penstock", Rounds: []Figures{{RPS: 90}}}}}
	s.Summarize()
	if s.Targets[0].Ratio != (Ratio{}) || s.Targets[0].RPS != 90 {
		t.Errorf("%+v", s.Targets[0])
	}
}

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		name   string
		values []float64
		want   float64
	}{
		{"none", nil, 0},
		{"odd", []float64{9, 1, 5}, 5},
		{"even: the mean of the middle two", []float64{4, 1, 2, 9}, 3},
		{"what was not measured does not count", []float64{0, 0, 7}, 7},
	} {
		if got := Median(tc.values); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestCurvesAreMadeOfTheirPoints(t *testing.T) {
	points := []Scenario{
		{Name: "small", Targets: []Target{{Name: "a", Figures: Figures{CPU: 1}}}},
		{Name: "conns-64", Family: "connections", X: 64, Targets: []Target{{Name: "a", Figures: Figures{CPU: 1}}}}, // alone
		{Name: "routes-100", Family: "routes", X: 100, Targets: []Target{
			{Name: "a", Figures: Figures{CPU: 6}, Rounds: []Figures{{CPU: 6}, {CPU: 12}, {CPU: 5.5}}},
			{Name: "b", Figures: Figures{CPU: 8}, Rounds: []Figures{{CPU: 8}}},
		}},
		{Name: "routes-10", Family: "routes", X: 10, Targets: []Target{
			{Name: "a", Figures: Figures{CPU: 5}, Rounds: []Figures{{CPU: 5}, {CPU: 10}, {CPU: 5}}},
		}},
	}
	want := []Scenario{{Name: "routes", About: "growth with the number of routes", XName: "routes", Growth: []Series{
		{"a", "cpu_us", []Point{{10, 5, 1}, {100, 6, 1.2}}},
		{"b", "cpu_us", []Point{{100, 8, 1}}},
	}}}
	if got := Curves(points, map[string]string{"routes": "routes"}); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestRunIsLoadedAsItWasSaved(t *testing.T) {
	r := &Run{Rounds: 3, Versions: map[string]string{"nginx": "1"}, Scenarios: []Scenario{{Name: "small", Targets: []Target{{
		Name: "nginx", Figures: Figures{RPS: 2, CPU: 1.5, P99: 3}, Ratio: Ratio{RPS: 1}, Rounds: []Figures{{RPS: 2}},
	}}}}}
	dir := t.TempDir() + "/new"
	if err := r.Save(dir); err != nil {
		t.Fatal(err)
	}
	got, err := Load(dir)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("got %+v, %v", got, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v: want %s alone", files, err, File)
	}
}

func TestEmptyRunIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := new(Run).Save(dir); err != nil {
		t.Fatal(err)
	}
	if r, err := Load(dir); err == nil {
		t.Errorf("got %+v, want an error", r)
	}
}
