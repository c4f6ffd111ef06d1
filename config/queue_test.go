package config

import (
	"strings"
	"testing"
)

func TestQueuesWithoutEffectAreWarnedAbout(t *testing.T) {
	for _, tc := range []struct{ limits, upstream, want string }{
		{"{}", "pool: { queue: 9 }", "upstreams.u.pool.queue: has no effect, because requests wait in the waiting room"},
		{"{}", "pool: { queue_timeout: 1s }", "upstreams.u.pool.queue_timeout: has no effect"},
		{"{}", "pool: { queue: 9 }, queue: { wait: 1s }", "upstreams.u.pool.queue: has no effect"},
		{"{}", "pool: { queue: 9 }, queue: off", ""},
		{"{ queue: off }", "pool: { queue: 9 }", ""},
		{"{ queue: off }", "queue: { size: 9 }", "upstreams.u.queue: has no effect, because limits.queue is off"},
		{"{ queue: off }", "queue: off", ""},
		{"{}", "pool: { queue: 256, queue_timeout: 250ms }", ""}, // the defaults, as `penstock config` prints them
	} {
		c := mustParse(t, "limits: "+tc.limits+"\nupstreams: { u: { backends: \"http://a:1\", "+tc.upstream+" } }\nroutes: [{ path: \"/*\", upstream: u }]\n")
		if got := strings.Join(c.Warnings, "\n"); tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
			t.Errorf("limits %s, upstream %s: got %q, want %q", tc.limits, tc.upstream, got, tc.want)
		}
	}
}

func TestConcurrencyInItsForms(t *testing.T) {
	for text, want := range map[string]Concurrency{
		"off": {Mode: LimitOff, Min: 4, Headroom: 0.5}, "auto": {Mode: LimitAuto, Min: 4, Headroom: 0.5},
		"watch": {Mode: LimitWatch, Min: 4, Headroom: 0.5}, "7": {Mode: LimitFixed, Min: 4, Max: 7, Headroom: 0.5},
		"{ min: 2 }": {Mode: LimitAuto, Min: 2, Headroom: 0.5},
	} {
		c := mustParse(t, "upstreams: { u: { backends: \"http://a:1\", concurrency: "+text+" } }\nroutes: [{ path: \"/*\", upstream: u }]\n")
		equal(t, text, c.Upstream("u").Concurrency, want)
		again, _ := roundTrip(t, c)
		equal(t, text+", printed", again.Upstream("u").Concurrency, want)
	}
	equal(t, "the default", DefaultUpstream().Concurrency, Concurrency{Mode: defaultLimit, Min: 4, Headroom: 0.5})
}
