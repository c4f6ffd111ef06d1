package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"penstock/config"
)

const asJSON = "Content-Type: application/json"

func TestHealthAndReadiness(t *testing.T) {
	g := &gateway{}
	s := serve(t, g, nil)
	for _, path := range []string{"/healthz", "/readyz"} {
		if a := s.ask("GET", path, ""); a.status != 200 {
			t.Errorf("%s: got %d %s, want 200", path, a.status, a.body)
		}
		if a := s.ask("HEAD", path, ""); a.status != 200 || a.body != "" {
			t.Errorf("HEAD %s: got %d %q, want 200 without a body", path, a.status, a.body)
		}
	}
	for _, reason := range []string{"starting", "draining"} {
		g := &gateway{unready: errors.New(reason)}
		s := serve(t, g, nil)
		s.wantProblem(s.ask("GET", "/readyz", ""), 503, reason)
		if a := s.ask("GET", "/healthz", ""); a.status != 200 {
			t.Errorf("/healthz while %s: got %d, want 200: the process lives", reason, a.status)
		}
	}
}

func TestReadingEndpoints(t *testing.T) {
	s := serve(t, &gateway{weight: 5}, nil)
	for _, tc := range []struct{ path, kind, part string }{
		{"/metrics", "text/plain; version=0.0.4; charset=utf-8", "penstock_build_info 1\n"},
		{"/", "text/plain; charset=utf-8", "/api/upstreams/{name}/backends/{address:*}"},
		{"/api/version", "application/json", `"version": "v1"`},
		{"/api/routes", "application/json", `"name": "web"`},
		{"/api/routes", "application/json", `"generation": 7`},
		{"/api/upstreams", "application/json", `"state": "ejected"`},
		{"/api/upstreams", "application/json", `"reason": "connect-failures"`},
		{"/api/upstreams", "application/json", `"until": "1970-01-01T00:16:41Z"`},
		{"/api/upstreams", "application/json", `"cause": "connection refused"`},
		{"/api/upstreams", "application/json", `"last_check": {`},
		{"/api/upstreams", "application/json", `"since": "1970-01-01T00:16:40Z"`},
		{"/debug/pprof", "text/plain; charset=utf-8", "heap"},
		{"/debug/pprof/", "text/plain; charset=utf-8", "heap"},
		{"/debug/pprof/goroutine?debug=1", "text/plain; charset=utf-8", "goroutine profile: total"},
		{"/debug/pprof/heap", "application/octet-stream", "\x1f\x8b"},
		{"/debug/pprof/allocs", "application/octet-stream", "\x1f\x8b"},
		{"/debug/pprof/threadcreate", "application/octet-stream", "\x1f\x8b"},
	} {
		a := s.ask("GET", tc.path, "")
		if a.status != 200 || a.header.Get("Content-Type") != tc.kind || !strings.Contains(a.body, tc.part) {
			t.Errorf("%s: got %d %s %.300q, want %s with %q", tc.path, a.status, a.header.Get("Content-Type"), a.body, tc.kind, tc.part)
		}
		if a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Server") != "" {
			t.Errorf("%s: header %v", tc.path, a.header)
		}
		if strings.HasPrefix(a.body, "{") && !json.Valid([]byte(a.body)) {
			t.Errorf("%s: not JSON: %s", tc.path, a.body)
		}
	}
}

func TestProfilesThatLast(t *testing.T) {
	s := serve(t, &gateway{}, nil)
	for _, name := range []string{"profile", "trace", "mutex", "block"} {
		a := s.ask("GET", "/debug/pprof/"+name+"?seconds=1", "")
		if a.status != 200 || len(a.body) == 0 || !strings.Contains(a.header.Get("Content-Disposition"), name) {
			t.Errorf("%s: got %d, %d bytes, %v", name, a.status, len(a.body), a.header)
		}
	}
	for _, query := range []string{"profile?seconds=61", "profile?seconds=0", "trace?seconds=6", "block?seconds=x", "mutex?seconds=-1"} {
		s.wantProblem(s.ask("GET", "/debug/pprof/"+query, ""), 400, "seconds")
	}
	s.s.profiling.Store(true)
	s.wantProblem(s.ask("GET", "/debug/pprof/profile?seconds=1", ""), 503, "Another profile")
	s.s.profiling.Store(false)
	s.wantProblem(s.ask("GET", "/debug/pprof/cmdline", ""), 404, "no such profile")
}

