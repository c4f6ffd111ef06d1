package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"penstock/loadtest/driver"
)

// bearing returns the report of a gateway that just fulfils all conditions.
func bearing() pressure {
	report := func(good, refused int, took time.Duration) *driver.Report {
		r := &driver.Report{Took: time.Second, Arrivals: int64(good + refused), RetryAfter: int64(refused)}
		for range good {
			r.Good.Record(took)
		}
		for range refused {
			r.Refused.Record(time.Millisecond)
		}
		return r
	}
	return pressure{report(100, 0, 20*time.Millisecond), report(1000, 0, 20*time.Millisecond), report(900, 2100, 40*time.Millisecond)}
}

func TestOverloadIsJudged(t *testing.T) {
	if err := bearing().judge(); err != nil {
		t.Errorf("just so: %v", err)
	}
	for want, spoil := range map[string]func(p *pressure){
		"goodput fell to 0.89":             func(p *pressure) { p.pressed.Took = p.pressed.Took * 101 / 100 },
		"p99 of the admitted is 2.05":      func(p *pressure) { record(&p.pressed.Good, 10, 41*time.Millisecond) },
		"p99 of refusals is 21ms":          func(p *pressure) { record(&p.pressed.Refused, 30, 21*time.Millisecond); p.pressed.RetryAfter += 30 },
		"1 refusals have no Retry-After":   func(p *pressure) { p.pressed.RetryAfter-- },
		"1 requests were cut":              func(p *pressure) { p.capacity.Cut++ },
		"nothing was refused":              func(p *pressure) { p.pressed.Refused, p.pressed.RetryAfter = driver.Histogram{}, 0 },
		"31 of 3000 arrivals waited":       func(p *pressure) { p.pressed.Waited = 31 },
		"2 requests were cut, timed out o": func(p *pressure) { p.pressed.Timeouts++; record(&p.pressed.Other, 1, 1) },
	} {
		p := bearing()
		spoil(&p)
		if err := p.judge(); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want %q and nothing else", err, want)
		}
	}
}

func record(h *driver.Histogram, n int, d time.Duration) {
	for range n {
		h.Record(d)
	}
}

func TestOpenTellsWhatItIsAsked(t *testing.T) {
	var out bytes.Buffer
	for _, args := range [][]string{{"open"}, {"open", "-rate", "x", "http://127.0.0.1:1/"}, {"open", "ftp://127.0.0.1/"}, {"open", "http://127.0.0.1:1/", "http://127.0.0.1:2/"}} {
		if err := run(t.Context(), args, &out); err == nil {
			t.Errorf("%v: got no error", args)
		}
	}
	if runtime.GOOS != "linux" {
		return // the driver says so
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-A") != "b" || r.Method != http.MethodPost || r.ContentLength != 10 {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	defer server.Close()
	args := []string{"-H", "X-A: b", "-body", "10", "-duration", "50ms", "-warmup", "0s", server.URL + "/a", server.URL + "/b"}
	out.Reset()
	var r struct {
		Arrivals, Unsent int
		Status           map[string]int
	}
	err := run(t.Context(), append([]string{"open", "-json"}, args...), &out)
	if err = cmp.Or(err, json.Unmarshal(out.Bytes(), &r)); err != nil || r.Arrivals != 50 || r.Status["200"] == 0 || r.Status["200"]+r.Unsent != 50 {
		t.Errorf("got %s, %v; want 50 arrivals, status 200 for each that the machine was fast enough to send", out.String(), err)
	}
	out.Reset()
	only200 := regexp.MustCompile(`(?m)^  status   200: [1-9][0-9]*;`)
	if err := run(t.Context(), append([]string{"open"}, args...), &out); err != nil || !only200.MatchString(out.String()) {
		t.Errorf("got %s, %v; want status 200 and no other", out.String(), err)
	}
}
