package gateway

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"penstock/exchange"
	"penstock/headers"
)

// reference is the obvious matcher: it looks at every route for every host that
// it names, throws out those that do not fit, and keeps the greatest rank.
type reference []pattern

// candidate is a route that fits, with what it captures.
type candidate struct {
	index  int
	rank   []int
	params string
}

func (r reference) find(host, path, method, query string, field func(name string) []string) (best candidate, ok bool) {
	for _, p := range r {
		hosts := p.hosts
		if len(hosts) == 0 {
			hosts = []string{""}
		}
		for _, h := range hosts {
			hostRank, fits := rankHost(h, host)
			if !fits || !fitsConditions(&p, method, query, field) {
				continue
			}
			pathRank, params, fits := rankPath(p.path, path)
			if !fits {
				continue
			}
			c := candidate{index: p.index, params: params}
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

// rankPath gives each segment of the path the rank of what took it.
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

func rankConditions(p *pattern) []int {
	values := 0
	for _, c := range slices.Concat(p.header, p.query) {
		if c.value != "" {
			values++
		}
	}
	return []int{len(p.header) + len(p.query), min(len(p.methods), 1), values, -len(p.methods)}
}

func fitsConditions(p *pattern, method, query string, field func(string) []string) bool {
	if len(p.methods) > 0 && !slices.Contains(p.methods, method) {
		return false
	}
	for _, c := range p.header {
		values := field(c.name)
		if len(values) == 0 || c.value != "" && !slices.Contains(values, c.value) {
			return false
		}
	}
	for _, c := range p.query {
		found := false
		for member := range strings.SplitSeq(query, "&") {
			key, value, _ := strings.Cut(member, "=")
			found = found || key == c.name && (c.value == "" || c.value == value)
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

func (k maker) pattern(index int) pattern {
	p := pattern{index: index, hosts: k.some("a.test", "b.test", "*.test", "*.a.test")}
	if k.IntN(2) == 0 {
		p.methods = k.some("GET", "PUT")
	}
	depth := k.IntN(4)
	for i := range depth {
		p.path += "/" + k.one("a", "b", "c", "", fmt.Sprintf("{p%d}", i))
	}
	if p.path += k.one("", "/*", "/{rest:*}", "/"); p.path == "" {
		p.path = "/"
	}
	for _, name := range k.some("X-A", "Accept") {
		p.header = append(p.header, condition{name, k.one("", "1")})
	}
	for _, name := range k.some("q", "r") {
		p.query = append(p.query, condition{name, k.one("", "1")})
	}
	return p
}

func (k maker) path() (path string) {
	for range 1 + k.IntN(4) {
		path += "/" + k.one("a", "b", "c", "d", "")
	}
	return path
}

// agree builds one table of routes and asks both matchers.
func agree(t *testing.T, seed uint64) {
	k := maker{rand.New(rand.NewPCG(seed, 1))}
	var patterns []pattern
	for range 1 + k.IntN(12) {
		more := append(slices.Clone(patterns), k.pattern(len(patterns)))
		if _, err := newMatcher(more); err == nil { // not the same as one before
			patterns = more
		}
	}
	m := mustMatcher(t, patterns)
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
		x := &exchange.Exchange{}
		q := lookup{host: []byte(host), path: []byte(path), method: []byte(method), query: []byte(query), fields: &fields, x: x}
		index, ok := m.ask(&q)
		want, wantOK := reference(patterns).find(host, path, method, query, field)
		if ok != wantOK || ok && !sameChoice(patterns, index, want, host, path) {
			t.Fatalf("seed %d: %s %s%s?%s among %+v:\ngot  %d %v\nwant %d %v", seed, method, host, path, query, patterns, index, ok, want.index, wantOK)
		}
		params := ""
		for _, p := range x.Params {
			params += " " + p.Name + "=" + string(p.Value)
		}
		if _, own, _ := rankPath(patterns[index].path, path); ok && params != own {
			t.Fatalf("seed %d: %s by %s: captured %q, want %q", seed, path, patterns[index].path, params, own)
		}
	}
}

// sameChoice reports whether the matcher's route is as good as the reference's:
// among equals it may take any.
func sameChoice(patterns []pattern, index int, want candidate, host, path string) bool {
	p := patterns[index]
	only := reference{p}
	only[0].methods, only[0].header, only[0].query = nil, nil, nil
	got, ok := only.find(host, path, "", "", nil)
	if !ok {
		return false
	}
	got.rank = append(got.rank[:len(got.rank)-4], rankConditions(&patterns[index])...)
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
