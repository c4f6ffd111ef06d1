package compare

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"penstock/loadtest/results"
)

func stat(name string, parent, user, system, pages int) *fstest.MapFile {
	text := fmt.Sprintf("7 (%s) S %d 7 7 0 -1 4194560 1 0 0 0 %d %d 9 9 20 0 1 0 100 1000 %d 18446744073709551615 1 1", name, parent, user, system, pages)
	return &fstest.MapFile{Data: []byte(text)}
}

func TestUsageIsThatOfTheWholeTree(t *testing.T) {
	proc := fstest.MapFS{
		"1/stat":  stat("init", 0, 5000, 5000, 9000),
		"10/stat": stat("nginx: master) S 1 (x", 1, 1, 2, 100),
		"11/stat": stat("nginx: worker", 10, 30, 40, 200),
		"12/stat": stat("its child", 11, 500, 0, 0),
		"13/stat": stat("somebody else", 1, 7000, 7000, 7000),
		"cpuinfo": {Data: []byte("no process")},
		"14/maps": {Data: []byte("one that has just ended has no stat")},
	}
	u, err := usageOf(proc, 10, 4096)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(u.pids) != "[10 11 12]" || u.cpu != 573*tick || u.resident != 300*4096 {
		t.Errorf("got %+v", u)
	}
	if u, err := usageOf(proc, 99, 4096); err == nil {
		t.Errorf("of a process that is not there: %+v", u)
	}
}

func TestUnreadableStatIsAnError(t *testing.T) {
	for _, text := range []string{"", "7 (x) S 1", "no brackets at all", "7 (x) S " + strings.Repeat("x ", 30)} {
		if p, err := parseStat([]byte(text), 1); err == nil {
			t.Errorf("%q: got %+v", text, p)
		}
	}
}

func TestCountsOfOthersAreRead(t *testing.T) {
	status := "Active connections: 3 \nserver accepts handled requests\n 12 12 3456 \nReading: 0 Writing: 1 Waiting: 2 \n"
	if n, err := parseStatus([]byte(status)); n != 3455 || err != nil {
		t.Errorf("stub_status: got %d, %v; the reading itself does not count", n, err)
	}
	if n, err := parseStatus([]byte("<html>")); err == nil {
		t.Errorf("stub_status of something else: %d", n)
	}
	calls := `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ------------------
 60.00    0.600000           6    100000           write
 40.00    0.400000           4    100001       100 read
------ ----------- ----------- --------- --------- ------------------
100.00    1.000000           5    200001       100 total
`
	if n, err := parseStrace(calls); n != 200001 || err != nil {
		t.Errorf("strace: got %v, %v", n, err)
	}
	if n, err := parseStrace("strace: nothing was called\n"); err == nil {
		t.Errorf("strace of nothing: %v", n)
	}
}

func TestScenariosAreChosenByNameFamilyAndSet(t *testing.T) {
	for list, want := range map[string]string{
		"hit,small":             "small hit",
		"routes":                "routes-10 routes-100 routes-1000 routes-10000",
		"connections,routes-10": "small conns-256 conns-1024 conns-4000 routes-10",
	} {
		chosen, err := choose(list)
		var names []string
		for _, s := range chosen {
			names = append(names, s.name)
		}
		if got := strings.Join(names, " "); got != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", list, got, err, want)
		}
	}
	chosen, _ := choose("small,hit,connections")
	if groups := grouped(chosen); len(groups) != 2 || len(groups[0]) != 4 || groups[1][0].name != "hit" {
		t.Errorf("groups %+v", groups)
	}
	all, _ := choose("all")
	usual, _ := choose("default")
	quick, _ := choose("quick")
	if len(all) != len(scenarios()) || len(usual) >= len(all) || len(quick) >= len(usual) || len(quick) == 0 {
		t.Errorf("%d in all, %d in default, %d in quick", len(all), len(usual), len(quick))
	}
	for _, list := range []string{"", "nothing", "small,nothing", "small,"} {
		if _, err := choose(list); err == nil {
			t.Errorf("%q: no error", list)
		}
	}
}

func TestScenariosHaveNamesOfTheirOwnAndFamiliesAnAxis(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scenarios() {
		if seen[s.name] || xNames()[s.name] != "" {
			t.Errorf("two are called %s", s.name)
		}
		seen[s.name] = true
		if s.family != "" && (xNames()[s.family] == "" || s.x == 0) {
			t.Errorf("%s: family %q at %d", s.name, s.family, s.x)
		}
	}
}

