package routing

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"penstock/headers"
)

// reference is the obvious matcher: it looks at every route for every host that
// it names, ignores those that do not accept the request, and keeps the greatest rank.
type reference []Route

// candidate is a route that accepts the request, with what it captures.
type candidate struct {
	index  int
	rank   []int
	params string
}

func (r reference) find(host, path, method, query string, field func(name string) []string) (best candidate, ok bool) {
	for i, p := range r {
		hosts := p.Hosts
		if len(hosts) == 0 {
			hosts = []string{""}
		}
		for _, h := range hosts {
			hostRank, fits := rankHost(h, host)
			if !fits || !fitsConditions(&p, method, query, field) {
				continue
			}
			pathRank, params, fits := rankPath(p.Path.String(), path)
			if !fits {
				continue
			}
			c := candidate{index: i, params: params}
			c.rank = append(append([]int{hostRank}, pathRank...), rankConditions(&p)...)
			if !ok || slices.Compare(c.rank, best.rank) > 0 {
				best, ok = c, true
			}
		}
	}
	return best, ok
}

func rankHost(pattern, host string) (int, bool) {
	switch suffix, wild := strings.CutPrefix(pattern, "*"); {
	case pattern == "":
		return 0, true
	case wild:
		return len(suffix), len(host) > len(suffix) && strings.HasSuffix(host, suffix)
	}
	return 1000, pattern == host
}

// rankPath gives each segment of the path the rank of the pattern segment that accepts it.
func rankPath(pattern, path string) (rank []int, params string, fits bool) {
	want, have := strings.Split(pattern[1:], "/"), strings.Split(path[1:], "/")
	for i, w := range want {
		name := strings.Trim(w, "{:*}")
		switch {
		case w == "*" || strings.HasSuffix(w, ":*}"):
			if name != "" {
				params += " " + name + "=" + strings.Join(have[min(i, len(have)):], "/")
			}
			return append(rank, 1), params, i <= len(have)
		case i >= len(have):
			return nil, "", false
		case strings.HasPrefix(w, "{"):
			if have[i] == "" {
				return nil, "", false
			}
			params += " " + name + "=" + have[i]
			rank = append(rank, 2)
		case w == have[i]:
			rank = append(rank, 3)
		default:
			return nil, "", false
		}
	}
	return append(rank, 2), params, len(want) == len(have)
}

func rankConditions(p *Route) []int {
	values := 0
	for _, c := range slices.Concat(p.Header, p.Query) {
		if c.Value != "" {
			values++
		}
	}
	return []int{len(p.Header) + len(p.Query), min(len(p.Methods), 1), values, -len(p.Methods)}
}

func fitsConditions(p *Route, method, query string, field func(string) []string) bool {
	if len(p.Methods) > 0 && !slices.Contains(p.Methods, method) {
		return false
	}
	for _, c := range p.Header {
		values := field(c.Name)
		if len(values) == 0 || c.Value != "" && !slices.Contains(values, c.Value) {
			return false
		}
	}
	for _, c := range p.Query {
		found := false
		for member := range strings.SplitSeq(query, "&") {
			key, value, _ := strings.Cut(member, "=")
			found = found || key == c.Name && (c.Value == "" || c.Value == value)
		}
		if !found {
			return false
		}
	}
	return true
}

// maker makes routes and requests of few words, so that they often meet.
type maker struct{ *rand.Rand }

func (k maker) one(words ...string) string { return words[k.IntN(len(words))] }

func (k maker) some(words ...string) (list []string) {
	for _, w := range words {
		if k.IntN(3) == 0 {
			list = append(list, w)
		}
	}
	return list
}

func (k maker) route(t *testing.T) Route {
	r := Route{Hosts: k.some("a.test", "b.test", "*.test", "*.a.test")}
	if k.IntN(2) == 0 {
		r.Methods = k.some("GET", "PUT")
	}
	path := ""
	depth := k.IntN(4)
	for i := range depth {
		path += "/" + k.one("a", "b", "c", "", fmt.Sprintf("{p%d}", i))
	}
	if path += k.one("", "/*", "/{rest:*}", "/"); path == "" {
		path = "/"
	}
	r.Path = pathOf(t, path)
	for _, name := range k.some("X-A", "Accept") {
		r.Header = append(r.Header, Condition{name, k.one("", "1")})
	}
	for _, name := range k.some("q", "r") {
		r.Query = append(r.Query, Condition{name, k.one("", "1")})
	}
	return r
}

func (k maker) path() (path string) {
	for range 1 + k.IntN(4) {
		path += "/" + k.one("a", "b", "c", "d", "")
	}
	return path
}

// agree builds one table of routes and compares the results of both matchers.
func agree(t *testing.T, seed uint64) {
	k := maker{rand.New(rand.NewPCG(seed, 1))}
	var routes []Route
	for range 1 + k.IntN(12) {
		more := append(slices.Clone(routes), k.route(t))
		if _, err := New(Options{Routes: more}); err == nil { // not the same as one before
			routes = more
		}
	}
	table := mustTable(t, routes)
	for range 20 {
		host, path, method := k.one("a.test", "b.test", "x.a.test", "x.test", "test", ""), k.path(), k.one("GET", "PUT")
		var fields headers.Block
		for _, name := range k.some("X-A", "Accept") {
			fields.Add([]byte(name), []byte(k.one("1", "2")))
		}
		query := strings.Join(k.some("q=1", "q=2", "r", "r=1"), "&")
		field := func(name string) (values []string) {
			for _, f := range fields.Fields {
				if string(f.Name) == name {
					values = append(values, string(f.Value))
				}
			}
			return values
		}
		m := table.Find(&Query{Host: []byte(host), Path: []byte(path), Method: []byte(method), Query: []byte(query), Fields: &fields})
		want, ok := reference(routes).find(host, path, method, query, field)
		if (m.Outcome == Found) != ok || ok && !sameChoice(routes, m.Route, want, host, path) {
			t.Fatalf("seed %d: %s %s%s?%s among %+v:\ngot  %d %v\nwant %d %v", seed, method, host, path, query, routes, m.Route, m.Outcome, want.index, ok)
		}
		if !ok {
			continue
		}
		if _, own, _ := rankPath(routes[m.Route].Path.String(), path); paramsAsText(m.Params) != own {
			t.Fatalf("seed %d: %s by %s: captured %q, want %q", seed, path, routes[m.Route].Path, paramsAsText(m.Params), own)
		}
	}
}

// sameChoice reports whether the matcher's route is as good as the reference's:
// among equals it may choose any.
func sameChoice(routes []Route, index int, want candidate, host, path string) bool {
	only := reference{routes[index]}
	only[0].Methods, only[0].Header, only[0].Query = nil, nil, nil
	got, ok := only.find(host, path, "", "", nil)
	if !ok {
		return false
	}
	got.rank = append(got.rank[:len(got.rank)-4], rankConditions(&routes[index])...)
	return slices.Equal(got.rank, want.rank)
}

func TestMatcherAgreesWithTheObviousOne(t *testing.T) {
	for seed := range uint64(1500) {
		agree(t, seed)
	}
}

func FuzzMatcherAgreesWithTheObviousOne(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(agree)
}
