package health

import (
	"encoding/json"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"penstock/exchange"
	"penstock/lb"
)

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// pair makes two endpoints of one group in which one may be ejected after two failures.
func pair() (a, b *Endpoint) {
	a, b = NewEndpoint(lb.NewBackend("10.0.0.1:80", 0)), NewEndpoint(lb.NewBackend("10.0.0.2:80", 1))
	lb.NewGroup([]*lb.Backend{a.Backend(), b.Backend()}, lb.EjectOptions{Failures: 2, Random: func() float64 { return 0.5 }})
	return a, b
}

var (
	refused = &exchange.Fault{Kind: exchange.ConnectionRefused, Source: exchange.Upstream, Err: syscall.ECONNREFUSED}
	reset   = &exchange.Fault{Kind: exchange.ConnectionTerminated, Source: exchange.Upstream, Wrote: true, Err: syscall.ECONNRESET}
	late    = &exchange.Fault{Kind: exchange.HTTPResponseTimeout, Reason: exchange.FirstByteTimeout, Source: exchange.Upstream, Wrote: true}
)

// fail ends so many attempts at e with f at t0.
func fail(e *Endpoint, f *exchange.Fault, times int) {
	for range times {
		e.Begin()
		e.End(f, 0, 0, t0)
	}
}

// shown is a status as the API has it.
func shown(t *testing.T, s Status) string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestStatusInOneWordAndWhy(t *testing.T) {
	out, stay := pair()
	fresh := shown(t, out.Status(Rotation{Weight: 1}, t0))
	fail(out, refused, 2)
	fail(stay, refused, 2) // may not be ejected
	other, hung := pair()
	fail(other, late, 2)
	fail(hung, late, 2)
	busy, _ := pair()
	for range 2 {
		busy.Begin()
		busy.End(nil, 503, time.Millisecond, t0)
	}
	broken, _ := pair()
	broken.Begin()
	broken.End(nil, 503, time.Millisecond, t0)
	const failure = `"last_failure":{"at":"2026-01-02T03:04:05Z","fault":"connection_refused","cause":"connection refused"}`
	since := t0.Add(-time.Hour)
	for _, tc := range []struct {
		name, got, want string
	}{
		{"fresh", fresh, `{"state":"up"}`},
		{"ejected", shown(t, out.Status(Rotation{Weight: 1}, t0)),
			`{"state":"ejected","reason":"connect-failures","since":"2026-01-02T03:04:05Z","until":"2026-01-02T03:04:06Z","evidence":"2 in a row failed",` + failure + `}`},
		{"its pause is over", shown(t, out.Status(Rotation{Weight: 1}, t0.Add(time.Second))),
			`{"state":"ejected","reason":"connect-failures","since":"2026-01-02T03:04:05Z","trial":true,"evidence":"2 in a row failed",` + failure + `}`},
		{"it did not serve", shown(t, busy.Status(Rotation{Weight: 1}, t0)),
			`{"state":"ejected","reason":"unavailable","since":"2026-01-02T03:04:05Z","until":"2026-01-02T03:04:06Z","evidence":"2 in a row failed","last_failure":{"at":"2026-01-02T03:04:05Z","status":503}}`},
		{"at_most is reached", shown(t, stay.Status(Rotation{Weight: 1}, t0)),
			`{"state":"down","reason":"connect-failures","since":"2026-01-02T03:04:05Z",` + failure + `}`},
		{"never a response", shown(t, hung.Status(Rotation{Weight: 1}, t0)),
			`{"state":"down","reason":"timeouts","since":"2026-01-02T03:04:05Z","last_failure":{"at":"2026-01-02T03:04:05Z","fault":"first-byte-timeout"}}`},
		{"an error is a response", shown(t, broken.Status(Rotation{Weight: 1}, t0)),
			`{"state":"up","last_failure":{"at":"2026-01-02T03:04:05Z","status":503}}`},
		{"drained by the file", shown(t, out.Status(Rotation{}, t0)), `{"state":"drained","reason":"weight-0",` + failure + `}`},
		{"drained by an operator", shown(t, out.Status(Rotation{Operator: true, Since: since}, t0)),
			`{"state":"drained","reason":"operator","since":"2026-01-02T02:04:05Z",` + failure + `}`},
		{"no address", shown(t, Missing(Rotation{Weight: 1}, since, LookupFailure(&net.DNSError{Err: "no such host", IsNotFound: true}, t0))),
			`{"state":"down","reason":"no-address","since":"2026-01-02T02:04:05Z","last_failure":{"at":"2026-01-02T03:04:05Z","fault":"dns_error","cause":"lookup: no such host"}}`},
		{"no address, resolver silent", shown(t, Missing(Rotation{Weight: 1}, time.Time{}, LookupFailure(&net.DNSError{Err: "i/o timeout", IsTimeout: true}, t0))),
			`{"state":"down","reason":"no-address","last_failure":{"at":"2026-01-02T03:04:05Z","fault":"dns_timeout","cause":"lookup: i/o timeout"}}`},
		{"no address and drained", shown(t, Missing(Rotation{}, since, LookupFailure(nil, t0))), `{"state":"drained","reason":"weight-0"}`},
	} {
		if got := strings.ReplaceAll(tc.got, t0.Local().Format("-07:00"), "Z"); got != tc.want {
			t.Errorf("%s: got\n%s, want\n%s", tc.name, got, tc.want)
		}
	}
}