func TestNothingIsGuessedOrRedirected(t *testing.T) {
	s := serve(t, &gateway{}, nil)
	for _, path := range []string{"/nothing", "/api", "/healthz/", "/HEALTHZ", "/api//routes", "/x/../healthz", "/%68ealthz"} {
		s.wantProblem(s.ask("GET", path, ""), 404, "no such endpoint")
	}
	for _, tc := range []struct{ method, path, allow string }{
		{"GET", "/api/reload", "POST"},
		{"DELETE", "/api/upstreams/api/backends/10.0.0.1:8080", "PUT"},
		{"OPTIONS", "/api/reload", "POST"},
		{"POST", "/api/routes", "GET"},
	} {
		a := s.ask(tc.method, tc.path, "", asJSON)
		s.wantProblem(a, 405, "does not have this method")
		if !strings.Contains(a.header.Get("Allow"), tc.allow) {
			t.Errorf("%s %s: got Allow %q, want %s in it", tc.method, tc.path, a.header.Get("Allow"), tc.allow)
		}
	}
}

func TestBackendIsChanged(t *testing.T) {
	for _, tc := range []struct{ path, body, want string }{
		{"api/backends/10.0.0.1:8080", `{"weight": 9}`, "api 10.0.0.1:8080 weight=9"},
		{"api/backends/10.0.0.1:8080", ` {"drain": true, "weight": 0} `, "api 10.0.0.1:8080 weight=0 drain=true"},
		{"my%20api/backends/%5B::1%5D%3A80", `{"drain": false}`, "my api [::1]:80 drain=false"},
		{"api/backends/a", `{"drain": false, "slow_start": true}`, "api a drain=false slow_start=true"},
		{"a%2Fb/backends/unix:%2Frun%2Fa.sock", `{"weight": 1000}`, "a/b unix:/run/a.sock weight=1000"},
		{"api/backends/unix:/run/a.sock", `{"weight": 1}`, "api unix:/run/a.sock weight=1"},
	} {
		g := &gateway{}
		s := serve(t, g, nil)
		a := s.ask("PUT", "/api/upstreams/"+tc.path, tc.body, asJSON)
		if len(g.changes) != 1 || g.changes[0] != tc.want || a.status/100 != 2 {
			t.Errorf("%s %s: got %d %s, changes %q, want %q", tc.path, tc.body, a.status, a.body, g.changes, tc.want)
		}
	}
	s := serve(t, &gateway{}, nil)
	a := s.ask("PUT", "/api/upstreams/api/backends/10.0.0.1:8080", `{"weight": 9}`, "Content-Type: application/json; charset=utf-8")
	if a.status != 200 || !strings.Contains(a.body, `"weight": 9`) {
		t.Errorf("got %d %s, want the backend with its new weight", a.status, a.body)
	}
	if want := `upstream=api backend=10.0.0.1:8080 change="weight=9"`; !strings.Contains(s.log.String(), want) {
		t.Errorf("the log lacks %s: %s", want, s.log)
	}
}

func TestBackendIsChecked(t *testing.T) {
	for path, want := range map[string]string{
		"api/backends/10.0.0.1:8080/check":       "api 10.0.0.1:8080 checked",
		"my%20api/backends/%5B::1%5D%3A80/check": "my api [::1]:80 checked",
		"api/backends/unix:/run/check/check":     "api unix:/run/check checked",
	} {
		g := &gateway{}
		s := serve(t, g, nil)
		a := s.ask("POST", "/api/upstreams/"+path, "", asJSON)
		if len(g.changes) != 1 || g.changes[0] != want || a.status/100 != 2 {
			t.Errorf("%s: got %d %s, calls %q, want %q", path, a.status, a.body, g.changes, want)
		}
	}
	g := &gateway{}
	s := serve(t, g, nil)
	if a := s.ask("POST", "/api/upstreams/api/backends/10.0.0.1:8080/check", ""); a.status != 200 || !strings.Contains(a.body, `"last_check"`) {
		t.Errorf("got %d %s, want the backend with its last check", a.status, a.body)
	}
	s.wantProblem(s.ask("POST", "/api/upstreams/api/backends/10.0.0.1:8080", ""), 404, "write /check")
	s.wantProblem(s.ask("POST", "/api/upstreams/api/backends/a/check", "{}", asJSON), 400, "no body")
	g.changeErr = fmt.Errorf("upstream x: %w", ErrNotFound)
	s.wantProblem(s.ask("POST", "/api/upstreams/x/backends/a/check", ""), 404, "upstream x")
	g.changeErr = errTest
	s.wantProblem(s.ask("POST", "/api/upstreams/x/backends/a/check", ""), 422, "not this time")
}

