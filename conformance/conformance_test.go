package conformance_test

import (
	"os"
	"testing"

	"penstock/conformance"
	"penstock/conformance/table"
	"penstock/gateway/gatewaytest"
)

// fewest is the least number of cases of the suite.
const fewest = 250

// tables reads all families.
func tables(t *testing.T) []*conformance.Table {
	t.Helper()
	all, err := table.LoadAll(os.DirFS("."), "testdata/*.txt", conformance.Load)
	if err != nil {
		t.Fatal(err)
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

// TestSuite checks that no cases have been lost.
func TestSuite(t *testing.T) {
	count := 0
	for _, table := range tables(t) {
		count += len(table.Cases)
	}
	if count < fewest {
		t.Errorf("%d cases, want at least %d", count, fewest)
	}
}