func TestTheHeadOfAStreamCountsAtOnce(t *testing.T) {
	other, e := pair()
	fail(other, late, 2)
	fail(e, late, 2)
	e.Begin()
	e.Responded(200, time.Millisecond, t0.Add(time.Second))
	if got := e.Status(Rotation{Weight: 1}, t0.Add(time.Second)); got.State != Up || e.Backend().InFlight() != 1 {
		t.Errorf("got %s with %d under way after the head, want up with 1", got.State, e.Backend().InFlight())
	}
	e.EndRest(&exchange.Fault{Kind: exchange.HTTPResponseIncomplete, Source: exchange.Upstream, Begun: true}, time.Hour, t0.Add(time.Hour))
	got := e.Status(Rotation{Weight: 1}, t0.Add(time.Hour))
	if got.State != Up || got.LastFailure.Fault != "http_response_incomplete" || e.Backend().InFlight() != 0 {
		t.Errorf("got %+v, want up, the cut as the last failure and none under way", got)
	}
	e.Begin()
	e.EndRest(exchange.Refuse(exchange.ClientGone), time.Hour, t0.Add(2*time.Hour))
	if got := e.Status(Rotation{Weight: 1}, t0.Add(2*time.Hour)); !got.LastFailure.At.Equal(t0.Add(time.Hour)) {
		t.Errorf("a client that left is the last failure: %+v", got.LastFailure)
	}
}

func TestAProbeIsRemembered(t *testing.T) {
	e, _ := pair()
	e.Checked(syscall.ECONNREFUSED, t0)
	if got := e.Status(Rotation{Weight: 1}, t0).LastCheck; *got != (Check{At: t0, Cause: "connection refused"}) {
		t.Errorf("got %+v", got)
	}
	e.Checked(nil, t0.Add(time.Second))
	if got := e.Status(Rotation{Weight: 1}, t0).LastCheck; *got != (Check{At: t0.Add(time.Second), OK: true}) {
		t.Errorf("got %+v", got)
	}
}

// A connection proves nothing about a backend that takes connections and closes them.
func TestUnreachableIsWhatAProbeCanDisprove(t *testing.T) {
	out, stay := pair()
	fail(out, reset, 2)
	fail(stay, refused, 2)
	for _, tc := range []struct {
		name string
		e    *Endpoint
		want bool
	}{{"ejected", out, true}, {"down, refused", stay, true}} {
		if got := tc.e.Unreachable(); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
	fail(stay, reset, 1)
	if stay.Unreachable() {
		t.Error("down, connections are taken and closed: got unreachable")
	}
	hung, _ := pair()
	fail(hung, late, 2)
	if hung.Unreachable() {
		t.Error("down by timeouts: got unreachable")
	}
}

func TestEmptyIsToldOnce(t *testing.T) {
	e, _ := pair()
	told := 0
	e.Begin()
	e.Begin()
	e.OnEmpty(func() { told++ })
	e.End(nil, 200, 0, t0)
	if told != 0 {
		t.Fatal("told while an attempt is under way")
	}
	e.EndRest(nil, 0, t0)
	e.Begin()
	e.End(nil, 200, 0, t0) // one more that had been picked before the drain
	if told != 1 {
		t.Errorf("told %d times, want once", told)
	}
	e.OnEmpty(func() { told++ }) // nothing is under way
	if told != 2 {
		t.Errorf("told %d times, want once more at once", told)
	}
	e.Begin()
	e.OnEmpty(func() { t.Error("told although forgotten") })
	e.OnEmpty(nil)
	e.End(nil, 200, 0, t0)
}

func TestLogSaysWhatTheAPISays(t *testing.T) {
	out, _ := pair()
	fail(out, refused, 2)
	var text strings.Builder
	log := slog.New(slog.NewTextHandler(&text, nil))
	log.LogAttrs(t.Context(), slog.LevelInfo, "x", out.Status(Rotation{Weight: 1}, t0).Attrs()...)
	for _, want := range []string{"state=ejected", "reason=connect-failures", "until=2026-01-02T03:04:06", `evidence="2 in a row failed"`, "fault=connection_refused", `cause="connection refused"`} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("got %s, want %s in it", text.String(), want)
		}
	}
}
