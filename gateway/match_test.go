package gateway

import (
	"os"
	"strings"
	"testing"

	"penstock/exchange"
	"penstock/headers"
)

func TestMatchTable(t *testing.T) {
	text, err := os.ReadFile("testdata/match.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range strings.Split(string(text), "\n-- ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		t.Run(title, func(t *testing.T) {
			var patterns []pattern
			var names []string
			var requests []string
			for line := range strings.Lines(body) {
				words := strings.Fields(line)
				switch {
				case len(words) == 0:
				case words[0] == "route":
					names = append(names, words[1])
					patterns = append(patterns, readPattern(t, words[2:], len(patterns)))
				default:
					requests = append(requests, line)
				}
			}
			m := mustMatcher(t, patterns)
			for i, j := 0, len(patterns)-1; i < j; i, j = i+1, j-1 {
				patterns[i], patterns[j] = patterns[j], patterns[i]
			}
			reversed := mustMatcher(t, patterns)
			for _, line := range requests {
				ask, want, _ := strings.Cut(strings.TrimSpace(line), " => ")
				if got := askMatcher(m, names, ask); got != want {
					t.Errorf("%s: got %q, want %q", ask, got, want)
				}
				if got := askMatcher(reversed, names, ask); got != want {
					t.Errorf("%s with the routes reversed: got %q, want %q", ask, got, want)
				}
			}
		})
	}
}

func mustMatcher(tb testing.TB, patterns []pattern) *matcher {
	tb.Helper()
	m, err := newMatcher(patterns)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// readPattern reads the words behind the name of a route in the table.
func readPattern(t *testing.T, words []string, index int) pattern {
	p := pattern{path: words[1], index: index}
	if words[0] != "any" {
		p.hosts = strings.Split(words[0], ",")
	}
	for _, w := range words[2:] {
		key, value, _ := strings.Cut(w, "=")
		kind, name, _ := strings.Cut(key, ".")
		switch kind {
		case "methods":
			p.methods = strings.Split(value, ",")
		case "header":
			p.header = append(p.header, condition{name, value})
		case "query":
			p.query = append(p.query, condition{name, value})
		default:
			t.Fatalf("unknown word %q", w)
		}
	}
	return p
}

// askMatcher puts a request of the table to m and writes the answer as the table does.
func askMatcher(m *matcher, names []string, ask string) string {
	words := strings.Fields(ask)
	path, query, _ := strings.Cut(words[2], "?")
	var fields headers.Block
	var lines strings.Builder
	for _, w := range words[3:] {
		lines.WriteString(w + "\r\n")
	}
	fields.Parse([]byte(lines.String()))
	x := &exchange.Exchange{}
	q := lookup{
		host: []byte(strings.Trim(words[1], "-")), path: []byte(path), query: []byte(query),
		method: []byte(words[0]), fields: &fields, x: x,
	}
	index, ok := m.ask(&q)
	if !ok {
		return "none"
	}
	answer := names[index]
	for _, p := range x.Params {
		answer += " " + p.Name + "=" + string(p.Value)
	}
	return answer
}

func TestNewMatcherRefuses(t *testing.T) {
	for _, tc := range []struct {
		name     string
		patterns []pattern
		want     string
	}{
		{"a path that is none", []pattern{{path: "a"}}, `path: got "a"`},
		{"a path that no request has", []pattern{{path: "/a/..;x"}}, "dot-parameter"},
		{"a host without a name", []pattern{{path: "/", hosts: []string{"*."}}}, `host "*."`},
		{"a star inside a host", []pattern{{path: "/", hosts: []string{"a.*.example"}}}, `host "a.*.example"`},
		{"the same route twice", []pattern{{path: "/a/{x}"}, {path: "/a/{y}", index: 1}}, "host any: path /a/{y}: routes 0 and 1 are the same"},
		{"the same conditions in another order",
			[]pattern{
				{path: "/", hosts: []string{"A.example"}, methods: []string{"GET", "PUT"}, header: []condition{{"X-A", "1"}, {"X-B", ""}}},
				{path: "/", hosts: []string{"a.example"}, methods: []string{"PUT", "GET"}, header: []condition{{"x-b", ""}, {"x-a", "1"}}, index: 7},
			}, "host a.example: path /: routes 0 and 7 are the same"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := newMatcher(tc.patterns); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestMatcherWithoutRoutesFindsNothing(t *testing.T) {
	m := mustMatcher(t, nil)
	if _, ok := m.ask(&lookup{host: []byte("a"), path: []byte("/")}); ok {
		t.Error("found a route among none")
	}
}

func TestMatcherSurvivesEndlessHosts(t *testing.T) {
	m := mustMatcher(t, []pattern{{path: "/*", hosts: []string{"*.example"}}, {path: "/a", index: 1}})
	q := lookup{host: []byte(strings.Repeat("a.", 4000) + "example"), path: []byte("/a")}
	if index, ok := m.ask(&q); !ok || index != 1 {
		t.Errorf("a host longer than any name: got %d %v, want the route for any", index, ok)
	}
}

// ask finds a route as a request does, and captures its parameters.
func (m *matcher) ask(q *lookup) (index int, ok bool) {
	r := m.find(q)
	if r == nil {
		return 0, false
	}
	if q.x != nil {
		r.capture(q)
	}
	return r.index, true
}
