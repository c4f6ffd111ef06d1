package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"penstock/loadtest/results"
)

// sample is a run with something of everything.
func sample() *results.Run {
	round := func(rps, cpu, p99 float64) results.Figures {
		return results.Figures{RPS: rps, CPU: cpu, P50: 1, P99: p99, P999: 9, RSS: 20, PerIdle: cpu}
	}
	targets := func(factor float64) []results.Target {
		return []results.Target{
			{Name: "penstock", Rounds: []results.Figures{round(90, 12*factor, 2), round(95, 13*factor, 3), round(80, 12*factor, 2)}},
			{Name: "nginx", Rounds: []results.Figures{round(100, 10, 2), round(100, 10, 2), round(100, 10, 2)}},
			{Name: "<caddy>", Rounds: []results.Figures{round(10, 90, 20), round(10, 90, 20), {Errors: 3}}},
		}
	}
	run := &results.Run{
		Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Machine: results.Machine{CPUs: 2, Memory: "2097152 kB", Go: "go1.26"},
		Versions: map[string]string{"nginx": "nginx version: 1.22"}, Origin: "nginx", Rounds: 3, Seconds: 1, Notes: []string{"a note & more"},
		Scenarios: []results.Scenario{
			{Name: "small", About: "1 KiB", Load: "wrk", Family: "connections", X: 64, Targets: targets(1)},
			{Name: "conns-1024", About: "1 KiB", Family: "connections", X: 1024, Targets: targets(1.3)},
			{Name: "idle", Load: "idle", Targets: targets(1)},
		},
	}
	for i := range run.Scenarios {
		run.Scenarios[i].Summarize()
	}
	run.Given, run.Seed = map[string]string{"nginx": "processors [1] of its own; worker processes: 1"}, 77
	run.Scenarios[0].Held = &results.Held{Bound: 1.02, Verdict: results.Kept, Exact: []results.Exact{{Measure: "syscalls", Subject: 6, Before: 5.5, Same: 5.25}}, Measures: []results.Comparison{
		{Measure: "cpu_us", Subject: results.Interval{Rounds: 15, Median: 1.004, Low: 0.99, High: 1.018}, Same: results.Interval{Rounds: 15, Median: 1, Low: 0.995, High: 1.005}},
	}}
	run.Scenarios = append(run.Scenarios, results.Curves(run.Scenarios, map[string]string{"connections": "connections"})...)
	return run
}

func drawn(t *testing.T, run *results.Run) string {
	t.Helper()
	var out bytes.Buffer
	if err := Draw(&out, run); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestThePageStandsAlone(t *testing.T) {
	text := drawn(t, sample())
	for _, never := range []string{"<script", "http://", "https://", " src=", " href=", "url(", "@import", "<caddy>", "NaN", "Inf", "ZgotmplZ"} {
		if strings.Contains(text, never) {
			t.Errorf("%q is in it", never)
		}
	}
	for _, want := range []string{
		"2 January 2026, 03:04 UTC", "2.0 GiB", "a note &amp; more", "nginx version: 1.22", "&lt;caddy&gt;", "3 errors",
		"prefers-color-scheme: dark", "as many system calls a request", "rounds 1.20 to 1.30", "12.0 µs",
		"nginx had processors [1] of its own; worker processes: 1.", "from seed 77", "held (bound 1.02)", "1.004 (0.990 to 1.018, 15 rounds)", "6.00, before 5.50", ">above<",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in it", want)
		}
	}
}

// Every drawing is well-formed, and nothing lies outside of it.
func TestDrawingsKeepToTheirFrame(t *testing.T) {
	drawings := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(drawn(t, sample()), -1)
	if want := 3 + 4; len(drawings) != want {
		t.Fatalf("got %d drawings, want %d: two of bars, one of idle connections, four curves", len(drawings), want)
	}
	for _, text := range drawings {
		d := xml.NewDecoder(strings.NewReader(text))
		var width, height float64
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			e, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			at := map[string]float64{}
			for _, a := range e.Attr {
				if a.Name.Local == "viewBox" {
					_, err = fmt.Sscanf(a.Value, "0 0 %g %g", &width, &height)
				} else if strings.Contains(" x y x1 x2 y1 y2 cx cy width height ", " "+a.Name.Local+" ") {
					at[a.Name.Local], err = strconv.ParseFloat(a.Value, 64)
				}
				if err != nil {
					t.Errorf("%s=%q: %v", a.Name.Local, a.Value, err)
				}
			}
			for name, v := range at {
				limit := height
				if strings.Contains(name, "x") || name == "width" {
					limit = width
				}
				if math.IsNaN(v) || v < 0 || v > limit {
					t.Errorf("%s: %s is %v, want within %v", e.Name.Local, name, v, limit)
				}
			}
			if at["x"]+at["width"] > width {
				t.Errorf("%s ends at %v, want within %v", e.Name.Local, at["x"]+at["width"], width)
			}
		}
	}
}

