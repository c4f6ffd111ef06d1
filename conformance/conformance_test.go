package conformance_test

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"penstock/conformance"
	"penstock/gateway/gatewaytest"
)

// fewest is the number of cases that the suite promises.
const fewest = 250

// tables reads all families.
func tables(t *testing.T) []*conformance.Table {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	var all []*conformance.Table
	for _, name := range names {
		table, err := conformance.Load(os.DirFS("."), filepath.ToSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.TrimSuffix(path.Base(filepath.ToSlash(name)), ".txt"); table.Family != want {
			t.Fatalf("%s holds family %q, want %q", name, table.Family, want)
		}
		all = append(all, table)
	}
	return all
}

// penstock starts a gateway in front of an origin of its own, as the table wants it. With
// finish, a client that ends its direction still gets its response, however long the
// origin takes.
func penstock(t *testing.T, table *conformance.Table) *conformance.Runner {
	t.Helper()
	origin, err := conformance.NewOrigin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	g := gatewaytest.Start(t, "upstreams:\n  web: { backends: \"http://"+origin.Address+"\", eject: off }\n"+
		"routes:\n  - { path: \"/*\", upstream: web, retry: off, finish: on }\n"+table.Config)
	return &conformance.Runner{Address: g.Address, Origin: origin, Patience: gatewaytest.Wait}
}

// TestCases plays every case through Penstock.
func TestCases(t *testing.T) {
	for _, table := range tables(t) {
		t.Run(table.Family, func(t *testing.T) {
			t.Parallel()
			r := penstock(t, table)
			for _, c := range table.Cases {
				t.Run(c.Name, func(t *testing.T) {
					seen, err := r.Run(c)
					if err != nil {
						t.Fatal(err)
					}
					if why := c.Judge(seen); why != "" {
						t.Errorf("%s: %s\nclient got: %s", c.Clause, why, conformance.Describe(c, seen))
					}
				})
			}
		})
	}
}

// TestSuite holds the suite to its promise: enough cases, each with a name of its own.
func TestSuite(t *testing.T) {
	count := 0
	for _, table := range tables(t) {
		names := map[string]bool{}
		for _, c := range table.Cases {
			if names[c.Name] {
				t.Errorf("%s: two cases are called %q", table.Family, c.Name)
			}
			names[c.Name] = true
			count++
		}
	}
	if count < fewest {
		t.Errorf("%d cases, want %d", count, fewest)
	}
}
