package metrics

import (
	"testing"
	"time"

	"penstock/exchange"
)

// usual returns a route and an exchange as most requests leave it: one attempt, reused.
func usual() (*Route, *exchange.Exchange) {
	r := New(Options{})
	r.Upstream("api")
	r.SetUpstreams(ofOne("api", "10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"))
	x := journey(200, 1500*time.Microsecond, try{backend: "10.0.0.2:8080", status: 200})
	x.Sent = 512
	x.Attempts[0].Reused, x.Attempts[0].Received = true, 512
	return r.Route("web"), x
}

func BenchmarkObserve(b *testing.B) {
	route, x := usual()
	b.ReportAllocs()
	for b.Loop() {
		route.Begin(x)
		route.Observe(x)
	}
}

func BenchmarkObserveParallel(b *testing.B) {
	route, _ := usual()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		x := journey(200, time.Millisecond, try{backend: "10.0.0.2:8080", status: 200})
		for pb.Next() {
			route.Begin(x)
			route.Observe(x)
		}
	})
}
