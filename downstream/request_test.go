package downstream

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"penstock/exchange"
	"penstock/headers"
)

// byDefault reads paths by the rules that a configuration has by default.
type byDefault struct{}

func (byDefault) NormalizePath(dst, path []byte) ([]byte, headers.PathMarks, headers.Problem) {
	rules := headers.PathRules{DoubleEncoding: headers.Keep, DotSegments: headers.Change, DoubleSlash: headers.Keep}
	return rules.Normalize(dst, path)
}

var limits = Limits{Fields: 8, Target: 64}

// headOf splits the raw text of a head as a protocol does.
func headOf(raw string) *Head {
	line, fields, _ := strings.Cut(raw, "\r\n")
	parts := strings.SplitN(line, " ", 3)
	return &Head{Method: []byte(parts[0]), Target: []byte(parts[1]), Protocol: []byte(parts[2]), Scheme: "http", Fields: []byte(fields)}
}

// read reads all of a head.
func read(r *Request, h *Head) exchange.Reason {
	if why := r.Read(h, limits); why != exchange.NoReason {
		return why
	}
	return r.ReadTarget(h, limits, byDefault{})
}

// accepted reads a head that is not refused.
func accepted(t *testing.T, raw string) *Request {
	t.Helper()
	r := new(Request)
	if why := read(r, headOf(raw)); why != exchange.NoReason {
		t.Fatalf("refused: %v", why)
	}
	return r
}

