package gateway

import (
	"strings"
	"testing"
	"time"

	"penstock/exchange"
	"penstock/health"
	"penstock/lb"
)

// A backend that hangs must not go on looking as fast as it was when its clients lose patience
// before the gateway does. Time before it had the request, or of an upload, says nothing of it. It is not a failure.
func TestClientThatLeavesRaisesTheLatencyOfTheBackend(t *testing.T) {
	const usual, waited = 10 * time.Millisecond, 5 * time.Second
	gone := exchange.Refuse(exchange.ClientGone)
	for name, tc := range map[string]struct {
		fault  *exchange.Fault
		wrote  bool
		upload bool
		want   time.Duration
	}{
		"it waited for the response":   {gone, true, false, waited},
		"it left before the request":   {gone, false, false, usual},
		"it left during its upload":    {gone, true, true, usual},
		"its request was too slow":     {exchange.Refuse(exchange.SlowRequest), true, false, usual},
		"the request's time was spent": {exchange.Refuse(exchange.OutOfTime), true, false, usual},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1_700_000_000, 0)
			b := lb.NewBackend("192.0.2.1:80", 0)
			b.Report(lb.Success, usual, now)
			out := &outbound{
				backend: health.NewEndpoint(b),
				attempt: &exchange.Attempt{Start: now, Wrote: tc.wrote},
			}
			if tc.upload {
				out.req.Body.Stream = strings.NewReader("")
			}
			out.backend.Begin()
			j := &journey{out: out, g: &proxy{now: func() time.Time { return now.Add(waited) }}}
			j.settle(tc.fault)
			if got := b.Latency(); got != tc.want {
				t.Errorf("the latency is %v, want %v", got, tc.want)
			}
			if n := b.InFlight(); n != 0 {
				t.Errorf("%d attempts in flight, want none", n)
			}
			if s := out.backend.Status(health.Rotation{Weight: 1}, now.Add(waited)); s.LastFailure != nil {
				t.Errorf("a failure is noted: %+v", s.LastFailure)
			}
		})
	}
}
