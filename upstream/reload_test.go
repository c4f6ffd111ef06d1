package upstream

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"penstock/health"
	"penstock/lb"
	"penstock/ratelimit"
)

// literals is two backends with these weights.
func literals(t *testing.T, a, b *testOrigin, weightA, weightB int) Options {
	return Options{
		Name: "api", Sweeper: newSweeper(t), Pool: neverIdle(),
		Backends: []BackendOptions{entryFor(t, a, weightA), entryFor(t, b, weightB)},
	}
}

func TestReloadSharesEndpoints(t *testing.T) {
	a, b := newTestOrigin(t), newTestOrigin(t)
	o := literals(t, a, b, 5, 3)
	prev, err := NewCluster(o)
	if err != nil {
		t.Fatal(err)
	}
	old := pickAll(prev.View("route", nil))
	get(t, old[a.Address], "/")

	o.Backends = []BackendOptions{entryFor(t, a, 1)} // b goes, a has another weight
	next, err := NewClusterFrom(prev, o)
	if err != nil {
		t.Fatal(err)
	}
	now := pickAll(next.View("route", nil))
	if len(now) != 1 || now[a.Address].Client != old[a.Address].Client || now[a.Address].Backend != old[a.Address].Backend {
		t.Fatalf("got %v, want %s with its client and backend", now, a.Address)
	}
	get(t, old[b.Address], "/") // the old generation still serves
	if err := prev.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "connection of the backend that only the old one used", b.gone)
	get(t, now[a.Address], "/")
	if got := a.Connections(); got != 1 {
		t.Errorf("connected %d times, want once over both generations", got)
	}
	if err := next.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "last user gone", a.gone)
}

func TestIdentityIsAllThatIsConfigured(t *testing.T) {
	a, b, ca, other := newTestOrigin(t), newTestOrigin(t), newAuthority(t), newAuthority(t)
	sweeper := newSweeper(t)
	identity := func(change func(o *Options)) Identity {
		t.Helper()
		o := literals(t, a, b, 1, 1)
		o.Sweeper, o.TLS.CA = sweeper, ca.file
		o.Backends[0].Scheme = "https"
		if change != nil {
			change(&o)
		}
		p, err := NewPlan(o)
		if err != nil {
			t.Fatal(err)
		}
		return p.Identity()
	}
	plain := identity(nil)
	if plain != identity(func(o *Options) { o.Log, o.Now = slog.Default(), time.Now }) {
		t.Error("the same options have two identities")
	}
	if plain != identity(func(o *Options) { o.Pool.Max = 512 }) {
		t.Error("a default that is spelled out makes a difference")
	}
	for name, change := range map[string]func(o *Options){
		"name":        func(o *Options) { o.Name = "other" },
		"balance":     func(o *Options) { o.Balance.Method = lb.P2C },
		"ejection":    func(o *Options) { o.Eject.Failures = 7 },
		"concurrency": func(o *Options) { o.Concurrency.Mode = ratelimit.Off },
		"at most":     func(o *Options) { o.Eject.AtMost = 0.9 },
		"pool":        func(o *Options) { o.Pool.Max = 7 },
		"refresh":     func(o *Options) { o.Refresh = time.Hour },
		"backup":      func(o *Options) { o.Backends[1].Backup = true },
		"weight":      func(o *Options) { o.Backends[1].Weight = 2 },
		"order":       func(o *Options) { o.Backends[0], o.Backends[1] = o.Backends[1], o.Backends[0] },
		"scheme":      func(o *Options) { o.Backends[1].Scheme = "https" },
		"certificate": func(o *Options) { o.TLS.CA = other.file },
		"insecure":    func(o *Options) { o.TLS.Insecure = true },
	} {
		if identity(change) == plain {
			t.Errorf("%s makes no difference", name)
		}
	}
}

func TestReloadSharesOnlyWhatIsEqual(t *testing.T) {
	a, b, ca := newTestOrigin(t), newTestOrigin(t), newAuthority(t)
	for _, tc := range []struct {
		name   string
		change func(o *Options)
		shared bool
	}{
		{"balance", func(o *Options) { o.Balance.Method = lb.P2C }, true},
		{"ejection", func(o *Options) { o.Eject.Failures = 7 }, true},
		{"backup", func(o *Options) { o.Backends[1].Backup = true }, true},
		{"order", func(o *Options) { o.Backends[0], o.Backends[1] = o.Backends[1], o.Backends[0] }, true},
		{"pool", func(o *Options) { o.Pool.Max = 7 }, false},
		{"scheme", func(o *Options) { o.Backends[0].Scheme = "https" }, false},
		{"TLS options without https", func(o *Options) { o.TLS = TLSOptions{CA: ca.file} }, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := literals(t, a, b, 1, 1)
			made, err := NewCluster(o)
			prev := must(t, made, err)
			tc.change(&o)
			made, err = NewClusterFrom(prev, o)
			next := must(t, made, err)
			was, is := pickAll(prev.View("r", nil))[a.Address], next.list.members
			var now *Member
			for _, m := range is {
				if m != nil && m.Backend.Address() == a.Address {
					now = m
				}
			}
			if got := was.Client == now.Client && was.Backend == now.Backend; got != tc.shared {
				t.Errorf("shared: got %v, want %v", got, tc.shared)
			}
		})
	}
}

