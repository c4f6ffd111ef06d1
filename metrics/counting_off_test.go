//go:build penstock_nometrics

package metrics

import (
	"testing"
	"time"
)

func TestTheBuildToMeasureAgainstCountsNothing(t *testing.T) {
	r := New(Options{})
	r.Upstream("api")
	route := r.Route("web")
	serve(route, journey(200, time.Millisecond, try{backend: "10.0.0.1:80", status: 200}))
	x := journey(200, time.Millisecond, try{backend: "10.0.0.1:80", status: 200})
	route.ObserveTries(x)
	s := read(t, r)
	s.want(`penstock_requests_in_flight{route="web"}`, 0)
	s.absent(`penstock_request_duration_seconds_`)
	s.absent("10.0.0.1:80")
}
