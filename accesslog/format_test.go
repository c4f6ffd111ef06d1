package accesslog

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"penstock/exchange"
)

// journey returns an entry for a request with one successful attempt.
func journey() *Entry {
	x := exchange.Acquire(time.Date(2026, 11, 23, 15, 4, 5, 6_000_000, time.FixedZone("x", 3600)))
	x.SetID([]byte("req-1"))
	x.Client = netip.MustParseAddr("192.0.2.7")
	x.Route, x.Upstream, x.Status = "web", "api", 200
	x.Received, x.Sent, x.Took = 7, 4096, 12345*time.Microsecond
	at := x.NextAttempt("10.0.0.1:8080", x.Start)
	at.Queue, at.Connect, at.FirstByte = 250*time.Microsecond, time.Millisecond, 11*time.Millisecond
	at.Took, at.Status = 12*time.Millisecond, 200
	return &Entry{
		Exchange: x, Protocol: "HTTP/1.1", Method: []byte("GET"), Host: []byte("a.example"),
		Target: []byte("/items/7?q=\"1\"\n"), UserAgent: []byte("curl/8\xff"),
	}
}

func TestJSONLine(t *testing.T) {
	want := `{"time":"2026-11-23T14:04:05.006Z","id":"req-1","client":"192.0.2.7","method":"GET","host":"a.example",` +
		`"target":"/items/7?q=\"1\"\n","protocol":"HTTP/1.1","route":"web","upstream":"api","status":200,"received":7,"sent":4096,` +
		`"took_ms":12.345,"backend":"10.0.0.1:8080","queue_ms":0.250,"connect_ms":1.000,"first_byte_ms":11.000,"attempts":1,` +
		`"user_agent":"curl/8\ufffd"}` + "\n"
	if got := string(JSON.Append(nil, journey())); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestLineTellsWhatTheCacheDid(t *testing.T) {
	e := journey()
	e.Exchange.Cache.Outcome = exchange.CacheStale
	if line := string(JSON.Append(nil, e)); !strings.Contains(line, `,"cache":"stale",`) {
		t.Errorf("JSON: got %s", line)
	}
	if line := string(Text.Append(nil, e)); !strings.Contains(line, " cache=stale ") {
		t.Errorf("text: got %s", line)
	}
}

func TestLineContainsTheTimeInTheWaitingRoom(t *testing.T) {
	e := journey()
	e.Exchange.Waited = 1500 * time.Microsecond
	if line := string(JSON.Append(nil, e)); !strings.Contains(line, `"took_ms":12.345,"waited_ms":1.500,`) {
		t.Errorf("JSON: got %s", line)
	}
	if line := string(Text.Append(nil, e)); !strings.Contains(line, " waited=1.500ms ") {
		t.Errorf("text: got %s", line)
	}
}

// The cause of an upstream's failure is what the system said; of others there is none.
func TestLineContainsTheCauseOfAFault(t *testing.T) {
	e := journey()
	e.Exchange.Fault = &exchange.Fault{Kind: exchange.TLSCertificateError, Source: exchange.Upstream, Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}
	if line := string(JSON.Append(nil, e)); !strings.Contains(line, `,"fault_source":"upstream","fault_cause":"x509: certificate signed by unknown authority",`) {
		t.Errorf("JSON: got %s", line)
	}
	if line := string(Text.Append(nil, e)); !strings.Contains(line, ` fault=tls_certificate_error cause="x509: certificate signed by unknown authority" `) {
		t.Errorf("text: got %s", line)
	}
	e.Exchange.Fault = exchange.Refuse(exchange.ClientGone)
	if line := string(JSON.Append(nil, e)) + string(Text.Append(nil, e)); strings.Contains(line, "cause") {
		t.Errorf("a client that left: got %s", line)
	}
}

func TestJSONLineTellsEveryTryWhenThereWereSeveral(t *testing.T) {
	e := journey()
	cause := errors.New("dial tcp: secret in an error text")
	e.Exchange.Attempts[0].Fault = &exchange.Fault{Kind: exchange.ConnectionRefused, Source: exchange.Upstream, Err: cause}
	e.Exchange.Attempts[0].Status = 0
	at := e.Exchange.NextAttempt("10.0.0.2:8080", e.Exchange.Start)
	at.Status, at.Reused, at.FirstByte = 502, true, time.Millisecond
	e.Exchange.Fault, e.Exchange.Tunnel = exchange.Refuse(exchange.ClientGone), true
	line := JSON.Append(nil, e)
	var got struct {
		Fault       string `json:"fault"`
		FaultKind   string `json:"fault_kind"`
		FaultSource string `json:"fault_source"`
		Backend     string
		Attempts    int
		Tunnel      bool
		Tries       []struct {
			Backend, Fault string
			Status         int
			Reused         bool
			FirstByte      float64 `json:"first_byte_ms"`
		}
	}
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if got.Fault != "client-gone" || got.FaultKind != "http_request_error" || got.FaultSource != "client" {
		t.Errorf("fault: got %s, %s, %s", got.Fault, got.FaultKind, got.FaultSource)
	}
	if got.Backend != "10.0.0.2:8080" || got.Attempts != 2 || !got.Tunnel || len(got.Tries) != 2 {
		t.Fatalf("got %+v", got)
	}
	if try := got.Tries[0]; try.Fault != "connection_refused" || try.Status != 0 || try.Reused || try.FirstByte != 11 {
		t.Errorf("first try: got %+v", try)
	}
	if try := got.Tries[1]; try.Fault != "" || try.Status != 502 || !try.Reused || try.FirstByte != 1 {
		t.Errorf("second try: got %+v", try)
	}
	if strings.Contains(string(line), "secret") {
		t.Errorf("the text of an error is in the line: %s", line)
	}
}

func TestEveryFormatKeepsAForeignLineToOneLine(t *testing.T) {
	e := journey()
	evil := []byte("a\n{\"fake\":1}\r\x1b[2J\x00\u2028\"")
	e.Method, e.Host, e.Target, e.UserAgent = evil, evil, evil, evil
	e.Exchange.SetID(evil)
	e.Exchange.Client = netip.MustParseAddr("fe80::1").WithZone("\"\nzone")
	for _, f := range []Format{JSON, Text} {
		line := string(f.Append(nil, e))
		if i := strings.IndexFunc(line, func(r rune) bool { return r < ' ' || r == '\u2028' }); i != len(line)-1 {
			t.Errorf("format %d: a raw control character at %d: %q", f, i, line)
		}
		if f == JSON && !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

func TestARequestThatGotNowhereStillMakesALine(t *testing.T) {
	x := exchange.Acquire(time.Unix(0, 0))
	x.Fault, x.Status, x.Took = exchange.Refuse(exchange.BadHeader), 400, -time.Second
	e := &Entry{Exchange: x, Protocol: "HTTP/1.0"}
	want := `{"time":"1970-01-01T00:00:00.000Z","id":"","client":"","method":"","host":"","target":"","protocol":"HTTP/1.0","route":"",` +
		`"status":400,"fault":"bad-header","fault_kind":"http_request_error","fault_source":"client","received":0,"sent":0,` +
		`"took_ms":0.000,"attempts":0,"user_agent":""}` + "\n"
	if got := string(JSON.Append(nil, e)); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	want = `1970-01-01T00:00:00.000Z - "" "" "" HTTP/1.0 400 0B 0.000ms route="" fault=bad-header agent="" id=""` + "\n"
	if got := string(Text.Append(nil, e)); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// Of a request whose head was not read there is no method, target or protocol.
func TestLineOfAHeadThatWasNotRead(t *testing.T) {
	x := exchange.Acquire(time.Unix(0, 0))
	x.Fault, x.Status = exchange.Refuse(exchange.BadHeader), 400
	want := `1970-01-01T00:00:00.000Z - "" "" "" - 400 0B 0.000ms route="" fault=bad-header agent="" id=""` + "\n"
	if got := string(Text.Append(nil, &Entry{Exchange: x})); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestTimesAreThoseOfTheTimePackage(t *testing.T) {
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Date(2028, 2, 29, 23, 59, 59, 999_999_999, time.UTC), time.Date(2026, 12, 31, 23, 30, 1, 7_000_000, time.FixedZone("x", -3600)),
		time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(9999, 10, 10, 10, 10, 10, 100_000_000, time.UTC), time.Date(807, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if got, want := string(appendTime(nil, at)), at.UTC().Format("2006-01-02T15:04:05.000Z"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTextLine(t *testing.T) {
	want := `2026-11-23T14:04:05.006Z 192.0.2.7 "GET" "a.example" "/items/7?q=\"1\"\n" HTTP/1.1 200 4096B 12.345ms ` +
		`route="web" backend="10.0.0.1:8080" tries=1 agent="curl/8\ufffd" id="req-1"` + "\n"
	if got := string(Text.Append(nil, journey())); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}
