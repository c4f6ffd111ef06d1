package admin

import (
	"fmt"
	"strings"
	"testing"

	"penstock/ops"
)

// store is what the tests put in place of the response cache.
type store struct {
	err    error
	asked  []ops.CacheQuestion
	purges []ops.CachePurge
}

func (s *store) CacheStatus() ops.CacheStatus {
	return ops.CacheStatus{ConfiguredBytes: 1 << 25, Routes: []ops.CacheRoute{{Route: "/b"}, {
		Route: "/a?b&c", Requests: map[string]uint64{"hit": 3}, HitRatio: 0.75,
	}}}
}

func (s *store) CacheLookup(q ops.CacheQuestion) (ops.CacheExplanation, error) {
	s.asked = append(s.asked, q)
	return ops.CacheExplanation{URL: q.URL.String(), Use: "fresh", Why: []string{"it is fresh"}}, s.err
}

func (s *store) CachePurge(p ops.CachePurge) error {
	s.purges = append(s.purges, p)
	return s.err
}

// serveCache starts a Server with a store.
func serveCache(t *testing.T) (*store, *site) {
	t.Helper()
	c := &store{}
	return c, serve(t, &gateway{}, func(o *Options) { o.Cache = c })
}

func TestCacheIsShown(t *testing.T) {
	_, s := serveCache(t)
	a := s.ask("GET", "/api/cache", "")
	for _, part := range []string{`"configured_bytes": 33554432`, `"hit": 3`, `"hit_ratio": 0.75`, `"route": "/a?b&c"`} {
		if a.status != 200 || !strings.Contains(a.body, part) {
			t.Errorf("got %d %s, want %s", a.status, a.body, part)
		}
	}
	if strings.Index(a.body, `"/a?b&c"`) > strings.Index(a.body, `"/b"`) {
		t.Errorf("routes are not ordered by name: %s", a.body)
	}
	if strings.Contains(a.body, "last_save") {
		t.Errorf("a save that never was is shown: %s", a.body)
	}
}

func TestWithoutACache(t *testing.T) {
	s := serve(t, &gateway{}, func(o *Options) { o.Cache = nil })
	if a := s.ask("GET", "/api/cache", ""); a.status != 200 || !strings.Contains(a.body, `"routes": []`) {
		t.Errorf("got %d %s, want zeros and no routes", a.status, a.body)
	}
	s.wantProblem(s.ask("GET", "/api/cache/lookup?url=http://a/", ""), 409, "no route has a cache")
	s.wantProblem(s.ask("POST", "/api/cache/purge", `{"all": true}`, asJSON), 409, "no route has a cache")
}

func TestLookupReadsTheQuestion(t *testing.T) {
	for query, want := range map[string]string{
		"url=http://a.example":                                     "{GET http://a.example/ []}",
		"url=HTTPS://a.example:8443/x%2520y?p=1%26q=2":             "{GET https://a.example:8443/x%20y?p=1&q=2 []}",
		"url=http://[::1]:80?p&method=HEAD":                        "{HEAD http://[::1]:80/?p []}",
		"url=http://a/&header=Accept:+text/html&header=X-A:b:c":    "{GET http://a/ [{Accept text/html} {X-A b:c}]}",
		"method=POST&header=Empty:&url=http%3A%2F%2Fa%2Fb%3Fc%3Dd": "{POST http://a/b?c=d [{Empty }]}",
	} {
		c, s := serveCache(t)
		a := s.ask("GET", "/api/cache/lookup?"+query, "")
		if a.status != 200 || len(c.asked) != 1 || fmt.Sprint(c.asked[0]) != want {
			t.Errorf("%s: got %d %s, asked %v, want %s", query, a.status, a.body, c.asked, want)
		}
		if !strings.Contains(a.body, `"why": [`) {
			t.Errorf("%s: got %s, want the explanation", query, a.body)
		}
	}
}

