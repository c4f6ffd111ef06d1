package metrics

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"penstock/exchange"
	"penstock/health"
	"penstock/ops"
	"penstock/ratelimit"
)

// try describes one attempt of an exchange made by journey.
type try struct {
	backend string
	fault   *exchange.Fault
	status  int
}

// journey makes a finished exchange on upstream "api". The caller releases it.
func journey(status int, took time.Duration, tries ...try) *exchange.Exchange {
	x := exchange.Acquire(time.Unix(0, 0))
	x.Status, x.Took, x.Upstream = status, took, "api"
	for _, t := range tries {
		at := x.NextAttempt(t.backend, x.Start)
		at.Fault, at.Status, at.FirstByte = t.fault, t.status, took
	}
	return x
}

// serve counts one request on route.
func serve(route *Route, x *exchange.Exchange) {
	route.Begin(x)
	route.Observe(x)
	x.Release()
}

func TestRequestIsCountedByRouteAndCode(t *testing.T) {
	r := New(Options{})
	route := r.Route("web")
	r.Upstream("api")
	x := journey(200, 3*time.Millisecond, try{backend: "10.0.0.1:80", status: 200})
	x.Received, x.Sent = 7, 11
	at := &x.Attempts[0]
	at.Reused, at.Sent, at.Received, at.Queue = true, 7, 12, 40*time.Millisecond
	route.Begin(x)
	read(t, r).want(`penstock_requests_in_flight{route="web"}`, 1)
	route.Observe(x)
	s := read(t, r)
	s.want(`penstock_requests_in_flight{route="web"}`, 0)
	s.want(`penstock_requests_total{route="web",code="200",class="2xx"}`, 1)
	s.want(`penstock_request_body_bytes_total{route="web"}`, 7)
	s.want(`penstock_response_body_bytes_total{route="web"}`, 11)
	s.want(`penstock_request_duration_seconds_bucket{route="web",le="0.0025"}`, 0)
	s.want(`penstock_request_duration_seconds_bucket{route="web",le="0.005"}`, 1)
	s.want(`penstock_request_duration_seconds_bucket{route="web",le="+Inf"}`, 1)
	s.want(`penstock_request_duration_seconds_sum{route="web"}`, 0.003)
	s.want(`penstock_request_duration_seconds_count{route="web"}`, 1)
	s.want(`penstock_backend_requests_total{upstream="api",backend="10.0.0.1:80",route="web"}`, 1)
	s.want(`penstock_backend_attempts_total{upstream="api",backend="10.0.0.1:80",outcome="ok"}`, 1)
	s.want(`penstock_backend_reused_attempts_total{upstream="api",backend="10.0.0.1:80"}`, 1)
	s.want(`penstock_backend_sent_body_bytes_total{upstream="api",backend="10.0.0.1:80"}`, 7)
	s.want(`penstock_backend_received_body_bytes_total{upstream="api",backend="10.0.0.1:80"}`, 12)
	s.want(`penstock_backend_first_byte_duration_seconds_count{upstream="api",backend="10.0.0.1:80"}`, 1)
	s.want(`penstock_backend_queue_duration_seconds_sum{upstream="api",backend="10.0.0.1:80"}`, 0.04)
	s.absent(`penstock_backend_connect_duration_seconds_`) // without an observation
}

func TestRetriesAreCountedByWhatFailedBefore(t *testing.T) {
	r := New(Options{})
	route := r.Route("web")
	r.Upstream("api")
	refused := &exchange.Fault{Kind: exchange.ConnectionRefused, Source: exchange.Upstream}
	x := journey(200, time.Second, try{backend: "a", fault: refused}, try{backend: "b", status: 503}, try{backend: "a", status: 200})
	serve(route, x)
	r.Upstream("api").RetryRefused()
	s := read(t, r)
	s.want(`penstock_upstream_retries_total{upstream="api",cause="connection_refused"}`, 1)
	s.want(`penstock_upstream_retries_total{upstream="api",cause="status"}`, 1)
	s.want(`penstock_upstream_retries_refused_total{upstream="api"}`, 1)
	s.want(`penstock_backend_attempts_total{upstream="api",backend="a",outcome="connection_refused"}`, 1)
	s.want(`penstock_backend_attempts_total{upstream="api",backend="a",outcome="ok"}`, 1)
	s.want(`penstock_backend_requests_total{upstream="api",backend="a",route="web"}`, 2)
}

