package compare

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"penstock/loadtest/results"
)

func TestFeaturesAreMeasuredOftenAndInTurn(t *testing.T) {
	k := &kit{rounds: 3, long: 3 * time.Second}
	s := features(scenario{})
	if k.turns(s) != 15 || k.lasts(s) != time.Second {
		t.Errorf("got %d rounds of %v, want 15 of 1s", k.turns(s), k.lasts(s))
	}
	if k.rounds = 20; k.turns(s) != 20 {
		t.Errorf("got %d rounds, want the 20 that were asked for", k.turns(s))
	}
	if other := (scenario{least: 5 * time.Second}); k.turns(other) != 20 || k.lasts(other) != 5*time.Second || k.turns(scenario{idle: 1}) != 1 {
		t.Errorf("got %d rounds of %v for another, %d for an idle one", k.turns(other), k.lasts(other), k.turns(scenario{idle: 1}))
	}
}

func TestFeaturesAreComparedWithOneAnother(t *testing.T) {
	of := func(cpu float64) []results.Figures { return []results.Figures{{CPU: cpu, Requests: 1}} }
	p := point{scenario: features(scenario{}), targets: []*target{
		{Target: results.Target{Name: "penstock", Rounds: of(10.5)}},
		{Target: results.Target{Name: full, Rounds: of(10.8)}},
		{Target: results.Target{Name: bare, Rounds: of(10)}},
	}}
	var out bytes.Buffer
	printScenario(&out, p.results())
	for _, want := range []string{
		"CPU of penstock-full to penstock-bare: 1.080; half of 1 rounds", "penstock-full to penstock: 1.029", "penstock to penstock-bare: 1.050",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	p.features = false
	if pairs := p.results().Pairs; pairs != nil {
		t.Errorf("without features: got %+v", pairs)
	}
}