func TestBackendIsNotChangedByABadRequest(t *testing.T) {
	g := &gateway{}
	s := serve(t, g, nil)
	for _, tc := range []struct{ body, part string }{
		{`{"weigth": 1}`, "weigth"},
		{`{"weight": 1} {"weight": 2}`, "more after"},
		{`{"weight": "1"}`, "weight"},
		{`{"weight": 1.5}`, "weight"},
		{`{"weight": -1}`, "want 0..1000"},
		{`{"weight": 1001}`, "want 0..1000"},
		{`{}`, "neither weight nor drain"},
		{`{"slow_start": true}`, "slow_start: comes with"},
		{`{"slow_start": true, "drain": true}`, "slow_start: comes with"},
		{`[]`, "JSON such as"},
		{``, "JSON such as"},
	} {
		s.wantProblem(s.ask("PUT", "/api/upstreams/api/backends/a", tc.body, asJSON), 400, tc.part)
	}
	s.wantProblem(s.ask("PUT", "/api/upstreams/api/backends/a", strings.Repeat(" ", maxBody+1), asJSON), 413, "cannot be read")
	s.wantProblem(s.ask("PUT", "/api/upstreams/api/backends/a", `{"weight": 1}`, "Content-Type: text/plain"), 415, "application/json")
	if len(g.changes) > 0 {
		t.Errorf("changes were made: %q", g.changes)
	}
	g.changeErr = fmt.Errorf("upstream x: %w", ErrNotFound)
	s.wantProblem(s.ask("PUT", "/api/upstreams/x/backends/a", `{"weight": 1}`, asJSON), 404, "upstream x")
	g.changeErr = errTest
	s.wantProblem(s.ask("PUT", "/api/upstreams/x/backends/a", `{"weight": 1}`, asJSON), 422, "not this time")
}

func TestReload(t *testing.T) {
	g := &gateway{}
	s := serve(t, g, nil)
	for _, fields := range [][]string{nil, {asJSON}} {
		if a := s.ask("POST", "/api/reload", "", fields...); a.status != 200 || !strings.Contains(a.body, `"generation": 8`) {
			t.Errorf("got %d %s, want 200 with the generation", a.status, a.body)
		}
	}
	s.wantProblem(s.ask("POST", "/api/reload", "{}", asJSON), 400, "no body")
	if g.reloads != 2 {
		t.Errorf("got %d reloads, want 2", g.reloads)
	}
	for _, tc := range []struct {
		err  error
		want []string
	}{
		{errTest, []string{"not this time"}},
		{fmt.Errorf("reload: %w", errors.Join(errTest, errTest)), []string{"not this time", "not this time"}},
		{fmt.Errorf("reload: %w", config.Errors{{File: "c.yaml", Line: 4, Column: 2, Text: "odd"}, {File: "c.yaml", Text: "even"}}), []string{"c.yaml:4:2: odd", "c.yaml: even"}},
	} {
		g.reloadErr = tc.err
		a := s.ask("POST", "/api/reload", "")
		s.wantProblem(a, 422, "generation 7 stays")
		var got problem
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || strings.Join(got.Problems, "|") != strings.Join(tc.want, "|") {
			t.Errorf("got problems %q (%v), want %q", got.Problems, err, tc.want)
		}
	}
}

func TestAPanicIsOneAnswer(t *testing.T) {
	s := serve(t, &gateway{panics: true}, nil)
	s.wantProblem(s.ask("GET", "/api/routes", ""), 500, "bug")
	if !strings.Contains(s.log.String(), "a bug") || !strings.Contains(s.log.String(), "admin_test.go") {
		t.Errorf("the log lacks the panic or where it was: %s", s.log)
	}
	if a := s.ask("GET", "/healthz", ""); a.status != http.StatusOK {
		t.Errorf("afterwards: got %d, want 200", a.status)
	}
}
