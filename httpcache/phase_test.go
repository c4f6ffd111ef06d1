package httpcache

import (
	"slices"
	"testing"

	"penstock/exchange"
	"penstock/headers"
	"penstock/ops"
)

// A step in the wrong phase panics and says so; on an idle transaction it does nothing.
func TestStepsInTheWrongPhase(t *testing.T) {
	steps := map[string]func(r *request){
		"begin":   func(r *request) { r.begin() },
		"lookup":  func(r *request) { r.engine.Lookup(&r.t) },
		"prepare": func(r *request) { r.t.Prepare(&headers.Block{}) },
		"store":   func(r *request) { r.engine.Store(&r.t, Received{Fields: &r.head, Status: 404}, nil) },
		"explain": func(r *request) { r.engine.Explain(&r.t, new(ops.CacheExplanation)) },
	}
	for _, tc := range []struct {
		phase phase
		fine  []string // steps that may be taken
	}{
		{idle, []string{"begin", "prepare", "store"}},
		{begun, []string{"lookup", "explain"}},
		{asking, []string{"prepare", "store"}},
		{detaching, nil},
		{settled, nil},
	} {
		for name, step := range steps {
			r := newScene(t, "").request("GET /a")
			if tc.phase != idle {
				r.begin()
			}
			r.t.phase = tc.phase
			want := !slices.Contains(tc.fine, name)
			if got := panics(func() { step(r) }); got != want {
				t.Errorf("%s of a transaction that is %v: panics is %v, want %v", name, tc.phase, got, want)
			}
		}
	}
}

func panics(f func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	f()
	return false
}

// The phases of a request, one after the other.
func TestPhases(t *testing.T) {
	s := newScene(t, "")
	wants := func(r *request, want phase) {
		t.Helper()
		if r.t.phase != want {
			t.Errorf("the transaction is %v, want %v", r.t.phase, want)
		}
	}
	miss := s.request("GET /a")
	wants(miss, idle)
	wants(miss.begin(), begun)
	s.engine.Lookup(&miss.t)
	wants(miss, asking)
	s.says(rawResponse(200, "x", "Cache-Control: max-age=60"))
	miss.stream = true
	v, _ := miss.Fetch()
	wants(miss, asking)
	s.engine.Store(&miss.t, v, nil)
	wants(miss, detaching)
	if !miss.t.Detaches() || !miss.t.StreamFill(&miss.resp) {
		t.Error("the body is not taken away")
	}
	wants(miss, settled)
	s.engine.fetches.Wait()
	miss.t.Reset()
	wants(miss, idle)

	hit := s.request("GET /a").begin()
	if outcome, _ := s.engine.Lookup(&hit.t); outcome != Serve {
		t.Errorf("got %v, want serve", outcome)
	}
	wants(hit, settled)
	if s.fills != 1 {
		t.Errorf("%d fills were counted, want 1", s.fills)
	}
}

// A request that ends before its origin was asked lets its followers go on.
func TestResetAbandonsAFlight(t *testing.T) {
	s := newScene(t, rawResponse(200, "x", "Cache-Control: max-age=60"))
	first := s.request("GET /a").begin()
	s.engine.Lookup(&first.t)
	if first.t.fill.lead == nil {
		t.Fatal("the first request leads no flight")
	}
	first.t.Reset()
	s.wants(s.get(), Relay, 200, "x", "fwd=uri-miss; ")
	if n := s.engine.flights.Flying(); n != 0 {
		t.Errorf("%d flights are left", n)
	}
}

// The client's time is over while it waits for the fetch of another.
func TestPatienceEnds(t *testing.T) {
	s := newScene(t, "")
	leader := s.request("GET /a").begin()
	s.engine.Lookup(&leader.t)
	defer leader.t.Reset()
	late := s.request("GET /a").begin()
	late.t.req.Deadline = s.clock().AddDate(-50, 0, 0)
	if outcome, f := s.engine.Lookup(&late.t); outcome != Refuse || f.Reason != exchange.OutOfTime {
		t.Errorf("got %v, %v, want refuse for %v", outcome, f, exchange.OutOfTime)
	}
	late.t.Reset()
}
