package policy

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
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
	if why := request.Imagine(&h, downstream.Limits{Target: 1 << 10}, anyPath{}); why != exchange.NoReason {
		t.Fatalf("%s %s: %v", method, target, why)
	}
	if v := p.OnRequest(&Call{Request: request, X: x, Response: r}); v != Answered {
		t.Errorf("verdict: got %v, want answered", v)
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
			r, err := NewRedirect(RedirectOptions{To: tc.to, Code: 308, Params: []string{"rest"}})
			if err != nil {
				t.Fatal(err)
			}
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

func TestNewRedirectRefuses(t *testing.T) {
	for _, code := range []int{0, 200, 300, 304, 305, 306, 309, 404} {
		if _, err := NewRedirect(RedirectOptions{To: "/", Code: code}); err == nil || !strings.Contains(err.Error(), "code: got ") {
			t.Errorf("code %d: got %v, want an error", code, err)
		}
	}
	if _, err := NewRedirect(RedirectOptions{To: "/{x}", Code: 302}); err == nil {
		t.Error("an unknown parameter: want an error")
	}
}

func TestFixed(t *testing.T) {
	for _, tc := range []struct {
		name   string
		o      FixedOptions
		method string
		head   []string
		body   string
	}{
		{"text", FixedOptions{Status: 200, Body: "User-agent: *\n"}, "GET",
			[]string{"200", "Content-Length: 14", "Content-Type: text/plain; charset=utf-8"}, "User-agent: *\n"},
		{"its own type and repeated fields", FixedOptions{Status: 418, Body: "{}", Fields: []headers.Pair{
			{Name: "Content-Type", Value: "application/json"}, {Name: "Link", Value: "</a>"}, {Name: "X-A", Value: "1"}, {Name: "Link", Value: "</b>"}}}, "GET",
			[]string{"418", "Content-Length: 2", "Content-Type: application/json", "Link: </a>", "X-A: 1", "Link: </b>"}, "{}"},
		{"HEAD has the length without the body (9110 §9.3.2)", FixedOptions{Status: 200, Body: "abc"}, "HEAD",
			[]string{"200", "Content-Length: 3", "Content-Type: text/plain; charset=utf-8"}, ""},
		{"nothing at all", FixedOptions{Status: 204}, "GET", []string{"204"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := NewFixed(tc.o)
			if err != nil {
				t.Fatal(err)
			}
			head, body := ask(t, f, tc.method, "/", nil)
			if !slices.Equal(head, tc.head) || body != tc.body {
				t.Errorf("got  %q %q\nwant %q %q", head, body, tc.head, tc.body)
			}
		})
	}
}

func TestNewFixedRefuses(t *testing.T) {
	for want, o := range map[string]FixedOptions{
		"status: got 0, want 200..599":       {},
		"status: got 103, want 200..599":     {Status: 103},
		"body: an answer with status 204":    {Status: 204, Body: "x"},
		"header Content-Length: the gateway": {Status: 200, Fields: []headers.Pair{{Name: "Content-Length", Value: "9"}}},
		"header X-A: control character 0x0a": {Status: 200, Fields: []headers.Pair{{Name: "X-A", Value: "a\nb"}}},
	} {
		if _, err := NewFixed(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want an error with %q", o, err, want)
		}
	}
}

func TestOrder(t *testing.T) {
	seen := map[string]bool{}
	for p := range placeCount {
		if p.String() == "" || p.Why() == "" || seen[p.String()] {
			t.Errorf("place %d: name %q, why %q: each must have its own", p, p, p.Why())
		}
		seen[p.String()] = true
	}
	redirect, err := NewRedirect(RedirectOptions{To: "/", Code: 302})
	if err != nil {
		t.Fatal(err)
	}
	first, err := NewFixed(FixedOptions{Status: 200})
	if err != nil {
		t.Fatal(err)
	}
	second, err := NewFixed(FixedOptions{Status: 201})
	if err != nil {
		t.Fatal(err)
	}
	want := []Request{redirect, first, second}
	if got := InOrder([]Request{first, redirect, second}); !slices.Equal(got, want) {
		t.Errorf("InOrder: got %v, want %v", got, want)
	}
	for v := range verdictCount {
		if v.String() == "" {
			t.Errorf("verdict %d has no name", v)
		}
	}
}
