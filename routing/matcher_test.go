package routing

import (
	"os"
	"slices"
	"strings"
	"testing"

	"penstock/config"
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
			var routes []Route
			var names []string
			var requests []string
			for line := range strings.Lines(body) {
				words := strings.Fields(line)
				switch {
				case len(words) == 0:
				case words[0] == "route":
					names = append(names, words[1])
					routes = append(routes, readRoute(t, words[2:]))
				default:
					requests = append(requests, line)
				}
			}
			for _, order := range []string{"as written", "reversed"} {
				table := mustTable(t, routes)
				for _, line := range requests {
					request, want, _ := strings.Cut(strings.TrimSpace(line), " => ")
					if got := findAsText(table, names, request); got != want {
						t.Errorf("%s, routes %s: got %q, want %q", request, order, got, want)
					}
				}
				slices.Reverse(routes)
				slices.Reverse(names)
			}
		})
	}
}

func mustTable(tb testing.TB, routes []Route) *Table {
	tb.Helper()
	table, err := New(Options{Routes: routes, Rules: defaultRules})
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

// pathOf reads a path pattern as the configuration does.
func pathOf(tb testing.TB, written string) Path {
	tb.Helper()
	parsed, err := config.ParsePattern(written)
	if err != nil {
		tb.Fatal(err)
	}
	kinds := map[config.SegmentKind]SegmentKind{config.Literal: Fixed, config.Param: Parameter, config.Rest: Rest}
	var p Path
	for _, s := range parsed {
		p = append(p, Segment{kinds[s.Kind], s.Text})
	}
	return p
}

// readRoute reads the words after the name of a route in the table.
func readRoute(t *testing.T, words []string) Route {
	r := Route{Path: pathOf(t, words[1])}
	if words[0] != "any" {
		r.Hosts = strings.Split(words[0], ",")
	}
	for _, w := range words[2:] {
		key, value, _ := strings.Cut(w, "=")
		kind, name, _ := strings.Cut(key, ".")
		switch kind {
		case "methods":
			r.Methods = strings.Split(value, ",")
		case "header":
			r.Header = append(r.Header, Condition{name, value})
		case "query":
			r.Query = append(r.Query, Condition{name, value})
		default:
			t.Fatalf("unknown word %q", w)
		}
	}
	return r
}

// findAsText finds the route of a request of the table and writes the result as the
// table does.
func findAsText(table *Table, names []string, request string) string {
	words := strings.Fields(request)
	path, query, _ := strings.Cut(words[2], "?")
	var fields headers.Block
	var lines strings.Builder
	for _, w := range words[3:] {
		lines.WriteString(w + "\r\n")
	}
	fields.Parse([]byte(lines.String()))
	m := table.Find(&Query{
		Host: []byte(strings.Trim(words[1], "-")), Path: []byte(path), Query: []byte(query),
		Method: []byte(words[0]), Fields: &fields,
	})
	if m.Outcome != Found {
		return "none"
	}
	return names[m.Route] + paramsAsText(m.Params)
}

func paramsAsText(params []Param) (text string) {
	for _, p := range params {
		text += " " + p.Name + "=" + string(p.Value)
	}
	return text
}

func TestNewRefuses(t *testing.T) {
	fixed := func(text string) Path { return Path{{Fixed, text}} }
	var nine Path
	for _, name := range strings.Split("abcdefghi", "") {
		nine = append(nine, Segment{Parameter, name})
	}
	for _, tc := range []struct {
		name   string
		routes []Route
		want   string
	}{
		{"a path without segments", []Route{{}}, "path: a pattern needs at least one segment"},
		{"a path that no request has", []Route{{Path: Path{{Fixed, "a"}, {Fixed, "..;x"}}}}, `path: "/a/..;x" matches no request: dot-parameter`},
		{"a dot segment", []Route{{Path: fixed("%2e.")}}, "matches no request: dot-segment in"},
		{"a slash in a segment", []Route{{Path: fixed("a/b")}}, `segment "a/b" contains a slash`},
		{"a rest that is not last", []Route{{Path: Path{{Rest, "x"}, {Fixed, "a"}}}}, `"/{x:*}/a": the rest must be the last segment`},
		{"more parameters than are captured", []Route{{Path: nine}}, "9 parameters, at most 8 are possible"},
		{"eight parameters and a named rest", []Route{{Path: append(nine[:8:8], Segment{Rest, "rest"})}}, "9 parameters"},
		{"a host without a name", []Route{{Path: fixed(""), Hosts: []string{"*."}}}, `host "*."`},
		{"a star inside a host", []Route{{Path: fixed(""), Hosts: []string{"a.*.example"}}}, `host "a.*.example"`},
		{"the same route twice", []Route{{Path: pathOf(t, "/a/{x}")}, {Path: pathOf(t, "/a/{y}")}}, "host any: path /a/{y}: routes 0 and 1 are the same"},
		{"the same conditions in another order",
			[]Route{
				{Path: fixed(""), Hosts: []string{"A.example"}, Methods: []string{"GET", "PUT"}, Header: []Condition{{"X-A", "1"}, {"X-B", ""}}},
				{Path: fixed("other")},
				{Path: fixed(""), Hosts: []string{"a.example"}, Methods: []string{"PUT", "GET"}, Header: []Condition{{"x-b", ""}, {"x-a", "1"}}},
			}, "host a.example: path /: routes 0 and 2 are the same"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := New(Options{Routes: tc.routes}); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestPathIsWrittenAsConfigured(t *testing.T) {
	for _, written := range []string{"/", "/a", "/a/", "/*", "/a/{id}/b/{rest:*}", "/%25//x"} {
		if got := pathOf(t, written).String(); got != written {
			t.Errorf("got %q, want %q", got, written)
		}
	}
}

func TestEightParametersAndARestAreCaptured(t *testing.T) {
	table := mustTable(t, []Route{{Path: pathOf(t, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/*")}})
	m := table.Find(&Query{Path: []byte("/1/2/3/4/5/6/7/8/9")})
	if got := paramsAsText(m.Params); got != " a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8" {
		t.Errorf("got %v%s", m.Outcome, got)
	}
}

func TestATableWithoutRoutesFindsNothing(t *testing.T) {
	table := mustTable(t, nil)
	if m := table.Find(&Query{Host: []byte("a"), Path: []byte("/")}); m.Outcome != NoRoute {
		t.Errorf("got %v, want %v", m.Outcome, NoRoute)
	}
}

func TestAHostLongerThanAnyNameMatchesNoName(t *testing.T) {
	table := mustTable(t, []Route{{Path: pathOf(t, "/*"), Hosts: []string{"*.example"}}, {Path: pathOf(t, "/a")}})
	m := table.Find(&Query{Host: []byte(strings.Repeat("a.", 4000) + "example"), Path: []byte("/a")})
	if m.Outcome != Found || m.Route != 1 {
		t.Errorf("got %v %d, want the route for any host", m.Outcome, m.Route)
	}
}

// A query that is used again keeps small buffers, and nothing of the request before.
func TestResetReleasesTheRequest(t *testing.T) {
	table := mustTable(t, []Route{{Path: pathOf(t, "/{id}/{rest:*}"), Rules: headers.PathRules{EncodedSlash: headers.Keep, DoubleEncoding: headers.Keep}}})
	raw := []byte("/a%20" + strings.Repeat("b", 100) + "/x%2Fy")
	path, marks, _ := table.NormalizePath(nil, raw)
	q := Query{Host: raw, RawPath: raw, Path: path, Marks: marks, Method: raw, Query: raw, Fields: &headers.Block{}}
	if m := table.Find(&q); m.Outcome != Found {
		t.Fatalf("got %v, want %v", m.Outcome, Found)
	}
	large := []int{cap(q.path), cap(q.read), cap(q.walk.text)}
	if slices.Min(large) < 100 {
		t.Fatalf("scratch buffers have capacities %v, want the path in each", large)
	}
	q.Reset(1000)
	if got := []int{cap(q.path), cap(q.read), cap(q.walk.text)}; !slices.Equal(got, large) {
		t.Errorf("got capacities %v after Reset(1000), want %v", got, large)
	}
	q.Reset(10)
	if q.path != nil || q.read != nil || q.walk.text != nil {
		t.Error("Reset(10) kept a buffer of more than 100 bytes")
	}
	if q.Host != nil || q.RawPath != nil || q.Path != nil || q.Marks != 0 || q.Method != nil || q.Query != nil || q.Fields != nil ||
		q.walk.rest != nil || q.walk.params[0].Value != nil {
		t.Errorf("Reset kept a part of the request: %+v", q)
	}
}
