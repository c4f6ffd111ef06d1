package peers

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"penstock/config"
	"penstock/policy"
)

func setup(t *testing.T) Setup {
	return Setup{
		Dir: t.TempDir(), Address: "127.0.0.1:8080", Side: "127.0.0.1:8081",
		Origins: []string{"127.0.0.1:9001", "127.0.0.1:9002"}, Workers: 1, Clients: 100, Pool: 512,
	}
}

func TestEveryPeerIsToldWhereToListenAndWhatIsBehind(t *testing.T) {
	for _, p := range append(All(), Origin()) {
		t.Run(p.Name+" "+p.file, func(t *testing.T) {
			s := setup(t)
			args, err := p.Write(s)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(s.Dir, p.file))
			if err != nil {
				t.Fatal(err)
			}
			said := string(text) + strings.Join(args, " ")
			for _, want := range []string{"8080", "9001"} {
				if want == "8080" && p.file == Origin().file {
					continue // the origin does not listen on the gateway's address
				}
				if !strings.Contains(said, want) {
					t.Errorf("%s is not in\n%s", want, said)
				}
			}
			if strings.Contains(said, "{{") || strings.Contains(said, "<no value>") {
				t.Errorf("not filled in:\n%s", said)
			}
		})
	}
}

func TestNginxIsTunedWhenAskedFor(t *testing.T) {
	s := setup(t)
	for _, s.Tuned = range []bool{false, true} {
		text, err := named(t, "nginx").config(s)
		if err != nil || strings.Contains(string(text), "proxy_buffers") != s.Tuned {
			t.Errorf("tuned %t: %v\n%s", s.Tuned, err, text)
		}
	}
}

// The connections must still find open files when all entries are open.
func TestNginxKeepsAsManyFilesOpenAsConnectionsLeave(t *testing.T) {
	s := setup(t)
	s.Cache, s.Files = true, 20_000
	for clients, want := range map[int]string{1000: "max=17900 ", 9990: "max=1 "} {
		s.Clients = clients
		text, err := named(t, "nginx").config(s)
		if err != nil || !strings.Contains(string(text), "open_file_cache "+want) {
			t.Errorf("%d clients: %v, want %q in\n%s", clients, err, want, text)
		}
	}
}

func TestCacheIsOnlyThereWhenAskedFor(t *testing.T) {
	for name, want := range map[string]string{"penstock": "cache: on", "nginx": "proxy_cache store", "haproxy": "cache-use store"} {
		p := named(t, name)
		s := setup(t)
		without, err := p.config(s)
		if err != nil {
			t.Fatal(err)
		}
		s.Cache = true
		with, err := p.config(s)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(without), want) || !strings.Contains(string(with), want) {
			t.Errorf("%s: %q must stand in the one with a cache alone", name, want)
		}
	}
}

func TestEveryRouteIsWritten(t *testing.T) {
	s := setup(t)
	s.Prefixes = []string{"/r0", "/r1"}
	for _, name := range []string{"penstock", "nginx", "caddy"} {
		text, err := named(t, name).config(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, prefix := range s.Prefixes {
			if !strings.Contains(string(text), prefix+"/") {
				t.Errorf("%s has no route %s:\n%s", name, prefix, text)
			}
		}
	}
	if _, err := named(t, "haproxy").Write(s); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(filepath.Join(s.Dir, "routes.map")); string(text) != "/r0/ origin\n/r1/ origin\n" {
		t.Errorf("haproxy's map: %q", text)
	}
}

func TestBadAddressIsToldWithItsPeer(t *testing.T) {
	s := setup(t)
	s.Address = "nowhere"
	if _, err := named(t, "nginx").Write(s); err == nil || !strings.Contains(err.Error(), `nginx: address "nowhere"`) {
		t.Errorf("got %v", err)
	}
}

func named(t *testing.T, name string) Peer {
	i := slices.IndexFunc(All(), func(p Peer) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("no peer %s", name)
	}
	return All()[i]
}

// All that has an off switch is off, and the file is one that Penstock takes.
func TestBarePenstockHasEverySwitchOff(t *testing.T) {
	for _, cached := range []bool{false, true} {
		s := setup(t)
		s.Bare, s.Cache = true, cached
		text, err := Penstock().config(s)
		if err != nil {
			t.Fatal(err)
		}
		c, err := config.Parse("penstock.yaml", text, nil, policy.Table()...)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, off := range []string{"first_byte: off", "request: off", "eject: off", "retry_budget: off", "retry: off", "access: off", "request_id: off", "cache_status: off"} {
			if !strings.Contains(string(text), off) {
				t.Errorf("%s is not in\n%s", off, text)
			}
		}
		if len(c.Routes) != 1 {
			t.Errorf("got %d routes, want 1", len(c.Routes))
		}
	}
}