func TestReloadWithOtherCertificatesSharesNothing(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	o := Options{Name: "api", Sweeper: newSweeper(t), TLS: TLSOptions{CA: ca.file}, Backends: []BackendOptions{
		{Scheme: "https", Host: "127.0.0.1", Port: 9, Weight: 1},
	}}
	made, err := NewCluster(o)
	prev := must(t, made, err)
	o.TLS.CA = other.file
	made, err = NewClusterFrom(prev, o)
	if next := must(t, made, err); next.list.own[0] == prev.list.own[0] {
		t.Error("connections verified against another authority are shared")
	}
	o.TLS.CA = "absent.pem"
	if _, err = NewClusterFrom(prev, o); err == nil || !strings.HasPrefix(err.Error(), "upstreams.api.tls.ca: open absent.pem") {
		t.Errorf("got %v, want the upstream, the key and the file", err)
	}
}

// A generation that fails is shut down; what it had made must not be in force.
func TestFailedGenerationLeavesTheOldOneInForce(t *testing.T) {
	a, b := newTestOrigin(t), newTestOrigin(t)
	o := literals(t, a, b, 1, 1)
	o.Eject = lb.EjectOptions{Failures: 1, Base: time.Hour, Max: time.Hour}
	made, err := NewCluster(o)
	prev := must(t, made, err)
	o.Eject.Failures = 1000
	next, err := NewClusterFrom(prev, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := pickAll(prev.View("r", nil))[a.Address]
	fail(m, 1)
	if got := prev.State()[0]; got.State != health.Ejected || got.Reason != health.ConnectFailures || got.Ejections[lb.ByFailures] != 1 {
		t.Errorf("got %+v, want ejected under the old generation's rule", got)
	}
}

// fail reports so many connection failures of m.
func fail(m *Member, times int) {
	for range times {
		m.Backend.Begin()
		m.Backend.End(lb.ConnectFailure, time.Millisecond, time.Now())
	}
}

func TestHealthSurvivesReload(t *testing.T) {
	a, b := newTestOrigin(t), newTestOrigin(t)
	o := literals(t, a, b, 1, 1)
	o.Eject = lb.EjectOptions{Failures: 2, Base: time.Hour, Max: time.Hour}
	made, err := NewCluster(o)
	prev := must(t, made, err)
	fail(pickAll(prev.View("r", nil))[a.Address], 2)
	o.Backends = []BackendOptions{entryFor(t, b, 2), entryFor(t, a, 7)}
	made, err = NewClusterFrom(prev, o)
	next := must(t, made, err)
	if got := next.State()[1]; got.Address != a.Address || got.State != health.Ejected || got.Weight != 7 {
		t.Errorf("got %+v, want %s ejected with weight 7", got, a.Address)
	}
	view := next.View("r", nil)
	for range 20 {
		if got := view.Pick(0, nil, time.Now().UnixNano()); got.Backend.Address() != b.Address {
			t.Fatalf("picked %s, which is ejected", got.Backend.Address())
		}
	}
}

// A reload must neither wait for a resolver when the addresses are known, nor
// lose them when it fails.
func TestReloadKeepsAddressesOfNames(t *testing.T) {
	for _, tc := range []struct {
		name   string
		source *fakeSource
	}{
		{"no answer yet", &fakeSource{blocks: true}},
		{"the resolver fails", &fakeSource{first: []string{}, started: make(chan struct{})}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := Options{Name: "web", Sweeper: newSweeper(t), Backends: []BackendOptions{
				{Scheme: "http", Host: "web", Port: 80, Weight: 1, Source: &fakeSource{first: []string{tenOne}}},
			}}
			made, err := NewCluster(o)
			prev := must(t, made, err)
			if err := prev.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			o.Backends = []BackendOptions{o.Backends[0]}
			o.Backends[0].Weight, o.Backends[0].Source = 2, tc.source
			made, err = NewClusterFrom(prev, o)
			next := must(t, made, err)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := next.Start(ctx); err != nil {
				t.Fatal(err)
			}
			if tc.source.started != nil {
				within(t, "first answer", tc.source.started)
			}
			if got := next.current().own; len(got) != 1 || got[0] != prev.current().own[0] {
				t.Errorf("got %v, want the endpoint that was found before", got)
			}
			if tc.source.blocks {
				return
			}
			tc.source.emit(tenTwo)
			tc.source.emit() // now it knows what it says
			if got := next.State(); got[0].State != health.Down {
				t.Errorf("got %+v, want no address left", got)
			}
		})
	}
}

func TestInsecureIsShoutedOnce(t *testing.T) {
	said := make(messages, 16)
	o := Options{Name: "api", Sweeper: newSweeper(t), Log: slog.New(said), TLS: TLSOptions{Insecure: true}, Backends: []BackendOptions{
		{Scheme: "https", Host: "127.0.0.1", Port: 9, Weight: 1},
	}}
	made, err := NewCluster(o)
	prev := must(t, made, err)
	if got := within(t, "warning", said); !strings.HasPrefix(got, "INSECURE") {
		t.Errorf("got %q, want a warning", got)
	}
	o.Backends = []BackendOptions{{Scheme: "https", Host: "127.0.0.1", Port: 9, Weight: 2}}
	made, err = NewClusterFrom(prev, o)
	must(t, made, err)
	if len(said) != 0 {
		t.Errorf("a reload said it again: %q", <-said)
	}
}