func TestTheUsualRunIsNotTooLong(t *testing.T) {
	k := &kit{found: map[string]string{"penstock": "p", "nginx": "n", "haproxy": "h", "varnishd": "v", "caddy": "c"}, strace: ""}
	for list, tc := range map[string]struct {
		rounds     int
		long, most time.Duration
	}{"default": {3, 3 * time.Second, 16 * time.Minute}, "quick": {2, time.Second, 3 * time.Minute}} {
		chosen, err := choose(list)
		if err != nil {
			t.Fatal(err)
		}
		k.rounds, k.long = tc.rounds, tc.long
		if got := k.planned(chosen); got > tc.most || got < tc.most/2 {
			t.Errorf("%s takes about %v, want at most %v", list, got, tc.most)
		}
	}
}

func TestQuickIsOverruled(t *testing.T) {
	o, err := parse([]string{"-quick", "-rounds", "5"}, new(bytes.Buffer))
	if err != nil || o.rounds != 5 || o.scenarios != "quick" || o.long != time.Second {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, args := range [][]string{{"-rounds", "0"}, {"-for", "10ms"}, {"small"}, {"-nothing"}} {
		if _, err := parse(args, new(bytes.Buffer)); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%v: got %v", args, err)
		}
	}
}

func TestTargetsAreThoseThatCan(t *testing.T) {
	k := &kit{
		found: map[string]string{"penstock": "p", "nginx": "n", "varnishd": "v", "caddy": "c"},
		also:  []build{{"old", "o"}},
	}
	for name, tc := range map[string]struct {
		s    scenario
		want string
	}{
		"passing through":    {scenario{}, "penstock old nginx caddy"},
		"from the cache":     {scenario{cached: true}, "penstock old nginx varnishd"},
		"those of a curve":   {scenario{only: []string{"nginx", "penstock"}}, "penstock old nginx"},
		"large bodies":       {scenario{size: 1, only: []string{"nginx"}}, "nginx nginx-tuned"},
		"what features cost": {scenario{features: true, only: []string{"penstock"}}, "penstock penstock-full penstock-bare old"},
	} {
		var got []string
		for _, v := range k.variants(tc.s) {
			got = append(got, v.name)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: got %v, want %s", name, got, tc.want)
		}
	}
	if k.only = []string{"caddy"}; len(k.variants(scenario{})) != 1 {
		t.Errorf("asked for one, got %+v", k.variants(scenario{}))
	}
}

func TestLastLineOfATargetIsInTheNote(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "\n": "", "one\n": "; its last line of output: one", "one\ntwo\n\n": "; its last line of output: two", strings.Repeat("x", 999): "; its last line of output: " + strings.Repeat("x", 300),
	} {
		if got := lastLine(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// A run that is interrupted keeps the rounds that it has, and no target without any.
func TestFoundIsWhatHasRounds(t *testing.T) {
	measured, none := &target{Target: results.Target{Name: "a"}}, &target{Target: results.Target{Name: "b"}}
	measured.Rounds = []results.Figures{{RPS: 3}}
	all := found([]*point{{scenario: scenario{name: "one"}, targets: []*target{measured, none}}, {scenario: scenario{name: "two"}, targets: []*target{none}}})
	if len(all) != 1 || all[0].Name != "one" || len(all[0].Targets) != 1 || all[0].Targets[0].RPS != 3 {
		t.Errorf("got %+v", all)
	}
}

func TestTablesShowWhatWasMeasured(t *testing.T) {
	var out bytes.Buffer
	printScenario(&out, results.Scenario{Name: "small", About: "about it", Targets: []results.Target{
		{Name: "penstock", Figures: results.Figures{RPS: 20000, CPU: 12.5, P99: 3, Errors: 7}, Ratio: results.Ratio{RPS: 0.85, CPU: 1.25}},
	}})
	printScenario(&out, results.Scenario{Name: "idle", Load: "idle", Targets: []results.Target{
		{Name: "penstock", Figures: results.Figures{PerIdle: 13.5, Requests: 8000}},
	}})
	printCurve(&out, results.Scenario{About: "growth", Growth: []results.Series{
		{Target: "penstock", Measure: "rps", Points: []results.Point{{X: 10, Y: 1, Ratio: 1}}},
		{Target: "penstock", Measure: "cpu_us", Points: []results.Point{{X: 10, Y: 4, Ratio: 1}, {X: 100, Y: 5, Ratio: 1.3}}},
	}})
	for _, want := range []string{"small: about it", "20000", "0.85", "12.50", "1.25", "13.5", "8000", "last / first", "1.30"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
