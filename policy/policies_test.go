package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
	"penstock/options"
	"penstock/response"
)

var clock = time.Unix(1795442400, 0)

// anyPath takes every path as it is.
type anyPath struct{}

func (anyPath) NormalizePath(dst, path []byte) ([]byte, headers.PathMarks, headers.Problem) {
	return append(dst, path...), 0, headers.NoProblem
}

// ask gives p a request with this method and target and returns its response as text: the
// status, the length if one is stated, and the field lines.
func ask(t *testing.T, p Request, method, target string, x *exchange.Exchange) (head []string, body string) {
	t.Helper()
	request, r := new(downstream.Request), &response.Response{Length: -1}
	h := downstream.Head{Version: downstream.HTTP11, Method: []byte(method), Target: []byte(target), Fields: []byte("Host: evil.example\r\n")}
	if why := request.ReadDryRun(&h, downstream.Limits{Target: 1 << 10}, anyPath{}); why != exchange.NoReason {
		t.Fatalf("%s %s: %v", method, target, why)
	}
	if v := p.OnRequest(&Call{Request: request, X: x, Response: r}); v != Responded {
		t.Errorf("verdict: got %v, want responded", v)
	}
	head = []string{strconv.Itoa(r.Status)}
	if r.Length >= 0 {
		head = append(head, "Content-Length: "+strconv.FormatInt(r.Length, 10))
	}
	for line := range strings.Lines(string(r.Fields)) {
		head = append(head, strings.TrimSuffix(line, "\r\n"))
	}
	return head, string(r.Body)
}

// report collects what is wrong with a policy.
type report struct {
	written  []string // keys that the file has
	problems []string
}

func (r *report) Has(key string) bool               { return slices.Contains(r.written, key) }
func (r *report) Reported(key string) bool          { return false }
func (r *report) Warn(key, format string, a ...any) {}
func (r *report) Planned() bool                     { return false }

func (r *report) Problem(key, format string, a ...any) {
	r.problems = append(r.problems, strings.TrimPrefix(key+": ", ": ")+fmt.Sprintf(format, a...))
}

// route is a route whose path captures these parameters and that has these keys.
func route(params []string, keys ...string) options.Route {
	path := "/"
	for _, p := range params {
		path += "{" + p + "}/"
	}
	return options.Route{Path: path, Params: params, Has: func(key string) bool { return slices.Contains(keys, key) }}
}

// compiled returns p, fit to a route whose path captures these parameters.
func compiled[P options.Compiler](t testing.TB, p P, params ...string) P {
	t.Helper()
	var at report
	if p.Compile(&at, route(params)); at.problems != nil {
		t.Fatalf("%+v: %q", p, at.problems)
	}
	return p
}

func TestRedirect(t *testing.T) {
	for _, tc := range []struct{ name, to, target, want string }{
		{"a path stays a path, the client's Host is not asked", "/api/{rest}", "/old/x", "/api/b/c"},
		{"the query goes along", "/api/{rest}", "/old/x?q=1&r=%20%zz", "/api/b/c?q=1&r=%20%25zz"},
		{"an empty query does not", "/api/{rest}", "/old/x?", "/api/b/c"},
		{"the template's own query stays alone", "/api?from={rest}", "/old/x?q=1", "/api?from=b/c"},
		{"another host, if the operator says so", "https://new.example/{rest}", "/old/x?a|b", "https://new.example/b/c?a%7Cb"},
		{"of an absolute form too", "/{rest}", "http://evil.example/old/x?q", "/b/c?q"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := compiled(t, &Redirect{To: tc.to, Code: 308}, "rest")
			x := captured("rest", "b/c")
			defer x.Release()
			head, body := ask(t, r, "GET", tc.target, x)
			want := []string{"308", "Content-Length: 0", "Location: " + tc.want}
			if !slices.Equal(head, want) || body != "" {
				t.Errorf("got %q %q, want %q", head, body, want)
			}
		})
	}
}

func TestWhatRedirectsRefuse(t *testing.T) {
	for to, want := range map[string]string{
		"/{x}":                    "to: path has no parameter {x}",
		"/{x":                     `to: "{x": want {name}, with a name of letters, digits and _`,
		"/x}":                     `to: "/x}": } without {`,
		"//evil.example/":         `to: got "//evil.example/", want a path that starts with one /, or http(s)://host/path with a fixed host`,
		"ftp://new.example/":      `to: got "ftp://new.example/", want a path that starts with one /, or http(s)://host/path with a fixed host`,
		"https:///x":              `to: got "https:///x", want a path that starts with one /, or http(s)://host/path with a fixed host`,
		"https://u:p@new.example": `to: got "https://u:p@new.example", want a path that starts with one /, or http(s)://host/path with a fixed host`,
		"/a b":                    `to: got "/a b", want a path that starts with one /, or http(s)://host/path with a fixed host`,
		"/a%2":                    `to: "/a%2": "%2" is not a percent-encoded byte`,
		"/a#b":                    `to: "/a#b": "#" cannot stand in a target; write it percent-encoded`,
	} {
		var at report
		(&Redirect{To: to, Code: 308}).Compile(&at, route([]string{"id"}))
		if !slices.Equal(at.problems, []string{want}) {
			t.Errorf("%q: got %q, want %q", to, at.problems, want)
		}
	}
}

