package results

import (
	"reflect"
	"testing"
)

func TestPairsAreComparedWithinTheRound(t *testing.T) {
	s := Scenario{Targets: []Target{
		{Name: "full", Rounds: []Figures{{CPU: 11}, {CPU: 24}, {CPU: 13}, {CPU: 10}, {CPU: 0}, {CPU: 15}}},
		{Name: "bare", Rounds: []Figures{{CPU: 10}, {CPU: 20}, {CPU: 10}, {CPU: 10}, {CPU: 10}, {CPU: 10}, {CPU: 9}}},
	}}
	s.Compare("full", "bare") // 1.1, 1.2, 1.3, 1.0, not measured, 1.5
	s.Compare("full", "nobody")
	want := []Pair{{"full", "bare", Spread{Rounds: 5, Median: 1.2, Low: 1.1, High: 1.3, Least: 1, Most: 1.5}}}
	if !reflect.DeepEqual(s.Pairs, want) {
		t.Errorf("got %+v, want %+v", s.Pairs, want)
	}
}