func TestUnmatchedRequestsShareOneSeries(t *testing.T) {
	r := New(Options{})
	x := journey(404, time.Millisecond)
	x.Fault = exchange.Refuse(exchange.NoRoute)
	r.Route("").Observe(x) // there was no Begin: the route was not known
	s := read(t, r)
	s.absent(`penstock_requests_in_flight{route=""}`)
	s.want(`penstock_requests_total{route="",code="404",class="4xx"}`, 1)
	s.want(`penstock_faults_total{route="",fault="no-route"}`, 1)
}

func TestTunnelsStayOutOfTheDurations(t *testing.T) {
	r := New(Options{})
	x := journey(101, time.Hour)
	x.Tunnel = true
	serve(r.Route("ws"), x)
	s := read(t, r)
	s.want(`penstock_requests_total{route="ws",code="101",class="1xx"}`, 1)
	s.absent(`penstock_request_duration_seconds_`)
}

func TestCountersSurviveAReload(t *testing.T) {
	r := New(Options{})
	upstream := r.Upstream("api")
	serve(r.Route("web"), journey(200, 0, try{backend: "a", status: 200}))
	route := r.Route("web")
	r.Retain([]string{"web"}, []string{"api"})
	if route != r.Route("web") || upstream != r.Upstream("api") {
		t.Error("a name that stays in the configuration got a new handle")
	}
	serve(r.Route("web"), journey(200, 0, try{backend: "a", status: 200}))
	s := read(t, r)
	s.want(`penstock_requests_total{route="web",code="200",class="2xx"}`, 2)
	s.want(`penstock_backend_requests_total{upstream="api",backend="a",route="web"}`, 2)
}

func TestNamesThatAreGoneAreNotWritten(t *testing.T) {
	r := New(Options{})
	old, stays := r.Route("old"), r.Route("stays")
	for _, upstream := range []string{"api", "legacy"} {
		r.Upstream(upstream)
		x := journey(200, 0, try{backend: "a", status: 200})
		x.Upstream = upstream
		serve(stays, x)
	}
	late := journey(200, 0, try{backend: "a", status: 200})
	late.Upstream = "legacy"
	old.Begin(late)
	r.Retain([]string{"stays"}, []string{"api"})
	old.Observe(late) // a request of the old generation ends
	s := read(t, r)
	s.absent(`route="old"`)
	s.absent(`"legacy"`)
	s.want(`penstock_backend_requests_total{upstream="api",backend="a",route="stays"}`, 1)
	s.want(`penstock_backend_requests_unattributed_total`, 1)
	s.want(`penstock_request_body_bytes_total{route=""}`, 0) // the series without a route always stays
}

func TestBackendsFollowDiscovery(t *testing.T) {
	r := New(Options{})
	r.Upstream("api")
	route, live := r.Route("web"), []string{"a", "b"}
	r.SetUpstreams(func() []ops.Upstream { return ofOne("api", live...)() })
	s := read(t, r)
	s.want(`penstock_backend_attempts_total{upstream="api",backend="b",outcome="ok"}`, 0) // before any request
	for range 3 {
		serve(route, journey(200, 0, try{backend: "b", status: 200}))
	}
	live = []string{"a", "c"}
	s = read(t, r)
	s.want(`penstock_backend_attempts_total{upstream="api",backend="b",outcome="ok"}`, 3) // its last word
	s.want(`penstock_backend_attempts_total{upstream="api",backend="c",outcome="ok"}`, 0)
	read(t, r).absent(`backend="b"`)
	serve(route, journey(200, 0, try{backend: "a", status: 200}))
	read(t, r).want(`penstock_backend_requests_total{upstream="api",backend="a",route="web"}`, 1)
}

func TestBackendsAreBounded(t *testing.T) {
	r := New(Options{Backends: 5})
	r.Upstream("api")
	route := r.Route("web")
	for i := range 8 {
		serve(route, journey(200, 0, try{backend: strconv.Itoa(i), status: 200}))
	}
	s := read(t, r)
	s.want(`penstock_backend_requests_unattributed_total`, 3)
	s.want(`penstock_requests_total{route="web",code="200",class="2xx"}`, 8)
}