func TestAimsAreJudged(t *testing.T) {
	run := sample()
	run.Scenarios = append(run.Scenarios,
		results.Scenario{Name: "10m", Targets: []results.Target{
			{Name: "penstock", Rounds: []results.Figures{{RPS: 200, RSS: 60}, {RPS: 210, RSS: 65}}},
			{Name: "nginx", Rounds: []results.Figures{{RPS: 100}, {RPS: 100}}},
		}},
		results.Scenario{Name: "conns-4000", Targets: []results.Target{
			{Name: "penstock", Rounds: []results.Figures{{P99: 30}}}, {Name: "nginx", Rounds: []results.Figures{{P99: 20}}},
		}},
		results.Scenario{Name: "features", Targets: []results.Target{
			{Name: "penstock-full", Rounds: []results.Figures{{CPU: 10.8}}}, {Name: "penstock-bare", Rounds: []results.Figures{{CPU: 10}}},
		}},
	)
	want := map[string]verdict{
		"1 KiB through: processor time a request":                              {State: met, Got: "1.20", Range: "1.20 to 1.30", Aim: "≤ 1.25 × nginx"},
		"1 KiB through: requests a second":                                     {State: met, Got: "0.90", Range: "0.80 to 0.95", Aim: "≥ 0.85 × nginx"},
		"1 KiB through: p99 latency":                                           {State: met, Got: "1.00", Range: "1.00 to 1.50", Aim: "≤ 1.2 × nginx"},
		"1 KiB cache hit: requests a second":                                   {State: open, Got: "–", Aim: "≥ 1.15 × nginx"},
		"10 MB through: requests a second":                                     {State: met, Got: "2.05", Range: "2.00 to 2.10", Aim: "≥ 2 × nginx"},
		"10 MB through: processor time a request":                              {State: open, Got: "–", Aim: "≤ 0.35 × nginx"},
		"10 MB through: resident memory":                                       {State: missed, Got: "65.0 MiB", Range: "60.0 to 65.0", Aim: "≤ 64 MiB"},
		"an idle connection: resident memory":                                  {State: met, Got: "12.0 KiB", Range: "12.0 to 13.0", Aim: "≤ 14 KiB"},
		"every default feature on, beside all off: processor time a request":   {State: met, Got: "1.08", Aim: "≤ 1.1 × penstock-bare"},
		"1 KiB through, 1,024 connections beside 64: processor time a request": {State: missed, Got: "1.30", Range: "1.30 to 1.30", Aim: "≤ 1.2 × penstock, small"},
		"1 KiB through, 4,000 connections: p99 latency":                        {State: stated, Got: "1.50", Aim: "× nginx"},
	}
	for _, v := range judge(run) {
		w, ok := want[v.Text]
		delete(want, v.Text)
		if w.Text = v.Text; ok && !reflect.DeepEqual(v, w) {
			t.Errorf("got  %+v\nwant %+v", v, w)
		}
	}
	for text := range want {
		t.Errorf("nothing is said about %q", text)
	}
}

