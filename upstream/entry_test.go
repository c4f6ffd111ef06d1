package upstream

import (
	"crypto/tls"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOptionsRefused(t *testing.T) {
	good := BackendOptions{Scheme: "http", Host: "10.0.0.1", Port: 80, Weight: 1}
	for _, tc := range []struct {
		name   string
		change func(o *Options)
		want   string
	}{
		{"no name", func(o *Options) { o.Name = "" }, "name: is empty"},
		{"no sweeper", func(o *Options) { o.Sweeper = nil }, "upstreams.api.sweeper: is missing"},
		{"no backend", func(o *Options) { o.Backends = nil }, "upstreams.api.backends: there is none"},
		{"twice the same", func(o *Options) { o.Backends = append(o.Backends, good) }, "backends[1]: http://10.0.0.1:80 is at backends[0] already"},
		{"weight below 0", func(o *Options) { o.Backends[0].Weight = -1 }, "backends[0]: weight: got -1, want 0..1000"},
		{"weight above 1000", func(o *Options) { o.Backends[0].Weight = 1001 }, "backends[0]: weight: got 1001, want 0..1000"},
		{"unknown scheme", func(o *Options) { o.Backends[0].Scheme = "ftp" }, `scheme: got "ftp", want http, https or unix`},
		{"no port", func(o *Options) { o.Backends[0].Port = 0 }, `want a host and a port, got host "10.0.0.1", port 0`},
		{"a name without a source", func(o *Options) { o.Backends[0].Host = "web" }, `host "web": an IP address needs no source, a name needs one`},
		{"an address with a source", func(o *Options) { o.Backends[0].Source = new(fakeSource) }, `host "10.0.0.1": an IP address needs no source`},
		{"unix without a path", func(o *Options) { o.Backends[0] = BackendOptions{Scheme: "unix"} }, `want a path and nothing else, got path ""`},
		{"pool.max", func(o *Options) { o.Pool.Max = -1 }, "upstreams.api.pool.max: got -1"},
		{"pool.idle_timeout", func(o *Options) { o.Pool.IdleTimeout = -1 }, "pool.idle_timeout: got -1ns"},
		{"pool.queue_timeout", func(o *Options) { o.Pool.QueueTimeout = -1 }, "pool.queue_timeout: got -1ns"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := Options{Name: "api", Sweeper: newSweeper(t), Backends: []BackendOptions{good}}
			tc.change(&o)
			if _, err := NewCluster(o); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	o := Options{Pool: PoolOptions{Idle: -1, Queue: -1}}.withDefaults()
	want := PoolOptions{Max: 512, Tunnels: 256, Slow: 256, Idle: -1, IdleTimeout: 4 * time.Second, MaxAge: 10 * time.Minute, Queue: -1, QueueTimeout: 250 * time.Millisecond}
	if o.Pool != want {
		t.Errorf("pool: got %+v, want %+v", o.Pool, want)
	}
}

func TestUnixBackend(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	origin := startOrigin(t, "unix", path)
	made, err := NewCluster(Options{Name: "app", Sweeper: newSweeper(t), Backends: []BackendOptions{{Scheme: "unix", Path: path, Weight: 1}}})
	c := must(t, made, err)
	m := c.View("r", map[string]int{"unix:" + path: 3}).Pick(0, nil, 0)
	for range 2 {
		if got := get(t, m, "/"); got != path {
			t.Errorf("got %q, want %q", got, path)
		}
	}
	if got := c.State()[0]; got.Address != "unix:"+path || got.Open != 1 || got.Idle != 1 || origin.Connections() != 1 {
		t.Errorf("got %+v, want one idle connection to unix:%s", got, path)
	}
}

// The whole way over TLS: the name of the URL is verified although discovery
// found an address for it, and a wrong one is refused.
func TestHTTPSBackendOfAName(t *testing.T) {
	ca := newAuthority(t)
	pair, _, _ := ca.issue(t, "a.test")
	for _, tc := range []struct{ host, want string }{{"a.test", ""}, {"b.test", "tls_certificate_error"}} {
		t.Run(tc.host, func(t *testing.T) {
			l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
			if err != nil {
				t.Fatal(err)
			}
			origin := serveOrigin(t, l)
			made, err := NewCluster(Options{Name: "api", Sweeper: newSweeper(t), TLS: TLSOptions{CA: ca.file}, Backends: []BackendOptions{
				{Scheme: "https", Host: tc.host, Port: 443, Weight: 1, Source: new(fakeSource)},
			}})
			c := must(t, made, err)
			c.Update(0, endpointsOf(origin.Address))
			m := c.View("r", nil).Pick(0, nil, 0)
			_, f := roundTrip(m, "/")
			if tc.want == "" && f != nil || tc.want != "" && (f == nil || f.Name() != tc.want) {
				t.Errorf("got %v, want %q", f, tc.want)
			}
		})
	}
}
