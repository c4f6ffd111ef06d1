package httpcache

import (
	"strings"
	"testing"
	"time"

	"penstock/exchange"
)

const fresh = "Cache-Control: max-age=60"

// Which responses are stored, and the reason that is given otherwise.
func TestDecideStore(t *testing.T) {
	for _, tc := range []struct {
		name    string
		request []string
		respond string
		want    string // in Cache-Status
		asked   int    // how often the origin is, for two such requests
	}{
		{"it is fresh", nil, rawResponse(200, "x", fresh), "stored", 1},
		{"it can be validated (9111 §4.3)", nil, rawResponse(200, "x", `ETag: "a"`, "Cache-Control: max-age=0"), "stored", 2},
		{"it says no-store (9111 §5.2.2.5)", nil, rawResponse(200, "x", "Cache-Control: no-store"), `detail="no-store"`, 2},
		{"it says private (9111 §5.2.2.7)", nil, rawResponse(200, "x", "Cache-Control: private, max-age=60"), `detail="private"`, 2},
		{"it has neither lifetime nor validator", nil, rawResponse(200, "x"), `detail="no-freshness"`, 2},
		{"it has a cookie", nil, rawResponse(200, "x", fresh, "Set-Cookie: a=b"), `detail="set-cookie"`, 2},
		{"it varies on everything (9111 §4.1)", nil, rawResponse(200, "x", fresh, "Vary: *"), `detail="vary-star"`, 2},
		{"it varies on what the gateway writes", nil, rawResponse(200, "x", fresh, "Vary: Via"), `detail="vary-star"`, 2},
		{"the request has Authorization (9111 §3.5)", []string{"Authorization: Basic eA=="}, rawResponse(200, "x", fresh), `detail="authorization"`, 2},
		{"the request has one, and it says public", []string{"Authorization: Basic eA=="}, rawResponse(200, "x", "Cache-Control: public, max-age=60"), "stored", 1},
		{"it is a part (9111 §3.3)", nil, rawResponse(206, "x", fresh, "Content-Range: bytes 0-0/9"), `detail="partial"`, 2},
		{"its body is larger than max_object", nil, rawResponse(200, "x", fresh, "Content-Length: 2000000"), `detail="too-large"`, 2},
		{"its body of no stated length is", nil, rawResponse(200, strings.Repeat("x", 1<<20+1), fresh), `detail="too-large"`, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScene(t, tc.respond)
			s.rule.OwnRequest = [][]byte{[]byte("via")}
			if got := s.get(tc.request...); !got.says(tc.want) {
				t.Errorf("got %s, want %q", got.fields, tc.want)
			}
			if s.get(tc.request...); s.requests() != tc.asked {
				t.Errorf("the origin was asked %d times for two requests, want %d", s.requests(), tc.asked)
			}
		})
	}
}

// A response to a POST is not stored either when its body is larger than max_object.
func TestALargeResponseToAPostIsNotStored(t *testing.T) {
	for size, asked := range map[int]int{1 << 20: 1, 1<<20 + 1: 2} {
		s := newScene(t, rawResponse(200, strings.Repeat("x", size), fresh, "Content-Location: /a"))
		s.request("POST /a").do()
		if s.get(); s.requests() != asked {
			t.Errorf("%d bytes: the origin was asked %d times, want %d", size, s.requests(), asked)
		}
	}
}

// A response whose lines are stored loses the fields that each response has of its own.
func TestOwnFieldsAreNotStored(t *testing.T) {
	s := newScene(t, rawResponse(200, "abc", fresh, "X-Request-Id: 1", "Content-Length: 3", "X-A: 2"))
	s.rule.OwnField = []byte("x-request-id")
	s.get()
	want := fresh + "\r\nX-A: 2\r\nDate: " + date(0) + "\r\nAge: 0\r\nCache-Status: "
	if got := s.get(); len(got.fields) < len(want) || got.fields[:len(want)] != want || got.body != "abc" {
		t.Errorf("got %q %q, want %q", got.fields, got.body, want)
	}
}

// The four ends of Store, each by its name.
func TestOutcomesOfStore(t *testing.T) {
	unreachable := &exchange.Fault{Kind: exchange.ConnectionRefused, Source: exchange.Upstream}
	s := newScene(t, rawResponse(200, "old", fresh, `ETag: "a"`))
	s.wants(s.get(), Relay, 200, "old", "stored")
	s.wait(61 * time.Second)
	s.answers(func(*asked) (string, *exchange.Fault) { return "", unreachable })
	s.wants(s.get(), Serve, 200, "old", `detail="stale-if-error"`)
	s.says(rawResponse(503, "busy"))
	s.wants(s.get(), Serve, 200, "old", "fwd-status=503")
	s.wait(2 * time.Hour)
	s.wants(s.get(), Relay, 503, "busy", "fwd=stale")
	s.answers(func(*asked) (string, *exchange.Fault) { return "", unreachable })
	if got := s.get(); got.outcome != Refuse || got.fault != unreachable {
		t.Errorf("got %v %v, want refuse with the origin's fault", got.outcome, got.fault)
	}
	s.says("304\r\nDate: " + date(0) + "\r\n\r\n")
	if got := s.request("GET /other", `If-None-Match: "mine"`).do(); got.outcome != Refuse || got.fault.Kind != exchange.HTTPProtocolError {
		t.Errorf("a 304 that nobody asked for: got %v %v, want refuse", got.outcome, got.fault)
	}
}

// A successful change of a URL, and what it names of the same origin, is not stored any more
// (RFC 9111 §4.4).
func TestChangesInvalidate(t *testing.T) {
	s := newScene(t, rawResponse(200, "x", fresh))
	for _, path := range []string{"/a", "/b", "/c"} {
		s.request("GET " + path).do()
	}
	s.says(rawResponse(201, "", "Location: /b", "Content-Location: http://other.example/c"))
	s.wants(s.request("POST /a").do(), Relay, 201, "", "fwd=method")
	s.says(rawResponse(200, "new", fresh))
	for path, want := range map[string]string{"/a": "new", "/b": "new", "/c": "x"} {
		if got := s.request("GET " + path).do(); got.body != want {
			t.Errorf("%s: got %q, want %q", path, got.body, want)
		}
	}
}
