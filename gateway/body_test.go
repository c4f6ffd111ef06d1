package gateway

import (
	"io"
	"os"
	"testing"
	"time"

	"penstock/config"
	"penstock/downstream"
	"penstock/exchange"
)

// bodyStream is a client whose body is the script: each step takes time and returns bytes, or
// none when its time is longer than it may be.
type bodyStream struct {
	downstream.Stream
	now    time.Time
	limit  time.Duration
	script []bodyStep
}

type bodyStep struct {
	takes time.Duration
	bytes int
}

func (s *bodyStream) TimeBody(idle time.Duration) { s.limit = idle }

func (s *bodyStream) ReadBody([]byte) (int, error) {
	if len(s.script) == 0 {
		return 0, io.EOF
	}
	step := s.script[0]
	s.script = s.script[1:]
	if s.limit > 0 && step.takes > s.limit {
		s.now = s.now.Add(s.limit)
		return 0, os.ErrDeadlineExceeded
	}
	s.now = s.now.Add(step.takes)
	return step.bytes, nil
}

func TestRateOfABodyMeasuresTheClientAlone(t *testing.T) {
	const kib = 1 << 10
	for _, tc := range []struct {
		name   string
		script []bodyStep
		pause  time.Duration // after each read, in which nobody reads
		want   error
	}{
		{"fast enough", []bodyStep{{30 * time.Second, 30 * kib}, {30 * time.Second, 30 * kib}, {59 * time.Second, 1}}, 0, io.EOF},
		{"one long pause of the client", []bodyStep{{0, 1}, {50 * time.Second, 100 * kib}}, 0, io.EOF},
		{"a backend that is slow to take it", []bodyStep{{0, kib}, {5 * time.Second, kib}, {5 * time.Second, kib}}, time.Minute, io.EOF},
		{"a byte a second", repeated(100, bodyStep{time.Second, 1}), 0, exchange.Refuse(exchange.SlowRequest)},
		{"nothing at all", []bodyStep{{time.Hour, 0}}, 0, exchange.Refuse(exchange.BodyStalled)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &bodyStream{now: time.Unix(0, 0), script: tc.script}
			r := &route{times: config.RouteTimeouts{BodyIdle: time.Minute, BodyRate: kib}}
			var b clientBody
			b.open(s, -1, r)
			b.start(s.now, func() time.Time { return s.now })
			var err error
			for err == nil {
				_, err = b.Read(make([]byte, kib))
				s.now = s.now.Add(tc.pause)
			}
			if err != tc.want {
				t.Errorf("got %v at %v, want %v", err, s.now.Unix(), tc.want)
			}
		})
	}
}

// repeated returns n times the step.
func repeated(n int, step bodyStep) []bodyStep {
	all := make([]bodyStep, n)
	for i := range all {
		all[i] = step
	}
	return all
}
