package routing

import (
	"fmt"
	"testing"

	"penstock/headers"
)

// manyRoutes returns n routes of the kinds that are in use, and for each kind a request
// that its last route accepts.
func manyRoutes(tb testing.TB, n int) (routes []Route, queries []*Query) {
	shapes := []struct{ host, path, requestHost, requestPath string }{
		{"", "/service-%d/*", "any.example", "/service-%d/items/7"},
		{"", "/v1/resource-%d/{id}", "any.example", "/v1/resource-%d/4711"},
		{"tenant-%d.example", "/*", "TENANT-%d.example:8080", "/deep/down/below"},
		{"*.zone-%d.example", "/static/{rest:*}", "a.zone-%d.example", "/static/a/b/c.js"},
	}
	for i := range n {
		s := shapes[i%len(shapes)]
		r := Route{Path: pathOf(tb, numbered(s.path, i)), Rules: defaultRules}
		if s.host != "" {
			r.Hosts = []string{numbered(s.host, i)}
		}
		routes = append(routes, r)
	}
	for k, s := range shapes {
		i := n - len(shapes) + k
		queries = append(queries, &Query{
			Host: []byte(numbered(s.requestHost, i)), Path: []byte(numbered(s.requestPath, i)),
			Method: []byte("GET"), Fields: &headers.Block{},
		})
	}
	return routes, queries
}

func numbered(format string, i int) string {
	for at := range len(format) {
		if format[at] == '%' {
			return fmt.Sprintf(format, i)
		}
	}
	return format
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{12, 1000, 10000} {
		routes, queries := manyRoutes(b, n)
		table := mustTable(b, routes)
		for k, kind := range []string{"prefix", "param", "host", "wildcard"} {
			b.Run(fmt.Sprintf("%d/%s", n, kind), func(b *testing.B) {
				q := queries[k]
				b.ReportAllocs()
				for b.Loop() {
					if m := table.Find(q); m.Outcome != Found {
						b.Fatal("no route")
					}
				}
			})
		}
	}
}
