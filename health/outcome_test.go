package health

import (
	"errors"
	"testing"

	"penstock/exchange"
	"penstock/lb"
)

func TestOutcomes(t *testing.T) {
	fault := func(k exchange.Kind, change func(*exchange.Fault)) *exchange.Fault {
		f := &exchange.Fault{Kind: k, Source: exchange.Upstream, Wrote: true, Err: errors.New("x")}
		if change != nil {
			change(f)
		}
		return f
	}
	begun := func(f *exchange.Fault) { f.Begun = true }
	reused := func(f *exchange.Fault) { f.Reused = true }
	unsent := func(f *exchange.Fault) { f.Wrote = false }
	var failing Statuses
	failing.Add(500, 598)
	for _, tc := range []struct {
		name   string
		fault  *exchange.Fault
		status int
		want   lb.Outcome
	}{
		{"200", nil, 200, lb.Success},
		{"404 is the client's", nil, 404, lb.Success},
		{"101", nil, 101, lb.Success},
		{"500", nil, 500, lb.ServerError},
		{"501", nil, 501, lb.ServerError},
		{"502", nil, 502, lb.Unavailable},
		{"504", nil, 504, lb.Unavailable},
		{"505", nil, 505, lb.ServerError},
		{"a failing status that is not listed", nil, 599, lb.Success},
		{"refused", fault(exchange.ConnectionRefused, unsent), 0, lb.ConnectFailure},
		{"TLS", fault(exchange.TLSCertificateError, unsent), 0, lb.ConnectFailure},
		{"connect timeout", fault(exchange.ConnectionTimeout, unsent), 0, lb.ConnectFailure},
		{"a new connection is reset", fault(exchange.ConnectionTerminated, nil), 0, lb.ConnectFailure},
		{"a reused connection is reset", fault(exchange.ConnectionTerminated, reused), 0, lb.Cut},
		{"reset within the head", fault(exchange.ConnectionTerminated, begun), 0, lb.Cut},
		{"body cut", fault(exchange.HTTPResponseIncomplete, begun), 200, lb.Cut},
		{"body silent", fault(exchange.HTTPResponseTimeout, func(f *exchange.Fault) { f.Begun, f.Reason = true, exchange.BodyIdleTimeout }), 200, lb.Cut},
		{"no head in time", fault(exchange.HTTPResponseTimeout, func(f *exchange.Fault) { f.Reason = exchange.FirstByteTimeout }), 0, lb.Timeout},
		{"does not take the request", fault(exchange.ConnectionWriteTimeout, func(f *exchange.Fault) { f.Reason = exchange.BodyIdleTimeout }), 0, lb.Timeout},
		{"no HTTP", fault(exchange.HTTPProtocolError, begun), 0, lb.ServerError},
		{"odd coding", fault(exchange.HTTPResponseTransferCoding, begun), 0, lb.ServerError},
		{"a 101 that nobody wanted", fault(exchange.HTTPUpgradeFailed, begun), 0, lb.ServerError},
		{"our queue is full", exchange.Refuse(exchange.QueueFull), 0, lb.Cancelled},
		{"our queue is slow", exchange.Refuse(exchange.QueueTimeout), 0, lb.Cancelled},
		{"our tunnels are all open", exchange.Refuse(exchange.TunnelsFull), 0, lb.Cancelled},
		{"the request's time is over", exchange.Refuse(exchange.OutOfTime), 0, lb.Cancelled},
		{"the client left", exchange.Refuse(exchange.ClientGone), 0, lb.Cancelled},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Outcome(tc.fault, tc.status, &failing); got != tc.want {
				t.Errorf("got outcome %d, want %d", got, tc.want)
			}
		})
	}
}
