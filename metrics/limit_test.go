package metrics

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"penstock/ops"
)

func TestAHistogramBeginsWithItsFirstObservation(t *testing.T) {
	r := New(Options{})
	r.Upstream("api")
	r.SetUpstreams(ofOne("api", "a"))
	web := r.Route("web")
	web.CountCache(CacheNames{})
	s := read(t, r)
	s.absent("_bucket{")
	s.want(`penstock_requests_in_flight{route="web"}`, 0) // other series are there from the start
	s.want(`penstock_backend_attempts_total{upstream="api",backend="a",outcome="ok"}`, 0)
	serve(web, journey(200, 3*time.Millisecond, try{backend: "a", status: 200}))
	s = read(t, r)
	s.want(`penstock_request_duration_seconds_count{route="web"}`, 1)
	s.want(`penstock_backend_first_byte_duration_seconds_count{upstream="api",backend="a"}`, 1)
	s.absent(`penstock_backend_queue_duration_seconds_`)
	s.absent(`penstock_cache_fill_duration_seconds_`)
}

// Histograms give way to all other series, and the one that was written first stays.
func TestSeriesAreLimited(t *testing.T) {
	const limit = 100
	r := New(Options{Series: limit})
	first := r.Route("m")
	serve(first, journey(200, time.Millisecond))
	s := read(t, r)
	s.want(`penstock_request_duration_seconds_count{route="m"}`, 1)
	s.want(`penstock_metrics_series_omitted`, 0)
	for i := range 8 { // before and after it in the order of names
		serve(r.Route(fmt.Sprintf("a%d", i)), journey(200, time.Millisecond))
		serve(r.Route(fmt.Sprintf("z%d", i)), journey(200, time.Millisecond))
	}
	s = read(t, r)
	if n := len(s.order); n > limit+1 || n < limit-histogramSeries {
		t.Errorf("%d series, want at most %d and the count of the omitted", n, limit)
	}
	s.want(`penstock_request_duration_seconds_count{route="m"}`, 1)
	for i := range 8 {
		s.want(fmt.Sprintf(`penstock_requests_total{route="z%d",code="200",class="2xx"}`, i), 1)
	}
	written := strings.Count(strings.Join(s.order, "\n"), "penstock_request_duration_seconds_count")
	s.want(`penstock_metrics_series_omitted`, float64(histogramSeries*(17-written)))
}

// TestALargeConfigurationHasASmallPage has 10,000 routes and 1,000 upstreams of two
// backends, before any request and after one on each route.
func TestALargeConfigurationHasASmallPage(t *testing.T) {
	const routes, upstreams, most = 10_000, 1000, 6_000_000
	r := New(Options{})
	var list []ops.Upstream
	for i := range upstreams {
		u := ops.Upstream{Name: fmt.Sprintf("up%d", i)}
		for j := range 2 {
			u.Backends = append(u.Backends, ops.Backend{Address: fmt.Sprintf("127.0.0.%d:%d", j+1, 10000+i)})
		}
		r.Upstream(u.Name)
		list = append(list, u)
	}
	r.SetUpstreams(func() []ops.Upstream { return list })
	for i := range routes {
		r.Route(fmt.Sprintf("/r%d/*", i))
	}
	size := func() int {
		var page bytes.Buffer
		r.WritePrometheus(&page)
		return page.Len()
	}
	if n := size(); n > most {
		t.Errorf("the page has %d bytes before any request, want at most %d", n, most)
	}
	for i := range routes {
		u := list[i%upstreams]
		x := journey(200, time.Millisecond, try{backend: u.Backends[i/upstreams%2].Address, status: 200})
		x.Upstream = u.Name
		serve(r.Route(fmt.Sprintf("/r%d/*", i)), x)
	}
	if n := size(); n > most {
		t.Errorf("the page has %d bytes after requests on every route, want at most %d", n, most)
	}
}
