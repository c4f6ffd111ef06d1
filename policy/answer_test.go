package policy

import (
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"penstock/headers"
)

var clock = time.Unix(1795442400, 0)

// wire serves one request on a real socket and returns the raw answer.
func wire(t *testing.T, raw string, handler fasthttp.RequestHandler) (head []string, body string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &fasthttp.Server{Handler: handler, NoDefaultServerHeader: true}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	defer func() {
		if err := server.Shutdown(); err != nil {
			t.Error(err)
		}
		<-ended
	}()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	text, body, _ := strings.Cut(string(answer), "\r\n\r\n")
	for line := range strings.SplitSeq(text, "\r\n") {
		if !strings.HasPrefix(line, "Date: ") && line != "Connection: close" {
			head = append(head, line)
		}
	}
	return head, body
}

func get(target string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
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
			head, body := wire(t, get(tc.target), func(ctx *fasthttp.RequestCtx) {
				x := captured("rest", "b/c")
				defer x.Release()
				if v := r.OnRequest(ctx, x); v != Answered {
					t.Errorf("verdict: got %v, want answered", v)
				}
			})
			want := []string{"HTTP/1.1 308 Permanent Redirect", "Content-Length: 0", "Location: " + tc.want}
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
		name    string
		o       FixedOptions
		request string
		head    []string
		body    string
	}{
		{"text", FixedOptions{Status: 200, Body: "User-agent: *\n"}, get("/"),
			[]string{"HTTP/1.1 200 OK", "Content-Type: text/plain; charset=utf-8", "Content-Length: 14"}, "User-agent: *\n"},
		{"its own type and repeated fields", FixedOptions{Status: 418, Body: "{}", Fields: []headers.Pair{
			{Name: "Content-Type", Value: "application/json"}, {Name: "Link", Value: "</a>"}, {Name: "X-A", Value: "1"}, {Name: "Link", Value: "</b>"}}}, get("/"),
			[]string{"HTTP/1.1 418 I'm a teapot", "Content-Type: application/json", "Content-Length: 2", "Link: </a>", "X-A: 1", "Link: </b>"}, "{}"},
		{"HEAD has the length without the body (9110 §9.3.2)", FixedOptions{Status: 200, Body: "abc"},
			"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
			[]string{"HTTP/1.1 200 OK", "Content-Type: text/plain; charset=utf-8", "Content-Length: 3"}, ""},
		{"nothing at all", FixedOptions{Status: 204}, get("/"), []string{"HTTP/1.1 204 No Content"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := NewFixed(tc.o)
			if err != nil {
				t.Fatal(err)
			}
			head, body := wire(t, tc.request, func(ctx *fasthttp.RequestCtx) {
				if v := f.OnRequest(ctx, nil); v != Answered {
					t.Errorf("verdict: got %v, want answered", v)
				}
			})
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

func TestHeadersEditsOwnAnswers(t *testing.T) {
	edits, err := headers.NewEdits(
		[]headers.Pair{{Name: "X-Set", Value: "new"}, {Name: "Content-Type", Value: "a/b"}},
		[]headers.Pair{{Name: "Link", Value: "</3>"}},
		[]string{"x-gone", "Server", "X-Absent"})
	if err != nil {
		t.Fatal(err)
	}
	p := NewHeaders(edits)
	head, body := wire(t, get("/"), func(ctx *fasthttp.RequestCtx) {
		h := &ctx.Response.Header
		ctx.SetBodyString("body")
		h.SetServer("secret")
		for _, f := range []headers.Pair{
			{Name: "X-Gone", Value: "1"}, {Name: "Link", Value: "</1>"}, {Name: "X-Set", Value: "old"}, {Name: "Vary", Value: "a"},
			{Name: "Link", Value: "</2>"}, {Name: "X-Gone", Value: "2"}, {Name: "Set-Cookie", Value: "c=1"}, {Name: "Vary", Value: "b"},
			{Name: "Set-Cookie", Value: "d=2"}, {Name: "X-Set", Value: "older"},
		} {
			h.Add(f.Name, f.Value)
		}
		p.OnResponse(ctx, nil)
	})
	want := []string{
		"HTTP/1.1 200 OK", "Content-Type: a/b", "Content-Length: 4", "Link: </1>", "Vary: a", "Link: </2>", "Vary: b",
		"X-Set: new", "Link: </3>", "Set-Cookie: c=1", "Set-Cookie: d=2",
	}
	if !slices.Equal(head, want) || body != "body" {
		t.Errorf("got  %q %q\nwant %q", head, body, want)
	}
	if p.Edits() != edits {
		t.Error("Edits: got others")
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
	var last Response = NewHeaders(&headers.Edits{})
	for _, p := range want {
		if p.Place() >= Rewriting || p.Place() >= last.Place() {
			t.Errorf("%v must act before the target is rewritten and before the answer is edited", p.Place())
		}
	}
	for v := range verdictCount {
		if v.String() == "" {
			t.Errorf("verdict %d has no name", v)
		}
	}
}