func TestRespond(t *testing.T) {
	for _, tc := range []struct {
		name   string
		r      Respond
		method string
		head   []string
		body   string
	}{
		{"text", Respond{Status: 200, Body: "User-agent: *\n"}, "GET",
			[]string{"200", "Content-Length: 14", "Content-Type: text/plain; charset=utf-8"}, "User-agent: *\n"},
		{"its own type and repeated fields", Respond{Status: 418, Body: "{}", Fields: []options.Field{
			{Name: "Content-Type", Value: "application/json"}, {Name: "Link", Value: "</a>"}, {Name: "X-A", Value: "1"}, {Name: "Link", Value: "</b>"}}}, "GET",
			[]string{"418", "Content-Length: 2", "Content-Type: application/json", "Link: </a>", "X-A: 1", "Link: </b>"}, "{}"},
		{"HEAD has the length without the body (9110 §9.3.2)", Respond{Status: 200, Body: "abc"}, "HEAD",
			[]string{"200", "Content-Length: 3", "Content-Type: text/plain; charset=utf-8"}, ""},
		{"nothing at all", Respond{Status: 204}, "GET", []string{"204"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			head, body := ask(t, compiled(t, &tc.r), tc.method, "/", nil)
			if !slices.Equal(head, tc.head) || body != tc.body {
				t.Errorf("got  %q %q\nwant %q %q", head, body, tc.head, tc.body)
			}
		})
	}
	for _, status := range []int{204, 205, 304} {
		var at report
		(&Respond{Status: status, Body: "x"}).Compile(&at, route(nil))
		if want := fmt.Sprintf("body: a %d response has none", status); !slices.Equal(at.problems, []string{want}) {
			t.Errorf("got %q, want %q", at.problems, want)
		}
	}
}

func TestWhatRewritesRefuse(t *testing.T) {
	for path, want := range map[string]string{
		"/b/{di}": `path has no parameter {di} (did you mean "id"?)`,
		"b":       `got "b", want a path that starts with /, without a query`,
		"/b?c=d":  `got "/b?c=d", want a path that starts with /, without a query`,
		"//b":     `"//b": want a path that starts with / or an http:// or https:// URL`,
	} {
		var at report
		(&Rewrite{Path: path}).Compile(&at, route([]string{"id"}))
		if !slices.Equal(at.problems, []string{want}) {
			t.Errorf("%q: got %q, want %q", path, at.problems, want)
		}
	}
}

func TestHeadersOfRequestAndResponse(t *testing.T) {
	set := []options.Field{{Name: "X-A", Value: "new"}}
	for _, tc := range []struct {
		name     string
		h        Headers
		out, got string // fields to the backend, to the client, of "X-A: old"
	}{
		{"both ways", Headers{Request: Edits{Set: set}, Response: Edits{Remove: []string{"x-a"}}}, "X-A: new\r\n", ""},
		{"request alone", Headers{Request: Edits{Remove: []string{"X-A"}}}, "", "X-A: old\r\n"},
		{"response alone", Headers{Response: Edits{Add: set}}, "X-A: old\r\n", "X-A: old\r\nX-A: new\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			plan := Compile(compiled(t, &tc.h))
			if plan.EditsFields() == tc.h.Response.empty() || (plan.edits == nil) != tc.h.Request.empty() {
				t.Errorf("a hook that nothing asks for: %+v", plan)
			}
			var out, got headers.Block
			out.Parse([]byte("X-A: old\r\n\r\n"))
			got.Parse([]byte("X-A: old\r\n\r\n"))
			plan.EditRequest(&out, nil)
			plan.EditFields(&got, nil)
			if a, b := string(out.Append(nil)), string(got.Append(nil)); a != tc.out || b != tc.got {
				t.Errorf("got %q and %q, want %q and %q", a, b, tc.out, tc.got)
			}
		})
	}
	var at report
	at.written = []string{"request"}
	r := route(nil)
	r.Responds = "redirect"
	(&Headers{}).Compile(&at, r)
	if want := []string{"request: needs upstream; this route has redirect"}; !slices.Equal(at.problems, want) {
		t.Errorf("got %q, want %q", at.problems, want)
	}
}