func TestHeadsThatAreRefused(t *testing.T) {
	for _, tc := range []struct {
		name, raw string
		want      exchange.Reason
	}{
		{"no version (9112 §2.3)", "GET / \r\nHost: a\r\n\r\n", exchange.VersionRefused},
		{"HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", exchange.VersionRefused},
		{"HTTP/2.0 on a connection of HTTP/1", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", exchange.VersionRefused},
		{"two digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", exchange.VersionRefused},
		{"the name in small letters (9112 §2.3)", "GET / http/1.1\r\nHost: a\r\n\r\n", exchange.VersionRefused},
		{"a version that is no number", "GET / HTTP/1.x\r\nHost: a\r\n\r\n", exchange.VersionRefused},
		{"a name that is no token (9112 §5.1)", "GET / HTTP/1.1\r\nHost: a\r\nX A: 1\r\n\r\n", exchange.BadHeader},
		{"white space before the colon (9112 §5.1)", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", exchange.BadHeader},
		{"a folded line (9112 §5.2)", "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n 2\r\n\r\n", exchange.BadHeader},
		{"a bare line feed", "GET / HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n", exchange.BadHeader},
		{"NUL in a value (9110 §5.5)", "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\x002\r\n\r\n", exchange.BadHeader},
		{"a line without a colon", "GET / HTTP/1.1\r\nHost: a\r\nX-A\r\n\r\n", exchange.BadHeader},
		{"two of what may stand once (9110 §5.3)", "GET / HTTP/1.1\r\nHost: a\r\nContent-Type: a\r\nContent-Type: b\r\n\r\n", exchange.BadHeader},
		{"more fields than the limit", "GET / HTTP/1.1\r\n" + strings.Repeat("X-A: 1\r\n", 9) + "\r\n", exchange.TooManyFields},
		{"length and coding (9112 §6.3)", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", exchange.BadFraming},
		{"two lengths (9112 §6.3)", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", exchange.BadHeader},
		{"a length with a sign (9110 §8.6)", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", exchange.BadFraming},
		{"a coding in HTTP/1.0 (9112 §6.1)", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", exchange.BadFraming},
		{"a coding that we do not know (9112 §6.1)", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", exchange.UnknownCoding},
		{"an expectation that we do not know (9110 §10.1.1)", "POST / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", exchange.ExpectationRefused},
		{"one of two in a list", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, more\r\n\r\n", exchange.ExpectationRefused},
		{"no Host in HTTP/1.1 (9112 §3.2)", "GET / HTTP/1.1\r\nX-A: 1\r\n\r\n", exchange.BadHost},
		{"an empty Host (9110 §4.2.1)", "GET / HTTP/1.1\r\nHost:\r\n\r\n", exchange.BadHost},
		{"a Host that is none (9112 §3.2)", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", exchange.BadHost},
		{"two Hosts (9112 §3.2)", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", exchange.BadHeader},
		{"an invalid Host beside an absolute form", "GET http://a/ HTTP/1.1\r\n\r\n", exchange.BadHost},
		{"a target above the limit (9112 §3)", "GET /" + strings.Repeat("x", 64) + " HTTP/1.1\r\nHost: a\r\n\r\n", exchange.URITooLong},
		{"a fragment (9112 §3.2)", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", exchange.BadTarget},
		{"a byte beyond ASCII (3986 §2)", "GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n", exchange.BadTarget},
		{"another scheme", "GET file:///etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", exchange.BadTarget},
		{"authority form is for CONNECT (9112 §3.2.3)", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", exchange.BadTarget},
		{"asterisk form is for OPTIONS (9112 §3.2.4)", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", exchange.BadTarget},
		{"a broken percent-encoding (3986 §2.1)", "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", exchange.BadTarget},
		{"an encoded slash", "GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n", exchange.PathRefused},
		{"an encoded NUL", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", exchange.PathRefused},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, h := new(Request), headOf(tc.raw)
			if got := read(r, h); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			if string(r.Method) != string(h.Method) {
				t.Errorf("the method is %q, want %q: it is known also of what is refused", r.Method, h.Method)
			}
		})
	}
}

func TestFactsOfARequest(t *testing.T) {
	none := headers.Framing{Kind: headers.NoBody, Length: -1}
	for _, tc := range []struct {
		name, raw string
		version   Version
		facts     string // host, target, path, raw path, query
		framing   headers.Framing
	}{
		{"origin form (9112 §3.2.1)", "GET /a/b?c=d HTTP/1.1\r\nHost: A.example:80\r\n\r\n", HTTP11, "A.example:80 /a/b?c=d /a/b /a/b ?c=d", none},
		{"absolute form beats Host (9112 §3.2.2)", "GET http://b.example/x?y HTTP/1.1\r\nHost: a.example\r\n\r\n", HTTP11, "b.example /x?y /x /x ?y", none},
		{"absolute form without a path (9112 §3.2.1)", "GET http://b.example HTTP/1.1\r\nHost: a.example\r\n\r\n", HTTP11, "b.example / / / ", none},
		{"asterisk form (9112 §3.2.4)", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", HTTP11, "a * *  ", none},
		{"an empty query is one", "GET /? HTTP/1.1\r\nHost: a\r\n\r\n", HTTP11, "a /? / / ?", none},
		{"the normal form of the path (3986 §6.2.2)", "GET /%61/../b%7e%c3?%61 HTTP/1.1\r\nHost: a\r\n\r\n", HTTP11, "a /%61/../b%7e%c3?%61 /b~%C3 /%61/../b%7e%c3 ?%61", none},
		{"HTTP/1.0 needs no Host", "GET / HTTP/1.0\r\nX-A: 1\r\n\r\n", HTTP10, " / / / ", none},
		{"a higher minor version is 1.1 (9110 §2.5)", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", HTTP11, "a / / / ", none},
		{"a length (9112 §6.2)", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n", HTTP11, "a / / / ", headers.Framing{Kind: headers.Sized, Length: 7}},
		{"chunks (9112 §7.1)", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", HTTP11, "a / / / ", headers.Framing{Kind: headers.Chunked, Length: -1}},
		{"HTTP/1.0 expects nothing (9110 §10.1.1)", "POST / HTTP/1.0\r\nExpect: more\r\nContent-Length: 1\r\n\r\n", HTTP10, " / / / ", headers.Framing{Kind: headers.Sized, Length: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := accepted(t, tc.raw)
			if got := factsOf(r); got != tc.facts || r.Version != tc.version || r.Framing != tc.framing || r.Scheme != "http" {
				t.Errorf("got  %q %v %+v\nwant %q %v %+v", got, r.Version, r.Framing, tc.facts, tc.version, tc.framing)
			}
		})
	}
}

func factsOf(r *Request) string {
	query := ""
	if r.HasQuery {
		query = "?" + string(r.Query)
	}
	return fmt.Sprintf("%s %s %s %s %s", r.Host, r.Target, r.Path, r.RawPath, query)
}

// A later version of HTTP says itself which one it is, and has no words for it in the head.
func TestVersionOfTheProtocol(t *testing.T) {
	r := new(Request)
	if why := r.Read(&Head{Version: HTTP2, Method: []byte("GET"), Scheme: "https", Fields: []byte("host: a\r\n\r\n")}, limits); why != exchange.NoReason || r.Version != HTTP2 || r.Scheme != "https" {
		t.Errorf("got %v, %v, %s", why, r.Version, r.Scheme)
	}
	for v, want := range map[Version]string{HTTP10: "HTTP/1.0", HTTP11: "HTTP/1.1", HTTP2: "HTTP/2", HTTP3: "HTTP/3"} {
		if v.String() != want || v.Streams() != (v != HTTP10) {
			t.Errorf("%v: want %s; streams %v", v, want, v.Streams())
		}
	}
}

func TestServedMethods(t *testing.T) {
	for method, want := range map[string]bool{"GET": true, "PURGE": true, "CONNECT": false, "connect": false, "TRACE": false, "Trace": false, "TRACER": true, "": true} {
		r := Request{Method: []byte(method)}
		if r.Served() != want {
			t.Errorf("%q: want %v", method, want)
		}
	}
}

// The backend gets the path as the rules of the route changed it, with the query as received; where
// they changed nothing it gets the bytes as received.
func TestRoutePath(t *testing.T) {
	for _, tc := range []struct {
		raw, path string
		changed   bool
		want      string
	}{
		{"/a//b?c=%2f", "/a/b", true, "a /a/b?c=%2f /a/b /a//b ?c=%2f"},
		{"/a//b?", "/a/b", true, "a /a/b? /a/b /a//b ?"},
		{"/a//b", "/a/b", true, "a /a/b /a/b /a//b "},
		{"/%61?b", "/a", false, "a /%61?b /a /%61 ?b"},
	} {
		r := accepted(t, "GET "+tc.raw+" HTTP/1.1\r\nHost: a\r\n\r\n")
		if r.SetRoutePath([]byte(tc.path), tc.changed); factsOf(r) != tc.want {
			t.Errorf("%s: got %q, want %q", tc.raw, factsOf(r), tc.want)
		}
	}
}

func TestReservedFieldsDoNotExist(t *testing.T) {
	r := accepted(t, "GET / HTTP/1.1\r\nHost: a\r\nX-User: 1\r\nx_USER: 2\r\nX-User-Name: 3\r\n\r\n")
	r.Reserve(nil)
	if n := len(r.Head.Append(nil)); n != len("Host: a\r\nX-User: 1\r\nx_USER: 2\r\nX-User-Name: 3\r\n") {
		t.Errorf("nothing is reserved, and %d bytes are left", n)
	}
	r.Reserve([][]byte{[]byte("x-user")})
	if got := string(r.Head.Append(nil)); got != "Host: a\r\nX-User-Name: 3\r\n" || r.Head.Lookup([]byte("X-User")) != nil {
		t.Errorf("got %q", got)
	}
	var other Request
	if !other.Copy(r) || string(other.Head.Append(nil)) != "Host: a\r\nX-User-Name: 3\r\n" {
		t.Errorf("a copy has %q", other.Head.Append(nil))
	}
}

// A copy is a GET without a body, and nothing in it changes when the client's memory is used
// for its next request.
func TestCopyStandsAlone(t *testing.T) {
	raw := []byte("POST /a//b?c HTTP/1.1\r\nHost: h.example\r\nContent-Length: 5\r\nX-A: 1\r\n\r\n")
	line, fields, _ := bytes.Cut(raw, []byte("\r\n"))
	parts := bytes.SplitN(line, []byte(" "), 3)
	h := Head{Method: parts[0], Target: parts[1], Protocol: parts[2], Scheme: "https", Fields: fields}
	from, r := new(Request), new(Request)
	if why := read(from, &h); why != exchange.NoReason {
		t.Fatal(why)
	}
	from.SetRoutePath([]byte("/a/b"), true)
	if !r.Copy(from) {
		t.Fatal("the fields cannot be read again")
	}
	want := factsOf(from)
	from.SetRoutePath([]byte("/x"), true)
	from.Reset(0)
	for i := range raw {
		raw[i] = '#'
	}
	if got := factsOf(r); got != want || string(r.Method) != "GET" || r.Scheme != "https" || r.Version != HTTP11 || r.Framing.Kind != headers.NoBody {
		t.Errorf("got %q %s %v %+v, want %q", got, r.Method, r.Version, r.Framing, want)
	}
	if got := string(r.Head.Append(nil)); got != "Host: h.example\r\nContent-Length: 5\r\nX-A: 1\r\n" {
		t.Errorf("fields %q", got)
	}
}

func TestImaginedRequests(t *testing.T) {
	r := new(Request)
	fields := []byte("Host: a\r\nX-A: 1\r\n")
	h := Head{Version: HTTP11, Method: []byte("GET"), Target: []byte("/x?y"), Scheme: "http", Fields: fields}
	if why := r.ReadDryRun(&h, limits, byDefault{}); why != exchange.NoReason || factsOf(r) != "a /x?y /x /x ?y" {
		t.Errorf("got %v, %q", why, factsOf(r))
	}
	clear(fields)
	if got := string(r.Head.Get(headers.Host)); got != "a" {
		t.Errorf("Host is %q once the caller's bytes have changed", got)
	}
	for target, want := range map[string]exchange.Reason{"/a%2fb": exchange.PathRefused, "x": exchange.BadTarget} {
		h.Target, h.Fields = []byte(target), []byte("Host: a\r\n")
		if why := r.ReadDryRun(&h, limits, byDefault{}); why != want {
			t.Errorf("%s: got %v, want %v", target, why, want)
		}
	}
}

func TestResetForgetsEverything(t *testing.T) {
	r := new(Request)
	r.Head.MaxFields = limits.Fields
	empty := factsOf(r)
	if why := read(r, headOf("POST http://a/a//b?c HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\n\r\n")); why != exchange.NoReason {
		t.Fatal(why)
	}
	buf := cap(r.pathBuf)
	r.Reset(buf)
	if factsOf(r) != empty || r.Version != HTTP10 || r.Scheme != "" || r.Method != nil || r.Framing != (headers.Framing{}) || r.Marks != 0 || len(r.Head.Fields) != 0 {
		t.Errorf("after Reset: %+v", r)
	}
	if cap(r.pathBuf) != buf {
		t.Errorf("a buffer of %d bytes is gone", buf)
	}
	if r.Reset(0); r.pathBuf != nil || r.targetBuf != nil || r.fieldsBuf != nil {
		t.Errorf("buffers above the bound are kept: %d %d %d bytes", cap(r.pathBuf), cap(r.targetBuf), cap(r.fieldsBuf))
	}
}

// FuzzRequest reads heads that the strict reader takes, and holds them to what every later
// step believes: the facts agree with one another, and reading the copy again changes none.
func FuzzRequest(f *testing.F) {
	for _, seed := range [][4]string{
		{"GET", "/a?b", "HTTP/1.1", "Host: a\r\n\r\n"},
		{"POST", "http://a:80/%61/../b", "HTTP/1.1", "Host: b\r\nContent-Length: 5\r\n\r\n"},
		{"OPTIONS", "*", "HTTP/1.1", "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"GET", "/..;/%2e%2e/", "HTTP/1.0", "X_User: 1\r\nX-User: 2\r\n\r\n"},
		{"GET", "//x/?#", "HTTP/1.9", "Host:\r\nExpect: 100-continue\r\n\r\n"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, method, target, protocol, fields string) {
		h := Head{Method: []byte(method), Target: []byte(target), Protocol: []byte(protocol), Scheme: "http", Fields: []byte(fields)}
		r := new(Request)
		if why := read(r, &h); why != exchange.NoReason {
			return
		}
		if r.RawPath != nil {
			want := string(r.RawPath)
			if r.HasQuery {
				want += "?" + string(r.Query)
			}
			if string(r.Target) != want || r.Path[0] != '/' || bytes.IndexByte(r.Path, 0) >= 0 {
				t.Errorf("%q: target %q, path %q, query %q", target, r.Target, r.Path, r.Query)
			}
		}
		if len(r.Target) > limits.Target || len(r.Head.Fields) > limits.Fields || len(r.Host) > 0 && !headers.ValidHost(r.Host) {
			t.Errorf("above a limit: %q, %d fields, host %q", r.Target, len(r.Head.Fields), r.Host)
		}
		if r.Framing.Kind == headers.Sized && r.Framing.Length < 0 || r.Framing.Kind == headers.Chunked && r.Version < HTTP11 {
			t.Errorf("framing %+v of %v", r.Framing, r.Version)
		}
		var same, again Request
		if !same.Copy(r) || factsOf(&same) != factsOf(r) || !bytes.Equal(same.Head.Append(nil), r.Head.Append(nil)) {
			t.Errorf("the copy of %q %q is %q %q", factsOf(r), r.Head.Append(nil), factsOf(&same), same.Head.Append(nil))
		}
		if r.RawPath == nil {
			return
		}
		second := Head{Version: r.Version, Method: r.Method, Target: r.Target, Scheme: "http", Fields: r.Head.Append(nil)}
		if why := again.ReadDryRun(&second, limits, byDefault{}); why != exchange.NoReason || !reflect.DeepEqual([]any{again.Framing, string(again.Path)}, []any{r.Framing, string(r.Path)}) {
			t.Errorf("read again, %q is %v %+v %q, was %+v %q", second.Target, why, again.Framing, again.Path, r.Framing, r.Path)
		}
	})
}