// Attempts at backends beyond the limit may be all that there are.
func TestAttemptsBeyondTheLimitTakeNoLock(t *testing.T) {
	r := New(Options{Backends: 1})
	r.Upstream("api")
	route, other := r.Route("web"), r.Route("other")
	serve(route, journey(200, 0, try{backend: "a", status: 200}))
	done := make(chan struct{})
	r.mu.Lock()
	go func() {
		defer close(done)
		serve(route, journey(200, 0, try{backend: "b", status: 200}))
		serve(other, journey(200, 0, try{backend: "b", status: 200}))
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("an attempt waits for the lock")
	}
	r.mu.Unlock()
	<-done
	serve(other, journey(200, 0, try{backend: "a", status: 200})) // counted, though this route meets it later
	s := read(t, r)
	s.want(`penstock_backend_requests_unattributed_total`, 2)
	s.want(`penstock_backend_requests_total{upstream="api",backend="a",route="other"}`, 1)
	r.Retain([]string{"web"}, nil)
	r.Upstream("api")
	serve(route, journey(200, 0, try{backend: "b", status: 200}))
	read(t, r).want(`penstock_backend_requests_total{upstream="api",backend="b",route="web"}`, 1)
}

func TestLabelValuesAreEscaped(t *testing.T) {
	r := New(Options{Version: "1\"2\\3\n4\r5\xff6"})
	r.Route("a\"b\\c\nd\x00e\xffé")
	s := read(t, r)
	s.want(`penstock_requests_in_flight{route="a\"b\\c\nd`+"\ufffd"+`e`+"\ufffd"+`é"}`, 0)
}

func TestGaugesComeFromTheirCallbacks(t *testing.T) {
	r := New(Options{})
	read(t, r).absent("penstock_backend_up")
	r.SetUpstreams(func() []ops.Upstream {
		return []ops.Upstream{{Name: "api", Panic: true, Queue: &ops.Queue{Waiting: map[string]int{"high": 8}}, Backends: []ops.Backend{
			{Address: "a", Concurrency: &ops.Concurrency{Limit: 12.5, Base: 0.01, Median: 0.02}, InFlight: 2, Active: 3, Idle: 4, Waiting: 5, Refused: 6, EjectionsBy: map[string]uint64{"errors": 7, "silent": 0}},
			{Address: "b", Status: health.Status{State: health.Down}, Checks: &ops.HealthChecks{OK: 8, Failed: 9, Took: 0.25}, Opened: new(uint64(3))},
			{Address: "b"}, // two entries with one address
		}}}
	})
	r.SetProcess(func() ops.Process {
		return ops.Process{Connections: 1, Refused: 2, Tunnels: 3, Generations: 4, AccessLogLines: 5}
	})
	r.SetLogDropped(func() uint64 { return 7 })
	s := read(t, r)
	s.want(`penstock_backend_up{upstream="api",backend="a"}`, 1)
	s.want(`penstock_backend_up{upstream="api",backend="b"}`, 0)
	s.want(`penstock_backend_state{upstream="api",backend="a",state="up"}`, 1)
	s.want(`penstock_backend_state{upstream="api",backend="b",state="down"}`, 1)
	s.want(`penstock_backend_requests_in_flight{upstream="api",backend="a"}`, 2)
	s.want(`penstock_backend_connections{upstream="api",backend="a",state="active"}`, 3)
	s.want(`penstock_backend_connections{upstream="api",backend="a",state="idle"}`, 4)
	s.want(`penstock_backend_requests_waiting{upstream="api",backend="a"}`, 5)
	s.want(`penstock_backend_ejections_total{upstream="api",backend="a",reason="errors"}`, 7)
	s.want(`penstock_backend_ejections_total{upstream="api",backend="a",reason="silent"}`, 0)
	s.want(`penstock_backend_ejections_refused_total{upstream="api",backend="a"}`, 6)
	s.want(`penstock_backend_health_checks_total{upstream="api",backend="b",result="success"}`, 8)
	s.want(`penstock_backend_health_checks_total{upstream="api",backend="b",result="failure"}`, 9)
	s.want(`penstock_backend_health_check_duration_seconds{upstream="api",backend="b"}`, 0.25)
	s.want(`penstock_backend_breaker_opened_total{upstream="api",backend="b"}`, 3)
	s.want(`penstock_upstream_panic{upstream="api"}`, 1)
	s.want(`penstock_queue_waiting{upstream="api",priority="high"}`, 8)
	s.want(`penstock_queue_waiting{upstream="api",priority="low"}`, 0)
	s.want(`penstock_backend_concurrency_limit{upstream="api",backend="a"}`, 12.5)
	s.want(`penstock_backend_concurrency_base_seconds{upstream="api",backend="a"}`, 0.01)
	s.want(`penstock_backend_concurrency_median_seconds{upstream="api",backend="a"}`, 0.02)
	s.absent(`penstock_backend_concurrency_limit{upstream="api",backend="b"}`)
	s.want(`penstock_client_connections`, 1)
	s.want(`penstock_client_connections_refused_total`, 2)
	s.want(`penstock_tunnels_open`, 3)
	s.want(`penstock_config_generations_live`, 4)
	s.want(`penstock_access_log_lines_dropped_total`, 5)
	s.want(`penstock_log_lines_dropped_total`, 7)
}