// A run in which the machine was slow, or a scenario was not measured, does not decide.
func TestSeveralRunsAreJudgedByTheirMedian(t *testing.T) {
	slow := sample()
	slow.Scenarios = slow.Scenarios[:1]
	for i := range slow.Scenarios[0].Targets[0].Rounds {
		slow.Scenarios[0].Targets[0].Rounds[i].CPU = 20
	}
	runs := []*results.Run{sample(), slow, sample()}
	for text, want := range map[string]verdict{
		"1 KiB through: processor time a request": {State: met, Got: "1.20", Range: "1.20 to 2.00", Aim: "≤ 1.25 × nginx", Runs: []string{"1.20", "2.00", "1.20"}},
		"an idle connection: resident memory":     {State: met, Got: "12.0 KiB", Range: "12.0 to 13.0", Aim: "≤ 14 KiB", Runs: []string{"12.0", "–", "12.0"}},
	} {
		all := judge(runs...)
		i := slices.IndexFunc(all, func(v verdict) bool { return v.Text == text })
		if want.Text = text; i < 0 || !reflect.DeepEqual(all[i], want) {
			t.Errorf("got  %+v\nwant %+v", all, want)
		}
	}
	var page, text bytes.Buffer
	if err := errors.Join(Draw(&page, runs...), Print(&text, runs...)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"run 3", "median", "Of 3 runs"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if !strings.Contains(text.String(), "1.20  2.00  1.20") {
		t.Errorf("the text has no line of three runs:\n%s", &text)
	}
}

func TestRatioScale(t *testing.T) {
	s := ratioScale{100, 80}
	for v, want := range map[float64]float64{0.25: 100, 0.5: 120, 1: 140, 2: 160, 4: 180, 9: 180, 0.01: 100} {
		if got := s.at(v); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v is at %v, want %v", v, got, want)
		}
	}
}

func TestScalesEndInRoundNumbers(t *testing.T) {
	for most, want := range map[float64][2]float64{
		0: {1, 1}, 1: {1, 0.2}, 3.7: {4, 1}, 8: {8, 2}, 12: {15, 5}, 21.7: {25, 5}, 186: {200, 50}, 50_000: {50_000, 10_000}, 0.03: {0.03, 0.01},
	} {
		top, step := nice(most)
		if math.Abs(top-want[0]) > 1e-9 || math.Abs(step-want[1]) > 1e-9 {
			t.Errorf("up to %v: got %v in steps of %v, want %v", most, top, step, want)
		}
	}
}

func TestNamesDoNotOverlap(t *testing.T) {
	lines := []line{{LabelY: 100}, {LabelY: 99}, {LabelY: 20}, {LabelY: 300}}
	spread(lines, 10, 120)
	for i, want := range []float64{100, 87, 20, 120} {
		if lines[i].LabelY != want {
			t.Errorf("name %d is at %v, want %v", i, lines[i].LabelY, want)
		}
	}
	lines = []line{{LabelY: 11}, {LabelY: 11}}
	spread(lines, 10, 120)
	if lines[1].LabelY != 10 || lines[0].LabelY != 10+labelHeight {
		t.Errorf("at the top: got %v and %v", lines[0].LabelY, lines[1].LabelY)
	}
}

func TestSlopes(t *testing.T) {
	var l line
	l.describe("cpu_us", []results.Point{{X: 10, Y: 10}, {X: 100, Y: 10.5}, {X: 1000, Y: 12, Ratio: 1.21}})
	if l.Total != "× 1.21" || l.Slope != "+10.0 %" || l.Each != "+2.02 ns" || l.First != "10.0" || l.Last != "12.0" {
		t.Errorf("got %+v", l)
	}
	l.describe("rss_mib", []results.Point{{X: 1, Y: 1}, {X: 1025, Y: 3}})
	if l.Total != "× 3.00" || l.Each != "+2.00 KiB" {
		t.Errorf("without a ratio within the rounds: got %+v", l)
	}
}

func TestWriteNeedsARun(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(dir); err == nil {
		t.Error("no run: no error")
	}
	file, err := Write(dir, sample())
	if text, read := os.ReadFile(file); err != nil || read != nil || filepath.Dir(file) != dir || !bytes.Contains(text, []byte("</html>")) {
		t.Errorf("got %s, %v, %v", file, err, read)
	}
}

// Every curve that compare draws is explained.
func TestEveryFamilyIsExplained(t *testing.T) {
	for _, family := range []string{"connections", "routes", "backends", "objects"} {
		if explanations()[family] == "" {
			t.Errorf("nothing is said about %s", family)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "–", 1.234: "1.23", 99.96: "100.0", 123: "123", 1234: "1,234", 1234567.8: "1,234,568"} {
		if got := figure(v); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
}
