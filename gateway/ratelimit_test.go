package gateway_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"penstock/gateway"
	"penstock/gateway/gatewaytest"
)

// shifted is a clock that a test moves.
type shifted struct{ by atomic.Int64 }

func (s *shifted) now() time.Time       { return time.Now().Add(time.Duration(s.by.Load())) }
func (s *shifted) pass(d time.Duration) { s.by.Add(int64(d)) }

// limited runs a gateway whose clock the test moves.
func limited(t *testing.T, yaml string) (*gatewaytest.Gateway, *shifted) {
	t.Helper()
	clock := new(shifted)
	return gatewaytest.StartWith(t, gateway.Options{Config: gatewaytest.Parse(t, yaml), Now: clock.now}), clock
}

// statuses sends n requests and returns the statuses of the responses.
func statuses(t *testing.T, g *gatewaytest.Gateway, n int, target string, fields ...string) (all []int) {
	t.Helper()
	for range n {
		all = append(all, gatewaytest.Get(t, g.Address, target, fields...).StatusCode)
	}
	return all
}

// to is a request to target with these fields.
func to(target string, fields ...string) []string { return append([]string{target}, fields...) }

// expect compares the statuses of one and the same request.
func expect(t *testing.T, g *gatewaytest.Gateway, what string, request []string, want ...int) {
	t.Helper()
	if got := statuses(t, g, len(want), request[0], request[1:]...); !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func okOrigin(t *testing.T) *gatewaytest.Origin {
	return gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
}

func TestRateLimitRefusesWithAProblem(t *testing.T) {
	g, clock := limited(t, oneRoute(okOrigin(t).URL, "    rate_limit: { rate: 60/h, burst: 3 }", "timeouts: { request: off }"))
	expect(t, g, "the burst", to("/"), 200, 200, 200)
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	a := c.Read("GET")
	if a.StatusCode != 429 || a.Close {
		t.Fatalf("got %d, close %v; want 429 on a connection that stays open", a.StatusCode, a.Close)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/problem+json", "Retry-After": "60",
		"RateLimit-Policy": `"default";q=3;w=180`, "RateLimit": `"default";r=0;t=60`,
		"Proxy-Status": `penstock; error=http_request_denied; details="rate-limited"`,
	} {
		if got := a.Header.Values(name); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	var problem struct {
		Type, Title, Detail, Reason string
		Status                      int
		Violated                    []string `json:"violated-policies"`
	}
	if err := json.Unmarshal([]byte(a.Text), &problem); err != nil {
		t.Fatalf("%v in %s", err, a.Text)
	}
	if problem.Type != "https://iana.org/assignments/http-problem-types#quota-exceeded" || problem.Status != 429 ||
		problem.Title == "" || problem.Detail == "" || problem.Reason != "rate-limited" || !slices.Equal(problem.Violated, []string{"default"}) {
		t.Errorf("got the problem %s", a.Text)
	}
	clock.pass(time.Minute)
	c.Send(get + get)
	if first, second := c.Read("GET"), c.Read("GET"); first.StatusCode != 200 || second.StatusCode != 429 {
		t.Errorf("after the time of Retry-After: got %d and %d, want 200 and 429", first.StatusCode, second.StatusCode)
	}
	for series, want := range map[string]string{
		`penstock_rate_limited_total{route="/*",policy="default"}`:         "2",
		`penstock_rate_limit_keys{route="/*",policy="default"}`:            "1",
		`penstock_rate_limit_forgotten_total{route="/*",policy="default"}`: "0",
		`penstock_faults_total{route="/*",fault="rate-limited"}`:           "2",
		`penstock_requests_total{route="/*",code="429",class="4xx"}`:       "2",
	} {
		gatewaytest.Eventually(t, series+" "+want, func() bool { return g.Count(series) == want })
	}
	if limits := g.Routes()[0].Limits; len(limits) != 1 || limits[0].Refused != 2 || limits[0].Rate != "60/h" || limits[0].Per != "ip" || limits[0].Keys != 1 {
		t.Errorf("the API shows %+v", limits)
	}
}

func TestTextForWhoAsksForIt(t *testing.T) {
	g, _ := limited(t, oneRoute(okOrigin(t).URL, "    rate_limit: 1/h"))
	statuses(t, g, 1, "/")
	a := gatewaytest.Get(t, g.Address, "/", "Accept: text/html")
	if want := "429 Too Many Requests\nToo many requests. Try again later.\n"; a.StatusCode != 429 || a.Text != want || a.Header.Get("Retry-After") != "3600" {
		t.Errorf("got %d %q, Retry-After %q", a.StatusCode, a.Text, a.Header.Get("Retry-After"))
	}
}

func TestSeveralLimitsChargeAllOrNone(t *testing.T) {
	g, _ := limited(t, oneRoute(okOrigin(t).URL, `    rate_limit:
      - { rate: 60/h, burst: 5, name: wide }
      - { rate: 30/h, burst: 2, name: narrow, per: header X-Key }`))
	of := func(key string) []string { return []string{"X-Key: " + key} }
	expect(t, g, "key a", to("/", of("a")...), 200, 200, 429, 429, 429)
	expect(t, g, "key b, for which the refusals of a cost nothing", to("/", of("b")...), 200, 200)
	expect(t, g, "key c takes what is left of the wide limit", to("/", of("c")...), 200, 429)
	a := gatewaytest.Get(t, g.Address, "/", "X-Key: a")
	if got, want := a.Header.Get("RateLimit"), `"wide";r=0;t=60,"narrow";r=0;t=120`; got != want || !strings.Contains(a.Text, `"violated-policies":["wide","narrow"]`) {
		t.Errorf("both refuse: RateLimit %q, want %q; %s", got, want, a.Text)
	}
	if got, want := a.Header.Get("RateLimit-Policy"), `"wide";q=5;w=300,"narrow";q=2;w=240`; got != want || a.Header.Get("Retry-After") != "120" {
		t.Errorf("both refuse: RateLimit-Policy %q, want %q; Retry-After %q", got, want, a.Header.Get("Retry-After"))
	}
}

func TestLimitsForAllRoutes(t *testing.T) {
	origin := okOrigin(t).URL
	g, _ := limited(t, fmt.Sprintf(`rate_limit: { rate: 60/h, burst: 4 }
routes:
  - { path: "/a", upstream: %[1]q }
  - { path: "/b", upstream: %[1]q, rate_limit: { rate: 60/h, burst: 1 } }
  - { path: "/free", upstream: %[1]q, rate_limit: off }
  - { path: "/fixed", respond: 204 }`, origin))
	expect(t, g, "the route's own limit", to("/b"), 200, 429, 429)
	expect(t, g, "the rest of the limit of all", to("/a"), 200, 200)
	expect(t, g, "responses of the gateway itself", to("/fixed"), 204, 429)
	expect(t, g, "another route", to("/a"), 429)
	expect(t, g, "a route without", to("/free"), 200, 200)
	a := gatewaytest.Get(t, g.Address, "/b")
	if want := `"violated-policies":["all","default"]`; !strings.Contains(a.Text, want) {
		t.Errorf("got %s, want %s", a.Text, want)
	}
	if got, want := g.Series("penstock_rate_limit_keys"), "penstock_rate_limit_keys{route=\"\",policy=\"all\"} 1\npenstock_rate_limit_keys{route=\"/b\",policy=\"default\"} 1\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestLimitOfWhatReachesTheOrigin(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always("HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nContent-Length: 2\r\n\r\nok"))
	g, _ := limited(t, oneRoute(origin.URL, "    cache: on", "    rate_limit: { rate: 60/h, burst: 2, count: origin }"))
	expect(t, g, "a miss, then hits", to("/a"), 200, 200, 200, 200, 200)
	expect(t, g, "other misses", to("/b"), 200)
	expect(t, g, "one miss too many", to("/c"), 429)
	expect(t, g, "hits are spared", to("/a"), 200, 200)
}

func TestWhatHasACountOfItsOwn(t *testing.T) {
	for _, tc := range []struct {
		per  string
		same [][2]string // target and field line of requests that share a count
		own  [2]string   // of one that has another
	}{
		{"route", [][2]string{{"/", "X-Forwarded-For: 192.0.2.1"}, {"/x", "X-Forwarded-For: 192.0.2.2"}}, [2]string{"/other", "X: 1"}},
		{"ip", [][2]string{{"/", "X-Forwarded-For: 192.0.2.1"}, {"/x", "X-Forwarded-For: 192.0.2.1"}}, [2]string{"/", "X-Forwarded-For: 192.0.2.2"}},
		{"ip", [][2]string{{"/", "X-Forwarded-For: 2001:db8::1"}, {"/", "X-Forwarded-For: 2001:db8::2"}}, [2]string{"/", "X-Forwarded-For: 2001:db8:0:1::1"}},
		{"header X-Key", [][2]string{{"/", "X-Key: a"}, {"/", "x-key: a"}}, [2]string{"/", "X-Key: b"}},
		{"cookie id", [][2]string{{"/", "Cookie: id=a"}, {"/", "Cookie: z=1; id=a"}}, [2]string{"/", "Cookie: id=b"}},
		{"cookie id", [][2]string{{"/", "Cookie: id=a; id=b"}, {"/", "X: 1"}}, [2]string{"/", "Cookie: id=a"}},
		{"query key", [][2]string{{"/?key=ab", "X: 1"}, {"/?x=1&key=%61b", "X: 1"}, {"/?%6bey=ab", "X: 1"}}, [2]string{"/?key=b", "X: 1"}},
		{"query key", [][2]string{{"/?key=a&key=b", "X: 1"}, {"/?key=b&key=a", "X: 1"}, {"/", "X: 1"}}, [2]string{"/?key=a", "X: 1"}},
		{"[ip, header X-Key]", [][2]string{{"/", "X-Key: a"}, {"/", "X-Key: a"}}, [2]string{"/", "X-Key: b"}},
		{"[header X-Key, header X-Other]", [][2]string{{"/", "X-Key: a\r\nX-Other: b"}, {"/", "X-Other: b\r\nX-Key: a"}}, [2]string{"/", "X-Key: b\r\nX-Other: a"}},
		{"host", [][2]string{{"/", "X: 1"}, {"/x", "X: 1"}}, [2]string{"http://b.example/", "X: 1"}},
	} {
		t.Run(tc.per, func(t *testing.T) {
			g, _ := limited(t, fmt.Sprintf(`trusted_proxies: 127.0.0.1
rate_limit: { rate: 1/h, burst: %d, per: %s }
routes: [{ path: "/*", upstream: %[3]q }, { path: "/other", upstream: %[3]q }]`, len(tc.same), tc.per, okOrigin(t).URL))
			for _, one := range tc.same {
				expect(t, g, fmt.Sprint("of those with one count ", one), to(one[0], one[1]), 200)
			}
			for _, one := range tc.same {
				expect(t, g, fmt.Sprint("above it ", one), to(one[0], one[1]), 429)
			}
			expect(t, g, "another count", to(tc.own[0], tc.own[1]), 200)
		})
	}
}

func TestBucketsSurviveReloads(t *testing.T) {
	origin := okOrigin(t).URL
	text := func(rate, more string) string {
		return "rate_limit: { rate: 60/h, burst: 100 }\n" + oneRoute(origin, "    rate_limit: "+rate, more)
	}
	g, _ := limited(t, text("{ rate: 60/h, burst: 3 }", ""))
	expect(t, g, "before", to("/"), 200, 200)
	for _, step := range []struct {
		name, rate, more string
		want             []int
	}{
		{"the same file", "{ rate: 60/h, burst: 3 }", "", []int{200, 429}},
		{"something else of the route changes", "{ rate: 60/h, burst: 3 }", "    limits: { body: 1MiB }", []int{429}},
		{"answers change", "{ rate: 60/h, burst: 3 }", "answers: { rate_limit: on }", []int{429}},
		{"another limit beside it", "[{ rate: 60/h, burst: 3 }, { rate: 60/h, burst: 50, name: b }]", "", []int{429}},
		{"another burst is another limit", "{ rate: 60/h, burst: 2 }", "", []int{200, 200, 429}},
		{"another name is another limit", "{ rate: 60/h, burst: 2, name: c }", "", []int{200, 200, 429}},
	} {
		if err := g.Reload(gatewaytest.Parse(t, text(step.rate, step.more))); err != nil {
			t.Fatal(err)
		}
		expect(t, g, step.name, to("/"), step.want...)
	}
	if got := g.Routes()[0].Limits; len(got) != 2 || got[0].Policy != "all" || !got[0].General || got[1].Policy != "c" {
		t.Errorf("the API shows %+v", got)
	}
	if a := gatewaytest.Get(t, g.Address, "/"); !strings.Contains(a.Header.Get("RateLimit-Policy"), `"all";q=100;w=6000`) {
		t.Errorf("RateLimit-Policy is %q", a.Header.Get("RateLimit-Policy"))
	}
}

func TestFieldsOnAllResponsesOrNone(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always("HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nContent-Length: 2\r\n\r\nok"))
	route := oneRoute(origin.URL, "    cache: on", "    rate_limit: { rate: 60/h, burst: 3 }", "answers: { rate_limit: ")
	g, _ := limited(t, route+"on }")
	for i, want := range []string{`"default";r=2;t=60`, `"default";r=1;t=60`, `"default";r=0;t=60`, `"default";r=0;t=60`} {
		a := gatewaytest.Get(t, g.Address, "/") // a miss, hits, a refusal
		if got := a.Header.Values("RateLimit"); !slices.Equal(got, []string{want}) {
			t.Errorf("response %d (%d): RateLimit %q, want %q", i, a.StatusCode, got, want)
		}
		if got := a.Header.Values("RateLimit-Policy"); !slices.Equal(got, []string{`"default";q=3;w=180`}) {
			t.Errorf("response %d (%d): RateLimit-Policy %q", i, a.StatusCode, got)
		}
	}
	g, _ = limited(t, route+"off }")
	statuses(t, g, 3, "/")
	a := gatewaytest.Get(t, g.Address, "/")
	if a.StatusCode != 429 || a.Header.Get("Retry-After") == "" || a.Header.Get("RateLimit") != "" || a.Header.Get("RateLimit-Policy") != "" {
		t.Errorf("off: got %d, %v", a.StatusCode, a.Header)
	}
}
