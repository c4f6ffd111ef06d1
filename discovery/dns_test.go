package discovery

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"penstock/lb"
)

// fakeResolver resolves from a table that the test changes.
type fakeResolver struct {
	mu      sync.Mutex
	answers map[string][]string // nil = error
	hang    bool                // wait for the end of the context
	asked   []time.Time
}

func (r *fakeResolver) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	r.mu.Lock()
	r.asked = append(r.asked, time.Now())
	hang, texts := r.hang, r.answers[host]
	r.mu.Unlock()
	if hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if network != "ip" || texts == nil {
		return nil, errors.New("no such host")
	}
	var addrs []netip.Addr
	for _, text := range texts {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs, nil
}

func (r *fakeResolver) set(host string, addrs ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hang = false
	r.answers[host] = addrs
}

// stall lets the lookups to come wait for the end of their context.
func (r *fakeResolver) stall() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hang = true
}

// times returns when it was asked.
func (r *fakeResolver) times() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked)
}

// fixture is a started source with what it has emitted.
type fixture struct {
	source Source
	log    bytes.Buffer // read it while the source is idle

	mu      sync.Mutex
	emitted [][]lb.Endpoint
}

// start runs a source over entries inside the synctest bubble.
func start(t *testing.T, r *fakeResolver, entries ...lb.Endpoint) *fixture {
	t.Helper()
	f := &fixture{}
	o := Options{
		Entries: entries, Resolver: r, Rand: func() float64 { return 0 },
		Log: slog.New(slog.NewTextHandler(&f.log, nil)),
	}
	var err error
	if f.source, err = New(o); err != nil {
		t.Fatal(err)
	}
	if err := f.source.Start(t.Context(), f.update); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.source.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) update(list []lb.Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.emitted = append(f.emitted, list)
}

// wait lets so much time pass, and everything that is due happen.
func wait(d time.Duration) {
	<-time.After(d) // the bubble's clock
	synctest.Wait()
}

// want fails unless so many lists were emitted and the last has these addresses.
func (f *fixture) want(t *testing.T, emissions int, addresses ...string) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	var got []string
	if len(f.emitted) > 0 {
		for _, e := range f.emitted[len(f.emitted)-1] {
			got = append(got, e.Address)
		}
	}
	if len(f.emitted) != emissions || !reflect.DeepEqual(got, addresses) {
		t.Errorf("got %d emissions, the last %q, want %d and %q", len(f.emitted), got, emissions, addresses)
	}
}

func TestEveryAddressOfANameIsAnEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeResolver{answers: map[string][]string{"web": {"2001:db8::1", "10.0.0.2", "10.0.0.1", "::ffff:10.0.0.2"}}}
		f := start(t, r,
			lb.Endpoint{Address: "10.9.9.9:81", Weight: 2},
			lb.Endpoint{Address: "web:8080", Weight: 5, Backup: true},
			lb.Endpoint{Address: "unix:/run/a.sock", Weight: 1},
			lb.Endpoint{Address: "10.0.0.1:8080", Weight: 7})
		want := []lb.Endpoint{
			{Address: "10.9.9.9:81", Host: "10.9.9.9", Weight: 2},
			{Address: "10.0.0.1:8080", Host: "web", Weight: 5, Backup: true},
			{Address: "10.0.0.2:8080", Host: "web", Weight: 5, Backup: true},
			{Address: "[2001:db8::1]:8080", Host: "web", Weight: 5, Backup: true},
			{Address: "unix:/run/a.sock", Weight: 1},
		}
		if len(f.emitted) != 1 || !reflect.DeepEqual(f.emitted[0], want) {
			t.Errorf("got %+v, want %+v", f.emitted, want)
		}
	})
}

func TestChangesAreEmittedAndOnlyChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeResolver{answers: map[string][]string{"web": {"10.0.0.1", "10.0.0.2"}}}
		f := start(t, r, lb.Endpoint{Address: "web:80", Weight: 1})
		f.want(t, 1, "10.0.0.1:80", "10.0.0.2:80")
		r.set("web", "10.0.0.2", "10.0.0.1")
		wait(10 * time.Second)
		f.want(t, 1, "10.0.0.1:80", "10.0.0.2:80")
		r.set("web", "10.0.0.3")
		wait(10*time.Second - 1)
		f.want(t, 1, "10.0.0.1:80", "10.0.0.2:80")
		wait(1)
		f.want(t, 2, "10.0.0.3:80")
		if n := len(r.times()); n != 3 {
			t.Errorf("asked %d times in 20 s, want 3", n)
		}
	})
}

