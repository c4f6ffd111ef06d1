package gateway_test

import (
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// spelling is how one reader takes a path apart. It shares nothing with the gateway.
type spelling struct{ slash, backslash, merge bool }

// read returns the segments that the reader sees, each decoded, with a NUL before
// each; no path has one.
func (s spelling) read(path string) string {
	if s.slash {
		path = regexp.MustCompile(`%2[fF]`).ReplaceAllString(path, "/")
	}
	if s.backslash {
		path = regexp.MustCompile(`%5[cC]|\\`).ReplaceAllString(path, "/")
	}
	raw := strings.Split(path[1:], "/")
	var seen []string
	for i, segment := range raw {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return "unreadable"
		}
		last := i == len(raw)-1
		switch {
		case decoded == "" && s.merge && !last:
			continue
		case decoded == ".":
		case decoded == "..":
			seen = seen[:max(0, len(seen)-1)]
		default:
			seen = append(seen, decoded)
			continue
		}
		if last {
			seen = append(seen, "")
		}
	}
	return "\x00" + strings.Join(seen, "\x00")
}

// entrance is one route of a table that is sorted by hand: the first that fits wins.
type entrance struct{ name, path, rules string }

func (e entrance) fits(read string) bool {
	pattern := "^"
	for segment := range strings.SplitSeq(e.path[1:], "/") {
		switch {
		case segment == "*":
			pattern += `(\x00.*)?`
		case strings.HasPrefix(segment, "{"):
			pattern += `\x00[^\x00]+`
		default:
			pattern += `\x00` + regexp.QuoteMeta(segment)
		}
	}
	return regexp.MustCompile(`(?s)` + pattern + `$`).MatchString(read)
}

func owner(table []entrance, read string) *entrance {
	for i := range table {
		if table[i].fits(read) {
			return &table[i]
		}
	}
	return nil
}

// below reports whether e lies below the rest of a route, so that it is an
// exception from it.
func (e entrance) below(rest *entrance) bool {
	prefix, ok := strings.CutSuffix(rest.path, "*")
	return ok && strings.HasPrefix(e.path+"/", prefix)
}

var nasty = []string{
	"/", "/", "/", "/", "//", "admin", "api", "a", "b", "x", "me", "files", ".", "..", "..", "%2e", "%2E%2e", ".%2e",
	"%2f", "%2F", "%5c", `\`, "%252f", "%252e%252e", "%25", "%61dmin", "adm%69n", "%40me", "@me", "%4", ";", "..;", "%3b", "%00", "*", "%2A", `"`, "%C3%A9",
}

func nastyPath(r *rand.Rand) string {
	path := "/" + []string{"", "", "", "api/a", "api/x/b", "files/x", "admin", "admin/a", "x/b", "@me"}[r.IntN(10)]
	for range r.IntN(8) {
		path += nasty[r.IntN(len(nasty))]
		if r.IntN(3) == 0 {
			path += "/"
		}
	}
	return path
}

// tables hold routes, most specific first, with rules of the file and of routes.
var tables = []struct {
	rules  string
	routes []entrance
}{
	{"", []entrance{{"api", "/api/a", ""}, {"sub", "/api/*", ""}, {"admin", "/admin/*", ""}, {"me", "/@me", ""}, {"one", "/files/{x}", ""}, {"all", "/*", ""}}},
	{"encoded_slash: keep, backslash: keep", []entrance{
		{"admin", "/admin/*", ""}, {"deep", "/api/{x}/b", ""}, {"api", "/api/{x}", ""}, {"file", "/files/*", "encoded_slash: reject"},
		{"all", "/*", "double_slash: merge"},
	}},
	{"encoded_slash: decode, backslash: slash, double_slash: merge", []entrance{
		{"admin", "/admin/a", "encoded_slash: reject"}, {"rest", "/admin/*", "double_slash: keep"}, {"api", "/api/*", "backslash: keep"},
		{"file", "/files/{x}/*", "encoded_slash: keep"}, {"all", "/*", ""},
	}},
	{"encoded_slash: keep, double_slash: reject", []entrance{
		{"admin", "/admin/*", "encoded_slash: decode, double_slash: merge"}, {"api", "/api/*", "double_slash: keep, backslash: slash"},
		{"one", "/{x}", "dot_segments: reject"}, {"two", "/{x}/{y}", "double_encoding: reject, backslash: keep"},
	}},
}

// TestEveryReadingLeadsToTheRoute sends unusual paths over a socket. A backend that looks up
// the path it gets must find the route that the gateway has chosen. A backend that reads kept
// slashes, backslashes or double slashes as one slash must not find another route.
func TestEveryReadingLeadsToTheRoute(t *testing.T) {
	origin := telling(t)
	for i, table := range tables {
		var text strings.Builder
		text.WriteString("paths: {" + table.rules + "}\nroutes:\n")
		for _, e := range table.routes {
			text.WriteString(namedRoute(origin.URL, e.name, e.path, ", paths: {"+e.rules+"}"))
		}
		g := gatewaytest.Start(t, text.String())
		r := rand.New(rand.NewPCG(uint64(i), 7))
		var c *gatewaytest.Client
		served, refused := map[string]int{}, 0
		for range 1000 {
			path := nastyPath(r)
			name, target, ok := strings.Cut(visit(t, &c, g.Address, path), " ")
			if !ok {
				refused++
				continue
			}
			served[name]++
			checkReadings(t, table.routes, path, name, target)
		}
		if len(served) != len(table.routes) || refused == 0 {
			t.Errorf("table %d: served %v, refused %d: not every case was met", i, served, refused)
		}
	}
}

func checkReadings(t *testing.T, table []entrance, path, name, target string) {
	t.Helper()
	read := spelling{}.read(target)
	chosen := owner(table, read)
	if chosen == nil || chosen.name != name {
		t.Errorf("%s was routed to %s, but %s is owned by %v", path, name, target, chosen)
		return
	}
	for n := 1; n < 8; n++ {
		s := spelling{slash: n&1 != 0, backslash: n&2 != 0, merge: n&4 != 0}
		other := owner(table, s.read(target))
		if other != nil && other.name != name && !chosen.below(other) {
			t.Errorf("%s was routed to %s, but a reader %+v takes %s to %s", path, name, s, target, other.name)
		}
	}
}
