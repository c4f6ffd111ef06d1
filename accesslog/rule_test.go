package accesslog

import (
	"testing"
	"time"
)

func TestRule(t *testing.T) {
	always := []Condition{{StatusMin: 500, StatusMax: 599}, {StatusMin: 404, StatusMax: 404}, {SlowerThan: time.Second}}
	for _, tc := range []struct {
		name   string
		rule   Rule
		status int
		took   time.Duration
		random float64
		want   bool
	}{
		{"the zero value logs nothing", Rule{}, 500, time.Hour, 0, false},
		{"a full sample logs everything", Rule{Sample: 1}, 200, 0, 0.999, true},
		{"inside the sample", Rule{Sample: 0.1}, 200, 0, 0.099, true},
		{"outside the sample", Rule{Sample: 0.1}, 200, 0, 0.1, false},
		{"a status class", Rule{Always: always}, 503, 0, 0.5, true},
		{"a single status", Rule{Always: always}, 404, 0, 0.5, true},
		{"no status of the list", Rule{Always: always}, 403, 0, 0.5, false},
		{"slower than", Rule{Always: always}, 200, time.Second + 1, 0.5, true},
		{"not slower than", Rule{Always: always}, 200, time.Second, 0.5, false},
		{"an empty condition never holds", Rule{Always: []Condition{{}}}, 0, time.Hour, 0.5, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.rule.Wanted(tc.status, tc.took, tc.random); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestWantedAsksTheInjectedRandom(t *testing.T) {
	random := 0.3
	l, err := New(Options{File: "stdout", Rule: Rule{Sample: 0.5}, Rand: func() float64 { return random }})
	if err != nil {
		t.Fatal(err)
	}
	if !l.Wanted(200, 0) {
		t.Error("0.3 lies in a sample of 50 %, got not wanted")
	}
	random = 0.7
	if l.Wanted(200, 0) {
		t.Error("0.7 lies outside a sample of 50 %, got wanted")
	}
	if (*Log)(nil).Wanted(500, time.Hour) {
		t.Error("a log that is off wants a line")
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	for _, o := range []Options{{}, {File: "stdout", Rule: Rule{Sample: 1.1}}, {File: "stdout", Rule: Rule{Sample: -1}}} {
		if _, err := New(o); err == nil {
			t.Errorf("options %+v: got no error", o)
		}
	}
}

func TestSetChangesWhatFollows(t *testing.T) {
	l, lines := started(t, Options{Rule: Rule{Sample: 1}})
	l.Write(journey())
	if err := l.Set(Text, Rule{Sample: 2}); err == nil || !l.Wanted(200, 0) {
		t.Errorf("a sample of 2: got %v, want an error that changes nothing", err)
	}
	if err := l.Set(Text, Rule{Always: []Condition{{StatusMin: 500, StatusMax: 599}}}); err != nil {
		t.Fatal(err)
	}
	if l.Wanted(200, 0) || !l.Wanted(503, 0) {
		t.Error("the new rule does not hold")
	}
	l.Write(journey())
	shutdown(t, l)
	want := string(JSON.Append(nil, journey())) + string(Text.Append(nil, journey()))
	if got := lines(); got != want {
		t.Errorf("got %q, want a JSON line, then a text line", got)
	}
}