func TestRequestsThatHadToWait(t *testing.T) {
	r := New(Options{})
	u := r.Upstream("api")
	read(t, r).absent(`penstock_queue_duration_seconds_count{upstream="api"}`)
	u.Waited(20 * time.Millisecond)
	u.Shed(ratelimit.Low, exchange.QueueFull)
	u.Shed(ratelimit.Low, exchange.QueueFull)
	u.Shed(ratelimit.Critical, exchange.QueueTimeout)
	u.Shed(ratelimit.Critical, exchange.NoBackend) // is not refused for want of room
	s := read(t, r)
	s.want(`penstock_queue_duration_seconds_count{upstream="api"}`, 1)
	s.want(`penstock_shed_total{upstream="api",priority="low",reason="queue-full"}`, 2)
	s.want(`penstock_shed_total{upstream="api",priority="critical",reason="queue-timeout"}`, 1)
	s.absent(`penstock_shed_total{upstream="api",priority="critical",reason="queue-full"}`)
}

func TestReloadResultIsKept(t *testing.T) {
	now := time.Unix(1000, 0)
	r := New(Options{Now: func() time.Time { return now }})
	r.Reloaded(true)
	now = now.Add(90 * time.Second)
	r.Reloaded(false)
	s := read(t, r)
	s.want(`penstock_config_last_reload_successful`, 0)
	s.want(`penstock_config_last_reload_timestamp_seconds`, 1000)
	s.want(`penstock_config_reloads_total{result="success"}`, 1)
	s.want(`penstock_config_reloads_total{result="failure"}`, 1)
	s.want(`penstock_uptime_seconds`, 90)
}

func TestNothingIsLostUnderConcurrency(t *testing.T) {
	const workers, each = 8, 500
	r := New(Options{})
	r.Upstream("api")
	r.SetUpstreams(ofOne("api", "a"))
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				serve(r.Route("web"), journey(200, 2*time.Second, try{backend: "a", status: 200}))
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			r.Retain([]string{"web"}, []string{"api"})
			read(t, r)
		}
	})
	wg.Wait()
	s := read(t, r)
	s.want(`penstock_requests_total{route="web",code="200",class="2xx"}`, workers*each)
	s.want(`penstock_requests_in_flight{route="web"}`, 0)
	s.want(`penstock_request_duration_seconds_sum{route="web"}`, 2*workers*each)
	s.want(`penstock_backend_requests_total{upstream="api",backend="a",route="web"}`, workers*each)
	s.want(`penstock_backend_first_byte_duration_seconds_bucket{upstream="api",backend="a",le="2.5"}`, workers*each)
}

// ofOne returns a callback with one upstream of these backends, all of them up.
func ofOne(name string, addresses ...string) func() []ops.Upstream {
	u := ops.Upstream{Name: name, Queue: new(ops.Queue)}
	for _, a := range addresses {
		u.Backends = append(u.Backends, ops.Backend{Address: a, Concurrency: new(ops.Concurrency)})
	}
	return func() []ops.Upstream { return []ops.Upstream{u} }
}
