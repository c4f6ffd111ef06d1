package admin

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/valyala/fasthttp"
)

var guarded = []struct{ method, path string }{
	{"GET", "/"}, {"GET", "/api/routes"}, {"GET", "/api/upstreams"}, {"GET", "/api/version"},
	{"GET", "/debug/pprof"}, {"GET", "/debug/pprof/heap"},
	{"GET", "/api/cache"}, {"GET", "/api/cache/lookup?url=http://a/"},
	{"POST", "/api/cache/purge"}, {"POST", "/api/reload"}, {"PUT", "/api/upstreams/api/backends/a"},
}

// body returns what the endpoint needs to succeed.
func body(path string) (text string, fields []string) {
	switch path {
	case "/api/upstreams/api/backends/a":
		return `{"weight": 1}`, []string{asJSON}
	case "/api/cache/purge":
		return `{"all": true}`, []string{asJSON}
	}
	return "", nil
}

func TestWithoutATokenOnlyALocalListenerServesMoreThanHealth(t *testing.T) {
	s := serve(t, &gateway{}, func(o *Options) { o.Address = ":0" })
	for _, e := range guarded {
		text, fields := body(e.path)
		s.wantProblem(s.ask(e.method, e.path, text, append(fields, "Authorization: Bearer ")...), 403, "has no token")
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if a := s.ask("GET", path, "", "Host: any.example"); a.status != 200 {
			t.Errorf("%s: got %d, want 200", path, a.status)
		}
	}
}

func TestTheTokenIsWantedForEverythingOnAnOpenListener(t *testing.T) {
	s := serve(t, &gateway{}, func(o *Options) { o.Address, o.Token = ":0", "s3cret" })
	for _, e := range guarded {
		text, fields := body(e.path)
		for _, credentials := range []string{"X-Token: s3cret", "Authorization: Bearer wrong", "Authorization: Bearer", "Authorization: Basic s3cret", "Authorization: s3cret"} {
			a := s.ask(e.method, e.path, text, append(fields[:len(fields):len(fields)], credentials)...)
			s.wantProblem(a, 401, "Authorization")
			if a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: a 401 without WWW-Authenticate (9110 §15.5.2)", e.path)
			}
		}
		if a := s.ask(e.method, e.path, text, append(fields, "Authorization: bearer s3cret")...); a.status/100 != 2 {
			t.Errorf("%s with the token: got %d %s, want success", e.path, a.status, a.body)
		}
	}
}

func TestTheTokenIsWantedForChangesOnALocalListener(t *testing.T) {
	s := serve(t, &gateway{}, func(o *Options) { o.Token = "s3cret" })
	for _, e := range guarded {
		text, fields := body(e.path)
		a := s.ask(e.method, e.path, text, fields...)
		if e.method != "GET" {
			s.wantProblem(a, 401, "Authorization")
		} else if a.status != 200 {
			t.Errorf("%s: got %d, want 200: reading is free here", e.path, a.status)
		}
	}
}

func TestHostMustNotBeANameFromElsewhere(t *testing.T) {
	s := serve(t, &gateway{}, func(o *Options) { o.Names = []string{"Gate.Internal"} })
	for _, host := range []string{"evil.example", "evil.example:9901", "127.0.0.1.evil.example", "localhost.evil.example", "evil", "999.0.0.1"} {
		for _, e := range guarded {
			text, fields := body(e.path)
			s.wantProblem(s.ask(e.method, e.path, text, append(fields, "Host: "+host)...), 403, "Host must be")
		}
	}
	for _, host := range []string{"localhost", "LOCALHOST:9901", "127.0.0.1", "10.1.2.3:80", "[::1]", "[::1]:9901", "gate.internal:9901"} {
		for _, e := range guarded {
			text, fields := body(e.path)
			if a := s.ask(e.method, e.path, text, append(fields, "Host: "+host)...); a.status/100 != 2 {
				t.Errorf("%s with Host %s: got %d %s, want success", e.path, host, a.status, a.body)
			}
		}
	}
}

func TestChangesFromAnotherWebSiteAreRefused(t *testing.T) {
	g := &gateway{}
	c := &store{}
	s := serve(t, g, func(o *Options) { o.Cache = c })
	for _, fields := range [][]string{
		{"Origin: https://evil.example"},
		{"Origin: null"},
		{"Origin: http://localhost:3000"},
		{"Origin: ftp://localhost:9901"},
		{"Origin: http://localhost:9901", "Origin: https://evil.example"},
		{"Sec-Fetch-Site: cross-site"},
		{"Sec-Fetch-Site: same-site"},
		{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"},
		{"Referer: https://evil.example/page"},
	} {
		for _, e := range guarded[len(guarded)-3:] {
			text, more := body(e.path)
			s.wantProblem(s.ask(e.method, e.path, text, append(append(more, "Host: localhost:9901"), fields...)...), 403, "The ")
		}
	}
	for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"} { // what a form can send
		for _, text := range []string{"", "a=b"} {
			s.wantProblem(s.ask("POST", "/api/reload", text, "Content-Type: "+kind), 415, "application/json")
		}
	}
	s.wantProblem(s.ask("POST", "/api/reload", "x"), 415, "application/json")
	if g.reloads > 0 || len(g.changes) > 0 || len(c.purges) > 0 {
		t.Errorf("got %d reloads, changes %q and purges %v, want none", g.reloads, g.changes, c.purges)
	}
}

func TestTheListenersOwnPagesMayChangeAndLinksMayRead(t *testing.T) {
	s := serve(t, &gateway{}, nil)
	own := []string{"Host: localhost:9901", "Origin: http://LOCALHOST:9901", "Sec-Fetch-Site: same-origin"}
	if a := s.ask("POST", "/api/reload", "", own...); a.status != 200 {
		t.Errorf("from an own page: got %d %s, want 200", a.status, a.body)
	}
	if a := s.ask("GET", "/api/routes", "", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Referer: https://wiki.example/"); a.status != 200 {
		t.Errorf("by a link elsewhere: got %d %s, want 200", a.status, a.body)
	}
	s.wantProblem(s.ask("GET", "/debug/pprof/profile", "", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"), 403, "another web site")
	s.wantProblem(s.ask("GET", "/api/routes", "", "Origin: https://evil.example"), 403, "Origin")
}

func TestGateKnowsWhatIsLocal(t *testing.T) {
	for _, tc := range []struct {
		bound net.Addr
		want  bool
	}{
		{&net.TCPAddr{IP: net.ParseIP("127.0.0.2")}, true},
		{&net.TCPAddr{IP: net.IPv6loopback}, true},
		{&net.UnixAddr{Name: filepath.Join("run", "a.sock")}, true},
		{&net.TCPAddr{IP: net.IPv4zero}, false},
		{&net.TCPAddr{IP: net.IPv6unspecified}, false},
		{&net.TCPAddr{IP: net.ParseIP("10.0.0.1")}, false},
		{nil, false},
	} {
		if got := newGate(Options{Address: ":1"}, tc.bound).local; got != tc.want {
			t.Errorf("%v: got local %v, want %v", tc.bound, got, tc.want)
		}
	}
}

func TestTheNameInTheAddressIsAKnownHost(t *testing.T) {
	var r fasthttp.Request
	r.Header.SetHost("gate.internal:9901")
	for address, want := range map[string]int{"gate.internal:9901": 0, ":9901": 403, "unix:/run/a:9901": 403} {
		if got := newGate(Options{Address: address}, &net.UnixAddr{}).check(read, &r); got.status != want {
			t.Errorf("listening on %s: got %+v, want %d", address, got, want)
		}
	}
}
