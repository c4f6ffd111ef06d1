package gateway

import (
	"fmt"
	"testing"

	"penstock/exchange"
	"penstock/headers"
)

// manyRoutes returns n routes of the kinds that are in use, and a request that the
// last of each kind takes.
func manyRoutes(n int) (patterns []pattern, asks []*lookup) {
	shapes := []struct{ host, path, askHost, ask string }{
		{"", "/service-%d/*", "any.example", "/service-%d/items/7"},
		{"", "/v1/resource-%d/{id}", "any.example", "/v1/resource-%d/4711"},
		{"tenant-%d.example", "/*", "TENANT-%d.example:8080", "/deep/down/below"},
		{"*.zone-%d.example", "/static/{rest:*}", "a.zone-%d.example", "/static/a/b/c.js"},
	}
	for i := range n {
		s := shapes[i%len(shapes)]
		p := pattern{path: numbered(s.path, i), index: i}
		if s.host != "" {
			p.hosts = []string{numbered(s.host, i)}
		}
		patterns = append(patterns, p)
	}
	for k, s := range shapes {
		i := n - len(shapes) + k
		asks = append(asks, &lookup{
			host: []byte(numbered(s.askHost, i)), path: []byte(numbered(s.ask, i)),
			method: []byte("GET"), fields: &headers.Block{}, x: &exchange.Exchange{},
		})
	}
	return patterns, asks
}

func numbered(format string, i int) string {
	for at := range len(format) {
		if format[at] == '%' {
			return fmt.Sprintf(format, i)
		}
	}
	return format
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{12, 1000, 10000} {
		patterns, asks := manyRoutes(n)
		m := mustMatcher(b, patterns)
		for k, kind := range []string{"prefix", "param", "host", "wildcard"} {
			b.Run(fmt.Sprintf("%d/%s", n, kind), func(b *testing.B) {
				q := asks[k]
				b.ReportAllocs()
				for b.Loop() {
					q.x.Params = q.x.Params[:0]
					if _, ok := m.ask(q); !ok {
						b.Fatal("no route")
					}
				}
			})
		}
	}
}