func TestLookupRefusesWhatIsNoQuestion(t *testing.T) {
	c, s := serveCache(t)
	for query, part := range map[string]string{
		"":                                  "url: got",
		"url=":                              "want an absolute URL",
		"url=/a":                            "want an absolute URL",
		"url=ftp://a/":                      "want an absolute URL",
		"url=http:///a":                     "want an absolute URL",
		"url=http://u:p@a/":                 "want an absolute URL",
		"url=http://a/b?c=1&d=2":            "is no parameter",
		"url=http://a/b%20c":                "percent-encoded",
		"url=http://a/b%23c":                "want no #",
		"url=http://a/&url=http://b/":       "given twice",
		"url=http://a/&method=G%20T":        "want a method",
		"url=http://a/&header=X":            "want Name:value",
		"url=http://a/&header=X%20Y:a":      "want Name:value",
		"url=http://a/&header=:a":           "want Name:value",
		"url=http://a/&header=A:b%0D%0AC:d": "want Name:value",
		"url=http://a/&method=(&header=":    "method",
	} {
		a := s.ask("GET", "/api/cache/lookup?"+query, "")
		if !strings.Contains(a.body, part) {
			t.Errorf("%q:", query)
		}
		s.wantProblem(a, 400, part)
	}
	if c.asked != nil {
		t.Errorf("asked %v, want nothing", c.asked)
	}
	c.err = fmt.Errorf("path: %w", ops.ErrBadURL)
	s.wantProblem(s.ask("GET", "/api/cache/lookup?url=http://a/%2500", ""), 400, "no request can have")
}

func TestPurge(t *testing.T) {
	at := func(scheme, host, target string) ops.CacheURL {
		return ops.CacheURL{Scheme: scheme, Host: host, Target: target}
	}
	for _, tc := range []struct {
		body string
		want ops.CachePurge
		echo string
	}{
		{`{"url": "http://a.example/b?c=1&d"}`, ops.CachePurge{URL: at("http", "a.example", "/b?c=1&d")}, "\"purged\": \"url\",\n  \"value\": \"http://a.example/b?c=1&d\""},
		{`{"prefix": "https://a:1/img/", "soft": true}`, ops.CachePurge{Scope: ops.CacheScopePrefix, URL: at("https", "a:1", "/img/"), Soft: true}, `"soft": true`},
		{`{"host": "[::1]:8080"}`, ops.CachePurge{Scope: ops.CacheScopeHost, URL: at("", "[::1]:8080", "")}, `"value": "[::1]:8080"`},
		{`{"tag": "item-7", "soft": false}`, ops.CachePurge{Scope: ops.CacheScopeTag, Tag: "item-7"}, `"soft": false`},
		{` {"all": true} `, ops.CachePurge{Scope: ops.CacheScopeAll}, `"purged": "all"`},
	} {
		c, s := serveCache(t)
		a := s.ask("POST", "/api/cache/purge", tc.body, asJSON)
		if a.status != 200 || len(c.purges) != 1 || c.purges[0] != tc.want || !strings.Contains(a.body, tc.echo) {
			t.Errorf("%s: got %d %s, purges %+v, want %+v", tc.body, a.status, a.body, c.purges, tc.want)
		}
		if want := "cache purged by the admin API"; !strings.Contains(s.log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, s.log)
		}
	}
}

func TestPurgeRefusesWhatItDoesNotUnderstand(t *testing.T) {
	c, s := serveCache(t)
	for body, part := range map[string]string{
		``:                                      "want JSON such as",
		`[]`:                                    "want JSON such as",
		`{}`:                                    "names 0 scopes",
		`{"soft": true}`:                        "names 0 scopes",
		`{"url": "http://a/", "tag": "b"}`:      "names 2 scopes",
		`{"all": true, "host": "a"}`:            "names 2 scopes",
		`{"all": false}`:                        "all: got false",
		`{"all": true} {}`:                      "more after",
		`{"urls": "http://a/"}`:                 "urls",
		`{"url": 1}`:                            "url",
		`{"url": "/a"}`:                         "url: got",
		`{"url": "http://a/b c"}`:               "percent-encoded",
		`{"prefix": "http://a/b?c"}`:            "want no query",
		`{"host": ""}`:                          "host: got",
		`{"host": "http://a"}`:                  "host: got",
		`{"host": ":80"}`:                       "host: got",
		`{"tag": ""}`:                           "tag: got",
		`{"tag": "a b"}`:                        "without blanks",
		`{"url": "http://a/", "soft": "maybe"}`: "soft",
	} {
		a := s.ask("POST", "/api/cache/purge", body, asJSON)
		if !strings.Contains(strings.ReplaceAll(a.body, `\"`, `"`), part) {
			t.Errorf("%s: got %d %s, want 400 with %s", body, a.status, a.body, part)
		}
		s.wantProblem(a, 400, "")
	}
	if c.purges != nil {
		t.Errorf("purged %v, want nothing", c.purges)
	}
	c.err = errTest
	s.wantProblem(s.ask("POST", "/api/cache/purge", `{"all": true}`, asJSON), 500, "not this time")
	if strings.Contains(s.log.String(), "cache purged") {
		t.Errorf("a purge that failed is logged as one: %s", s.log)
	}
}
