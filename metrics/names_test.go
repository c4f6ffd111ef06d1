package metrics

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"penstock/exchange"
	"penstock/ops"
)

func TestNamesFollowTheConvention(t *testing.T) {
	word := regexp.MustCompile(`^penstock(_[a-z]+)+$`)
	seen := map[string]bool{}
	for _, f := range families() {
		base, isTotal := strings.CutSuffix(f.name, "_total")
		switch {
		case !word.MatchString(f.name):
			t.Errorf("%s: want penstock_ and lower-case words", f.name)
		case seen[f.name]:
			t.Errorf("%s: listed twice", f.name)
		case isTotal != (f.kind == counter):
			t.Errorf("%s: _total is for counters and only for them, this is a %s", f.name, f.kind)
		case f.unit != "" && !strings.HasSuffix(base, "_"+f.unit):
			t.Errorf("%s: want the unit %s at the end", f.name, f.unit)
		case f.unit == "" && regexp.MustCompile(`seconds|bytes|duration|time(stamp)?$`).MatchString(f.name):
			t.Errorf("%s: the name speaks of a unit, the family has none", f.name)
		case f.kind == histogram && f.unit != "seconds":
			t.Errorf("%s: histograms here are of seconds", f.name)
		case !strings.HasSuffix(f.help, ".") || strings.ContainsAny(f.help, "\n\\"):
			t.Errorf("%s: help %q: want one sentence that needs no escaping", f.name, f.help)
		}
		seen[f.name] = true
	}
}

func TestEveryFamilyListedIsWrittenAndNoOther(t *testing.T) {
	r := New(Options{})
	r.SetUpstreams(ofOne("u", "a"))
	r.SetProcess(func() ops.Process { return ops.Process{} })
	r.SetLogDropped(func() uint64 { return 0 })
	r.SetRateLimits(func() []ops.Route {
		return []ops.Route{{Name: "a", Limits: []ops.RateLimit{{Policy: "all", General: true, Refused: 1}, {Policy: "own"}}}, {Name: "b", Limits: []ops.RateLimit{{Policy: "all", General: true}}}}
	})
	r.Route("cached").CountCache(CacheNames{})
	r.SetCacheStatus(func() ops.CacheStatus { return ops.CacheStatus{ConfiguredBytes: 1} })
	got := read(t, r).kinds
	for _, f := range families() {
		if got[f.name] != string(f.kind) {
			t.Errorf("%s: got type %q, want %q", f.name, got[f.name], f.kind)
		}
		delete(got, f.name)
	}
	if len(got) > 0 {
		t.Errorf("families that names.go does not list: %v", got)
	}
}

func TestProcessAndGoFiguresFollowOurs(t *testing.T) {
	var buf bytes.Buffer
	New(Options{}).WritePrometheus(&buf)
	ours, theirs := strings.Index(buf.String(), "\npenstock_uptime_seconds "), strings.Index(buf.String(), "\ngo_goroutines ")
	if ours < 0 || theirs < ours {
		t.Errorf("penstock_uptime_seconds at %d, go_goroutines at %d: want both, ours first", ours, theirs)
	}
}

func TestEveryFaultHasASlotWithItsName(t *testing.T) {
	check := func(f *exchange.Fault) {
		c := newFaultCounts()
		c.add(f)
		c.each(func(name string, _ uint64) {
			if name != f.Name() {
				t.Errorf("fault %s was counted as %s", f.Name(), name)
			}
		})
	}
	exchange.Reasons(func(r exchange.Reason) { check(&exchange.Fault{Reason: r, Kind: exchange.DNSError}) })
	kinds := 0
	func() {
		defer func() { recover() }() // String panics beyond the last kind, which ends the loop
		for k := exchange.Kind(0); ; k++ {
			_ = k.String()
			kinds++
		}
	}()
	if want := int(exchange.ProxyLoopDetected) + 1; kinds != want {
		t.Fatalf("exchange has %d kinds, faults.go knows %d", kinds, want)
	}
	for k := range exchange.Kind(kinds) {
		check(&exchange.Fault{Kind: k})
	}
}

func TestStatusCodesAreBounded(t *testing.T) {
	for _, tc := range []struct {
		status      int
		code, class string
	}{
		{200, "200", "2xx"}, {101, "101", "1xx"}, {499, "499", "4xx"}, {503, "503", "5xx"},
		{299, "other", "2xx"}, {599, "other", "5xx"}, {104, "other", "1xx"},
		{0, "none", "none"}, {99, "none", "none"}, {600, "none", "none"}, {-1, "none", "none"},
	} {
		if code, class := slotLabels(slotOf(tc.status)); code != tc.code || class != tc.class {
			t.Errorf("status %d: got %s, %s, want %s, %s", tc.status, code, class, tc.code, tc.class)
		}
	}
}
