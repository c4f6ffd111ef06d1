package response

import (
	"reflect"
	"testing"
	"time"

	"penstock/exchange"
)

// body is a stream that is never transferred.
type body struct{ Stream }

func TestResetForgetsEverything(t *testing.T) {
	r := new(Response)
	r.Reset(0)
	empty := *r
	if r.Length != -1 {
		t.Errorf("an empty response states the length %d, want none", r.Length)
	}
	r.Begin(200, []byte("Fine"))
	r.AddField([]byte("A"), []byte("1"))
	r.SetBody([]byte("x"))
	r.SetStream(body{}, 7)
	r.SetIdle(time.Second)
	r.SetRate(1)
	r.CloseAfter()
	v := reflect.ValueOf(*r)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("%s is not set: this test has to know every field", v.Type().Field(i).Name)
		}
	}
	if r.Reset(0); !reflect.DeepEqual(*r, empty) {
		t.Errorf("after Reset: %+v, want %+v", *r, empty)
	}
}

func TestResetKeepsSmallBuffers(t *testing.T) {
	r := new(Response)
	r.SetFields(make([]byte, 10, 100))
	if r.Reset(100); cap(r.Fields) != 100 || len(r.Fields) != 0 {
		t.Errorf("a buffer of 100 bytes: %d of %d are left", len(r.Fields), cap(r.Fields))
	}
	if r.Reset(99); r.Fields != nil {
		t.Errorf("a buffer above the bound is kept: %d bytes", cap(r.Fields))
	}
}

func TestBodyAndLength(t *testing.T) {
	stream := body{}
	for _, tc := range []struct {
		name   string
		set    func(r *Response)
		body   string
		stream bool
		length int64
	}{
		{"none is stated before", func(*Response) {}, "", false, -1},
		{"a body states its own", func(r *Response) { r.SetBody([]byte("four")) }, "four", false, 4},
		{"an empty body states 0", func(r *Response) { r.SetBody(nil) }, "", false, 0},
		{"HEAD states the length of what it does not carry (9110 §9.3.2)", func(r *Response) { r.SetBody([]byte("four")); r.SetLength(4) }, "", false, 4},
		{"204 states none (9110 §8.6)", func(r *Response) { r.SetBody([]byte("four")); r.SetLength(-1) }, "", false, -1},
		{"a stream of known length", func(r *Response) { r.SetStream(stream, 9) }, "", true, 9},
		{"a stream that ends when it ends", func(r *Response) { r.SetStream(stream, -1) }, "", true, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := new(Response)
			r.Reset(0)
			tc.set(r)
			if string(r.Body) != tc.body || (r.Stream != nil) != tc.stream || r.Length != tc.length {
				t.Errorf("got %q, stream %v, length %d; want %q, %v, %d", r.Body, r.Stream, r.Length, tc.body, tc.stream, tc.length)
			}
		})
	}
}

func TestStatusText(t *testing.T) {
	for status, want := range map[int]string{
		100: "Continue", 101: "Switching Protocols", 103: "Early Hints", 200: "OK", 206: "Partial Content",
		304: "Not Modified", 308: "Permanent Redirect", 404: "Not Found", 413: "Content Too Large",
		416: "Requested Range Not Satisfiable", 418: "I'm a teapot", 421: "Misdirected Request", 429: "Too Many Requests",
		431: "Request Header Fields Too Large", 499: "Client Closed Request", 500: "Internal Server Error",
		502: "Bad Gateway", 504: "Gateway Timeout", 505: "HTTP Version Not Supported", 511: "Network Authentication Required",
		-1: "Unknown Status Code", 0: "Unknown Status Code", 99: "Unknown Status Code", 199: "Unknown Status Code",
		299: "Unknown Status Code", 306: "Unknown Status Code", 418 + 1: "Unknown Status Code", 599: "Unknown Status Code",
		600: "Unknown Status Code", 1 << 30: "Unknown Status Code",
	} {
		if got := StatusText(status); got != want {
			t.Errorf("%d: got %q, want %q", status, got, want)
		}
	}
}

func TestEveryFaultHasAStatusText(t *testing.T) {
	exchange.Reasons(func(r exchange.Reason) {
		if text := StatusText(exchange.Refuse(r).Status()); text == "Unknown Status Code" {
			t.Errorf("%v: no text for %d", r, exchange.Refuse(r).Status())
		}
	})
}

// A date is GMT whatever the zone, with two digits for the day (RFC 9110 §5.6.7).
func TestDate(t *testing.T) {
	for _, tc := range []struct {
		at   time.Time
		want string
	}{
		{time.Unix(0, 0), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"},
		{time.Date(1994, 11, 6, 8, 49, 37, 999, time.UTC), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"},
		{time.Date(2026, 3, 1, 0, 30, 0, 0, time.FixedZone("east", 3600)), "Date: Sat, 28 Feb 2026 23:30:00 GMT\r\n"},
	} {
		if got := string(AppendDate([]byte("x"), tc.at)); got != "x"+tc.want {
			t.Errorf("got %q, want %q", got, "x"+tc.want)
		}
	}
}

func TestProxyStatus(t *testing.T) {
	for _, tc := range []struct {
		name string
		f    *exchange.Fault
		want string
	}{
		{"9-edge", exchange.Refuse(exchange.BadHeader), "Proxy-Status: \"9-edge\"; error=http_request_error; details=\"bad-header\"\r\n"},
		{"edge", exchange.Refuse(exchange.QueueFull), "Proxy-Status: edge; error=connection_limit_reached; details=\"queue-full\"\r\n"},
		{"edge", &exchange.Fault{Kind: exchange.ConnectionRefused}, "Proxy-Status: edge; error=connection_refused\r\n"},
	} {
		if got := string(AppendProxyStatus(nil, tc.name, tc.f)); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

func TestWantsText(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "application/json": false, "text/html": true, "text/plain, */*;q=0.1": true,
		"text/html, application/json": false, "application/problem+json, text/html": false, "image/png": false,
	} {
		if got := WantsText([]byte(accept)); got != want {
			t.Errorf("Accept %q: got %v, want %v", accept, got, want)
		}
	}
}

func TestProblemAsText(t *testing.T) {
	for _, tc := range []struct {
		f    *exchange.Fault
		want string
	}{
		{exchange.Refuse(exchange.BodyTooLarge), "413 Content Too Large\nThe request body is larger than this route allows.\n"},
		{&exchange.Fault{Kind: exchange.ConnectionRefused}, "502 Bad Gateway\n"},
	} {
		if got := string(AppendProblem(nil, true, tc.f, Problem{})); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
	if got := string(AppendProblemType(nil, true)) + string(AppendProblemType(nil, false)); got != "Content-Type: text/plain; charset=utf-8\r\nContent-Type: application/problem+json\r\n" {
		t.Errorf("got %q", got)
	}
}
