package config

import (
	"reflect"
	"testing"
	"time"

	"penstock/options"
)

func TestHealthForms(t *testing.T) {
	standard := Health{
		Type: HealthHTTP, Path: "/healthz", Method: "GET", Every: 5 * time.Second, Timeout: time.Second, Fast: time.Second,
		Up: 2, Down: 3, Expect: Statuses{{First: 200, Last: 299}, {First: 300, Last: 399}},
	}
	with := func(change func(*Health)) Health {
		h := standard
		change(&h)
		return h
	}
	for _, tc := range []struct {
		text string
		want Health
	}{
		{"off", Health{}},
		{`"/live?x=1"`, with(func(h *Health) { h.Path = "/live?x=1" })},
		{"{}", standard},
		{"{ type: tcp, every: 500ms }", with(func(h *Health) {
			h.Type, h.Every, h.Fast = HealthTCP, 500*time.Millisecond, 500*time.Millisecond
		})},
		{`{ method: OPTIONS, host: "Api.example.com:80", port: 81, headers: { X-A: b }, body: "up", expect: 204, start: down }`, with(func(h *Health) {
			h.Method, h.Host, h.Port, h.Body, h.Start = "OPTIONS", "Api.example.com:80", 81, "up", StartDown
			h.Headers = []options.Field{{Name: "X-A", Value: "b"}}
			h.Expect = Statuses{{First: 204, Last: 204}}
		})},
	} {
		c := mustParse(t, `upstreams: { a: { backends: "http://a:1", health: `+tc.text+` } }
routes: [{ path: "/*", upstream: a }]`)
		if got := c.Upstreams[0].Health; !reflect.DeepEqual(got, tc.want) {
			t.Errorf("health: %s: got\n%+v, want\n%+v", tc.text, got, tc.want)
		}
		again, _ := roundTrip(t, c)
		if got := again.Upstreams[0].Health; !reflect.DeepEqual(got, tc.want) {
			t.Errorf("health: %s, printed and read: got\n%+v, want\n%+v", tc.text, got, tc.want)
		}
	}
}

func TestBreakerAndSlowStart(t *testing.T) {
	for text, want := range map[string]Breaker{
		"off":               {},
		"{}":                {OpenAt: 0.5, Min: 20, Within: 10 * time.Second, Probe: 10 * time.Second, Trials: 3},
		"{ open_at: 100% }": {OpenAt: 1, Min: 20, Within: 10 * time.Second, Probe: 10 * time.Second, Trials: 3},
	} {
		c := mustParse(t, `upstreams: { a: { backends: "http://a:1", breaker: `+text+`, slow_start: 30s } }
routes: [{ path: "/*", upstream: a }]`)
		if got := c.Upstreams[0].Breaker; got != want || c.Upstreams[0].SlowStart != 30*time.Second {
			t.Errorf("breaker: %s: got %+v, want %+v", text, got, want)
		}
	}
}
