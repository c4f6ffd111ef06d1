// Package driver sends HTTP/1.1 requests at a constant rate, independent of the responses:
// the open loop. A latency counts from the moment at which the request was due, so when
// a target stalls, every request that is due meanwhile counts as slow. A closed loop would
// stop sending and count one slow request (coordinated omission).
//
// One thread uses non-blocking sockets and prepared requests, and parses responses only as
// far as needed to find their ends: on a shared machine the driver takes its processor
// time from the target.
package driver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"strconv"
	"time"
)

// Options describe the load. All but Warmup, Grace and Timeout are required.
type Options struct {
	Address     netip.AddrPort // of the target
	Requests    [][]byte       // complete requests, sent in turn; HEAD is not supported; none may be empty
	Rate        float64        // arrivals a second, evenly spaced; above 0 up to 1e7
	Connections int            // 1 or more, kept alive; an arrival that finds all of them busy waits
	Warmup      time.Duration  // at the same rate, before anything counts; zero means none
	Duration    time.Duration  // of what counts; Rate and Duration must make at least one arrival
	Grace       time.Duration  // how long after Duration waiting requests are still sent; zero discards them at the end
	Timeout     time.Duration  // for one response, from when its request was sent; zero means 10 s
}

const usualTimeout = 10 * time.Second

// Report has the results of the arrivals. Each arrival is counted in one of Good, Refused,
// Other, Cut, Timeouts and Unsent. Run makes it; the caller owns it. Latencies count from the moment
// at which the request was due.
type Report struct {
	Arrivals   int64         // requests that were due, without the warm-up
	Took       time.Duration // from the end of the warm-up to the last response, or to Duration when that is later
	Good       Histogram     // latencies of responses below 400
	Refused    Histogram     // latencies of 503 and 429
	Other      Histogram     // latencies of all other responses
	Status     [600]int64    // final responses by status code
	RetryAfter int64         // refusals with a Retry-After field
	Cut        int64         // requests whose connection ended, or carried no HTTP, before the response was complete
	Timeouts   int64         // requests without a response in time
	Unsent     int64         // arrivals for which no connection was free until the end, Grace included
	Waited     int64         // arrivals that had to wait for a connection, sent or not
	Lag        Histogram     // how late the arrivals that did not wait were sent: the driver's own error
	Opened     int64         // connections opened beyond the first Connections
	Refusals   int64         // connections that could not be opened
	Busy       float64       // processor time of this process, divided by the time that passed, warm-up included: 1 is one processor
}

// Goodput returns the number of good responses a second. It is NaN for a Report that Run did not make.
func (r *Report) Goodput() float64 { return float64(r.Good.Count()) / r.Took.Seconds() }

// Failed returns the number of arrivals without a complete response in time: Cut, Timeouts and
// Unsent together.
func (r *Report) Failed() int64 { return r.Cut + r.Timeouts + r.Unsent }

// Print writes r as text. Errors of out are ignored.
func (r *Report) Print(out io.Writer) {
	fmt.Fprintf(out, "%d arrivals in %.2f s, %.0f good a second; this process took %.0f %% of a processor; its lag p99 %v, max %v\n",
		r.Arrivals, r.Took.Seconds(), r.Goodput(), 100*r.Busy, short(r.Lag.Quantile(0.99)), short(r.Lag.Max()))
	for _, row := range []struct {
		name string
		h    *Histogram
	}{{"good", &r.Good}, {"refused", &r.Refused}, {"other", &r.Other}} {
		if row.h.Count() > 0 {
			fmt.Fprintf(out, "  %-8s %v\n", row.name, row.h)
		}
	}
	fmt.Fprint(out, "  status  ")
	for code, n := range r.Status {
		if n > 0 {
			fmt.Fprintf(out, " %d: %d", code, n)
		}
	}
	fmt.Fprintf(out, "; %d of %d refused with Retry-After\n", r.RetryAfter, r.Refused.Count())
	fmt.Fprintf(out, "  lost     %d cut, %d timed out, %d never sent; %d waited for a connection, %d opened anew, %d could not be opened\n",
		r.Cut, r.Timeouts, r.Unsent, r.Waited, r.Opened, r.Refusals)
}

// MarshalJSON implements json.Marshaler: the figures of Print, latencies in milliseconds. It fails for
// a Report that Run did not make, whose Goodput is no number.
func (r *Report) MarshalJSON() ([]byte, error) {
	status := map[string]int64{}
	for code, n := range r.Status {
		if n > 0 {
			status[strconv.Itoa(code)] = n
		}
	}
	return json.Marshal(map[string]any{
		"arrivals": r.Arrivals, "seconds": r.Took.Seconds(), "goodput": r.Goodput(), "status": status,
		"good": r.Good.figures(), "refused": r.Refused.figures(), "other": r.Other.figures(), "lag": r.Lag.figures(),
		"retry_after": r.RetryAfter, "cut": r.Cut, "timeouts": r.Timeouts, "unsent": r.Unsent, "waited": r.Waited,
		"opened": r.Opened, "not_opened": r.Refusals, "busy": r.Busy,
	})
}

// Run sends the load and returns when every response has arrived or timed out. It returns nil and an
// error when an option is not valid, the target does not accept the first connections within 10 s, or
// ctx ends before the load. Lost requests, and connections that are refused later, are no errors. It
// needs Linux 5.11; elsewhere the error is errors.ErrUnsupported, or that of the system.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Timeout == 0 {
		o.Timeout = usualTimeout
	}
	switch {
	case !o.Address.IsValid():
		return nil, errors.New("open loop: no address")
	case len(o.Requests) == 0:
		return nil, errors.New("open loop: no request")
	case !(o.Rate > 0) || o.Rate > 1e7:
		return nil, fmt.Errorf("open loop: rate: got %v, want above 0 up to 1e7 a second", o.Rate)
	case o.Connections < 1:
		return nil, fmt.Errorf("open loop: connections: got %d, want at least 1", o.Connections)
	case o.Duration <= 0 || o.Warmup < 0 || o.Grace < 0 || o.Timeout < 0:
		return nil, fmt.Errorf("open loop: duration %v, warm-up %v, grace %v, timeout %v: want them positive", o.Duration, o.Warmup, o.Grace, o.Timeout)
	case o.arrivals(o.Warmup+o.Duration) == o.arrivals(o.Warmup):
		return nil, fmt.Errorf("open loop: nothing is due in %v at %v a second", o.Duration, o.Rate)
	}
	return drive(ctx, o)
}

// arrivals returns how many requests are due before t.
func (o Options) arrivals(t time.Duration) int64 { return int64(math.Ceil(o.Rate * t.Seconds())) }

// due returns when request i is due.
func (o Options) due(i int64) time.Duration {
	return time.Duration(float64(i) / o.Rate * float64(time.Second))
}