func TestTheLastGoodAnswerSurvivesFailures(t *testing.T) {
	for _, tc := range []struct {
		name string
		fail func(r *fakeResolver)
	}{
		{"error", func(r *fakeResolver) { r.set("web") }},
		{"empty answer", func(r *fakeResolver) { r.set("web", []string{}...) }},
		{"no answer in time", func(r *fakeResolver) { r.stall() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &fakeResolver{answers: map[string][]string{"web": {"10.0.0.1"}, "api": {"10.0.1.1"}}}
				f := start(t, r, lb.Endpoint{Address: "web:80", Weight: 1})
				tc.fail(r)
				wait(time.Minute)
				f.want(t, 1, "10.0.0.1:80")
				if n := strings.Count(f.log.String(), "level=WARN"); n != 1 {
					t.Errorf("got %d warnings, want 1 for the whole failure:\n%s", n, &f.log)
				}
				r.set("web", "10.0.0.4")
				wait(20 * time.Second)
				f.want(t, 2, "10.0.0.4:80")
				if n := strings.Count(f.log.String(), "resolves again"); n != 1 {
					t.Errorf("got %d notes of the recovery, want 1:\n%s", n, &f.log)
				}
			})
		})
	}
}

func TestAnUnknownNameDoesNotPreventTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeResolver{answers: map[string][]string{"web": {"10.0.0.1"}}}
		f := start(t, r, lb.Endpoint{Address: "late:80", Weight: 1}, lb.Endpoint{Address: "web:80", Weight: 1})
		f.want(t, 1, "10.0.0.1:80")
		r.set("late", "10.0.7.7")
		wait(firstRetry)
		f.want(t, 2, "10.0.7.7:80", "10.0.0.1:80")
	})
}

func TestRetriesBackOffUntilTheRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeResolver{answers: map[string][]string{}}
		f := start(t, r, lb.Endpoint{Address: "never:80", Weight: 1})
		f.want(t, 1)
		wait(time.Minute)
		var pauses []time.Duration
		asked := r.times()
		for i := range len(asked) - 1 {
			pauses = append(pauses, asked[i+1].Sub(asked[i]))
		}
		want := []time.Duration{250, 500, 1000, 2000, 4000, 8000, 10000, 10000, 10000, 10000}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if !reflect.DeepEqual(pauses, want) {
			t.Errorf("got pauses %v, want %v", pauses, want)
		}
	})
}

func TestAHangingResolverDelaysTheStartOnlyBriefly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeResolver{hang: true}
		began := time.Now()
		f := start(t, r, lb.Endpoint{Address: "web:80", Weight: 1}, lb.Endpoint{Address: "10.0.0.9:80", Weight: 1})
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("the start took %v, want 2s", took)
		}
		f.want(t, 1, "10.0.0.9:80")
	})
}

func TestPausesAreJittered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeResolver{answers: map[string][]string{"web": {"10.0.0.1"}}}
		d, err := New(Options{Entries: []lb.Endpoint{{Address: "web:80"}}, Resolver: r, Refresh: time.Minute, Rand: func() float64 { return 0.5 }})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Start(t.Context(), func([]lb.Endpoint) {}); err != nil {
			t.Fatal(err)
		}
		wait(57*time.Second - 1)
		if n := len(r.times()); n != 1 {
			t.Errorf("asked %d times before 57 s, want once", n)
		}
		wait(1)
		if n := len(r.times()); n != 2 {
			t.Errorf("asked %d times after 57 s, want twice", n)
		}
		if err := d.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestShutdownCancelsALookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeResolver{answers: map[string][]string{"web": {"10.0.0.1"}}}
		f := start(t, r, lb.Endpoint{Address: "web:80", Weight: 1})
		r.stall()
		wait(11 * time.Second) // the second lookup hangs
		began := time.Now()
		if err := f.source.Shutdown(context.Background()); err != nil || time.Since(began) != 0 {
			t.Errorf("got %v after %v, want no error at once", err, time.Since(began))
		}
		if f.log.Len() != 0 {
			t.Errorf("a cancelled lookup was logged as a failure:\n%s", &f.log)
		}
		f.want(t, 1, "10.0.0.1:80")
	})
}

func TestShutdownHonoursItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &stubbornResolver{release: make(chan struct{})}
		d, err := New(Options{Entries: []lb.Endpoint{{Address: "web:80"}}, Resolver: r})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Start(t.Context(), func([]lb.Endpoint) {}); err != nil {
			t.Fatal(err)
		}
		wait(11 * time.Second)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := d.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
		close(r.release)
		if err := d.Shutdown(context.Background()); err != nil {
			t.Errorf("second shutdown: %v", err)
		}
	})
}

// stubbornResolver returns at once the first time and then ignores its context.
type stubbornResolver struct {
	calls   int
	release chan struct{}
}

func (r *stubbornResolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	if r.calls++; r.calls > 1 {
		<-r.release
	}
	return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
}
