package gateway_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"penstock/accesslog"
	"penstock/gateway"
	"penstock/gateway/gatewaytest"
)

// loggedRequest is what a line of the access log says about who asked for what.
type loggedRequest struct {
	ID, Client, Method, Target, Protocol, Fault string
	Status                                      int
}

// withLog starts a gateway with an access log. lines waits for n lines of it.
func withLog(t *testing.T, yaml string) (_ *gatewaytest.Gateway, lines func(n int) []loggedRequest) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "access.log")
	log, err := accesslog.New(accesslog.Options{File: file, Rule: accesslog.Rule{Sample: 1}})
	if err != nil {
		t.Fatal(err)
	}
	log.Start(t.Context())
	g := gatewaytest.StartWith(t, gateway.Options{Config: gatewaytest.Parse(t, yaml), Access: log})
	t.Cleanup(func() { _ = log.Shutdown(context.Background()) })
	return g, func(n int) (all []loggedRequest) {
		t.Helper()
		var text []byte
		gatewaytest.Eventually(t, "the access log", func() bool {
			text, err = os.ReadFile(file)
			return err != nil || bytes.Count(text, []byte("\n")) >= n
		})
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var l loggedRequest
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			all = append(all, l)
		}
		return all
	}
}

// A refused request is logged with its client and an id, which its response has too, and with
// the method, target and protocol that were read, and no others.
func TestRefusedRequestsAreLogged(t *testing.T) {
	long := strings.Repeat("x", 40_000)
	for _, tc := range []struct {
		name, raw, config string
		want              loggedRequest
	}{
		{"a bad field", "DELETE /a?b HTTP/1.0\r\nHost : a\r\n\r\n", "", loggedRequest{Method: "DELETE", Target: "/a?b", Protocol: "HTTP/1.0", Fault: "bad-header", Status: 400}},
		{"a folded field", "POST /a HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "", loggedRequest{Method: "POST", Target: "/a", Protocol: "HTTP/1.1", Fault: "bad-header", Status: 400}},
		{"a request line of another form", "nonsense\r\n\r\n", "", loggedRequest{Fault: "bad-header", Status: 400}},
		{"empty lines before it", "\r\n\r\nPUT /a HTTP/1.1\r\nA\r\n\r\n", "", loggedRequest{Method: "PUT", Target: "/a", Protocol: "HTTP/1.1", Fault: "bad-header", Status: 400}},
		{"a second head after a good one", get + "PUT /b HTTP/1.1\r\nA\r\n\r\n", "", loggedRequest{Method: "PUT", Target: "/b", Protocol: "HTTP/1.1", Fault: "bad-header", Status: 400}},
		{"a line without an end after a good head", get + "PUT /" + long, "", loggedRequest{Fault: "uri-too-long", Status: 414}},
		{"414, of a line that has not ended", "PUT /" + long, "", loggedRequest{Fault: "uri-too-long", Status: 414}},
		{"414, of a head that was read", "PUT /1234567890 HTTP/1.1\r\nHost: a\r\n\r\n", "limits: { uri: 64B }", loggedRequest{Method: "PUT", Target: "/1234567890" + long[:100], Protocol: "HTTP/1.1", Fault: "uri-too-long", Status: 414}},
		{"431", "PUT /a HTTP/1.1\r\nHost: a\r\nX-A: " + long, "", loggedRequest{Method: "PUT", Target: "/a", Protocol: "HTTP/1.1", Fault: "header-too-large", Status: 431}},
		{"505", "PUT /a HTTP/2.0\r\nHost: a\r\n\r\n", "", loggedRequest{Method: "PUT", Target: "/a", Protocol: "HTTP/2.0", Fault: "version-refused", Status: 505}},
		{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", loggedRequest{Method: "PRI", Target: "*", Protocol: "HTTP/2.0", Fault: "version-refused", Status: 505}},
		{"TRACE", "TRACE /a HTTP/1.1\r\nHost: a\r\n\r\n", "", loggedRequest{Method: "TRACE", Target: "/a", Protocol: "HTTP/1.1", Fault: "method-refused", Status: 501}},
		{"408", "PUT /a HTTP/1.1\r\nHost: a\r\n", "timeouts: { header: 50ms }", loggedRequest{Method: "PUT", Target: "/a", Protocol: "HTTP/1.1", Fault: "header-stalled", Status: 408}},
		{"a TLS handshake with a line end in it", "\x16\x03\x01\r\n\r\n", "", loggedRequest{Fault: "tls-on-plain-port", Status: 400}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g, lines := withLog(t, tc.config+"\nroutes: [{ path: \"/*\", respond: 200 }]")
			c := gatewaytest.Dial(t, g.Address)
			raw := strings.Replace(tc.raw, "/1234567890 ", tc.want.Target+" ", 1)
			_, _ = io.WriteString(c, raw) // the gateway may close while a long head is still being sent
			a, n := c.Read("GET"), 1
			if strings.HasPrefix(raw, get) {
				a, n = c.Read("GET"), 2
			}
			got := lines(n)[n-1]
			if a.StatusCode != tc.want.Status || got.ID != a.Header.Get("X-Request-Id") || len(got.ID) != 32 {
				t.Errorf("the response is %d with the id %q", a.StatusCode, a.Header.Get("X-Request-Id"))
			}
			tc.want.ID, tc.want.Client = got.ID, "127.0.0.1"
			if got != tc.want {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

func TestRequestsBeyondTheLimitAreLogged(t *testing.T) {
	origin := newHeld(t)
	g, lines := withLog(t, "trusted_proxies: 127.0.0.1\nlimits: { requests: 1 }\n"+oneRoute(origin.URL))
	first := gatewaytest.Dial(t, g.Address)
	first.Send(get)
	<-origin.in
	if a := gatewaytest.Get(t, g.Address, "/b", "X-Forwarded-For: 203.0.113.7", "X-Request-Id: theirs"); a.StatusCode != 503 || a.Header.Get("X-Request-Id") != "theirs" {
		t.Errorf("got %d with the id %q", a.StatusCode, a.Header.Get("X-Request-Id"))
	}
	close(origin.out)
	first.Read("GET")
	for _, l := range lines(2) {
		if l == (loggedRequest{ID: "theirs", Client: "203.0.113.7", Method: "GET", Target: "/b", Protocol: "HTTP/1.1", Fault: "overloaded", Status: 503}) {
			return
		}
	}
	t.Error("the refused request is not logged as who asked for what")
}

// A client that speaks TLS is refused at once, whatever its greeting contains, and can see
// that the port speaks HTTP.
func TestTLSOnPlainPort(t *testing.T) {
	g, lines := withLog(t, "routes: [{ path: \"/*\", respond: 200 }]")
	_, err := tls.Dial("tcp", g.Address, &tls.Config{ServerName: "a.example"})
	if header, ok := errors.AsType[tls.RecordHeaderError](err); !ok || string(header.RecordHeader[:]) != "HTTP/" {
		t.Errorf("the client sees %v", err)
	}
	all := lines(1)
	if len(all) != 1 || all[0].Fault != "tls-on-plain-port" || all[0].Client != "127.0.0.1" || all[0].Method+all[0].Target+all[0].Protocol != "" {
		t.Errorf("logged: %+v", all)
	}
}
