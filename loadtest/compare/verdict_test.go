package compare

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"penstock/loadtest/results"
)

func TestOrderIsDrawnForEachRoundAndFollowsFromTheSeed(t *testing.T) {
	const targets, rounds = 3, 600
	draw := func(seed uint64) (all [][]int) {
		k := &kit{random: newRandom(seed)}
		for range rounds {
			all = append(all, k.shuffled(targets))
		}
		return all
	}
	first := draw(7)
	if fmt.Sprint(first) != fmt.Sprint(draw(7)) || fmt.Sprint(first) == fmt.Sprint(draw(8)) {
		t.Error("the order does not follow from the seed")
	}
	var at [targets][targets]int // how often each target had each turn
	for n, order := range first {
		if sorted := slices.Sorted(slices.Values(order)); !slices.Equal(sorted, []int{0, 1, 2}) {
			t.Fatalf("round %d: %v", n, order)
		}
		for turn, target := range order {
			at[target][turn]++
		}
	}
	for target, turns := range at {
		for turn, n := range turns { // 200 are to be expected, with a deviation of 11.5
			if n < 160 || n > 240 {
				t.Errorf("target %d had turn %d in %d of %d rounds", target, turn, n, rounds)
			}
		}
	}
}

func TestTargetsGetProcessorsOfTheirOwn(t *testing.T) {
	for cpus, want := range map[string]string{
		"[0 1]": "[1] [0]", "[2 5 7]": "[5 7] [2]", "[0 1 2 3]": "[2 3] [0 1]", "[0 1 2 3 4 5 6 7]": "[2 3 4 5 6 7] [0 1]",
	} {
		var all []int
		for word := range strings.FieldsSeq(strings.Trim(cpus, "[]")) {
			all = append(all, int(word[0]-'0'))
		}
		target, others := shareOut(all)
		if got := fmt.Sprint(target, others); got != want {
			t.Errorf("of %s: got %s, want %s", cpus, got, want)
		}
	}
}

func TestRoundsAreAddedWhileTheMachineIsRestless(t *testing.T) {
	held := func(v results.Verdict) results.Scenario { return results.Scenario{Held: &results.Held{Verdict: v}} }
	for _, tc := range []struct {
		name   string
		now    []results.Scenario
		rounds int
		want   int
	}{
		{"nobody asked for a verdict", []results.Scenario{{}}, 3, 0},
		{"it is there", []results.Scenario{held(results.Kept), held(results.Slower)}, 15, 0},
		{"one has none", []results.Scenario{held(results.Kept), held(results.Undecided)}, 15, 15},
		{"up to sixty", []results.Scenario{held(results.Undecided)}, 50, 10},
		{"and then no more", []results.Scenario{held(results.Undecided)}, 60, 0},
		{"more than sixty were asked for", []results.Scenario{held(results.Undecided)}, 80, 0},
		{"idle connections have one round", []results.Scenario{{Load: "idle", Held: &results.Held{Verdict: results.Undecided}}}, 1, 0},
	} {
		if got := moreRounds(tc.now, tc.rounds); got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestVerdictWantsACopy(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return name + "=" + path
	}
	before, same, other := file("before", "one"), file("same", "one"), file("other", "two")
	for list, want := range map[string]string{
		"": "0", before: "0", same: "0", before + "," + other: "0",
		before + "," + same: "1.02", same + "," + before + "," + other: "1.02",
		before + "," + strings.Replace(other, "other", "same", 1): "same is no copy of before",
	} {
		all, err := parseBuilds(list)
		if err != nil {
			t.Fatal(err)
		}
		bound, err := boundFor(all, 1.02)
		if got := fmt.Sprint(bound, err); !strings.Contains(got, want) {
			t.Errorf("%q: got %s, want %s", list, got, want)
		}
	}
	for _, list := range []string{"before", "before=" + filepath.Join(dir, "nothing")} {
		if all, err := parseBuilds(list); err == nil {
			t.Errorf("%q: got %v", list, all)
		}
	}
}

func TestAllocationsAreFoundAmongTheMetrics(t *testing.T) {
	page := "go_memstats_frees_total 7\ngo_memstats_mallocs_total 1.234567e+06\ngo_memstats_mallocs_total_ 9\n"
	if n, err := parseMallocs([]byte(page)); n != 1234567 || err != nil {
		t.Errorf("got %v, %v", n, err)
	}
	if n, err := parseMallocs([]byte("penstock_requests_total 7\n")); err == nil {
		t.Errorf("of a page without: %v", n)
	}
}

func TestVerdictIsPrintedWithWhatItIsBasedOn(t *testing.T) {
	var out bytes.Buffer
	s := results.Scenario{Name: "small", Held: &results.Held{
		Bound: 1.02, Verdict: results.Kept, Exact: []results.Exact{{Measure: "allocs", Subject: 1, Before: 0, Same: 0}, {Measure: "syscalls", Subject: 5.5, Before: 5.6, Same: 5.6}},
		Measures: []results.Comparison{{
			Measure: "cpu_us", Subject: results.Interval{Rounds: 15, Median: 1.004, Low: 0.995, High: 1.0125}, Same: results.Interval{Rounds: 15, Median: 0.998, Low: 0.99, High: 1.003},
		}},
	}}
	printHeld(&out, s)
	s.Held.Verdict = results.Undecided
	printHeld(&out, s)
	s.Held.Measures[0].Same.High = 1.1
	printHeld(&out, s)
	printHeld(&out, results.Scenario{})
	for _, want := range []string{
		"small: held. Processor time to before at most 1.0125, bound 1.0200 + 0.0065\n", "1.0040 (0.9950 to 1.0125 in 15 rounds); same 0.9980 (0.9900 to 1.0030 in 15 rounds)\n",
		"allocs   1.00, before 0.00, same 0.00: ABOVE\n", "syscalls 5.50, before 5.60, same 5.60: not above\n", "small: undecided", "too restless", "a verdict needs 15 rounds\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
