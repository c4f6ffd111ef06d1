package conformance_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"penstock/conformance"
	"penstock/gateway/gatewaytest"
)

var withPeers = flag.Bool("peers", false, "print the table of outcomes beside those of nginx and HAProxy")

// silence is how long a peer may say nothing before it counts as waiting.
const silence = 700 * time.Millisecond

// column is one gateway of the comparison.
type column struct {
	name string
	run  func(*conformance.Table) *conformance.Runner
}

// result is what one gateway did with one case.
type result struct {
	what string
	why  string // why that is not acceptable
	let  bool   // something dangerous went through
	pass bool   // a request reached the backend and its response the client
}

func (r result) String() string {
	switch {
	case r.let:
		return "!! " + r.what
	case r.why != "":
		return "-- " + r.what
	}
	return "ok " + r.what
}

// TestTable prints what each gateway makes of each case:
//
//	go test ./conformance -run TestTable -v -peers
func TestTable(t *testing.T) {
	if !*withPeers {
		t.Skip("nginx and HAProxy are compared with -peers")
	}
	columns := []column{
		{"penstock", func(table *conformance.Table) *conformance.Runner { return penstock(t, table) }},
		peer(t, "nginx", "nginx", "-p", "@DIR@", "-e", "stderr", "-c", "@CONFIG@"),
		peer(t, "haproxy", "haproxy", "-db", "-f", "@CONFIG@"),
	}
	var out strings.Builder
	s := &summary{let: map[string]int{}, odd: map[string]int{}}
	for _, table := range tables(t) {
		fmt.Fprintf(&out, "\n%s\n%-56s %-30s %-30s %s\n", strings.ToUpper(table.Family), "case", columns[0].name, columns[1].name, columns[2].name)
		var runners []*conformance.Runner
		for _, c := range columns {
			runners = append(runners, c.run(table))
		}
		for _, c := range table.Cases {
			var row []result
			for _, r := range runners {
				row = append(row, play(t, r, c))
			}
			s.add(c, columns, row)
			fmt.Fprintf(&out, "%-56s %-30s %-30s %s\n", clip(c.Name, 56), row[0], row[1], row[2])
		}
	}
	out.WriteString(s.String(columns))
	t.Log(out.String())
	if len(s.through) > 0 || len(s.strict) > 0 {
		t.Error("Penstock lets something dangerous through, or refuses what it should take")
	}
}

func clip(s string, n int) string { return s[:min(n, len(s))] }

// peer starts another gateway in front of an origin of its own.
func peer(t *testing.T, name string, command ...string) column {
	t.Helper()
	ending := map[string]string{"nginx": "conf", "haproxy": "cfg"}[name]
	config, err := os.ReadFile("peers/" + name + "." + ending)
	if err != nil {
		t.Fatal(err)
	}
	origin, err := conformance.NewOrigin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	dir := t.TempDir()
	for i := range command {
		command[i] = strings.ReplaceAll(command[i], "@DIR@", dir)
	}
	p, err := conformance.StartPeer(conformance.PeerOptions{
		Command: command, Config: string(config), Origin: origin.Address, Dir: dir, Wait: gatewaytest.Wait,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	r := &conformance.Runner{Address: p.Address, Origin: origin, Patience: silence}
	return column{name, func(*conformance.Table) *conformance.Runner { return r }}
}

// play runs one case and judges it.
func play(t *testing.T, r *conformance.Runner, c *conformance.Case) result {
	t.Helper()
	seen, err := r.Run(c)
	if err != nil {
		t.Fatal(err)
	}
	res := result{what: conformance.Describe(c, seen), why: c.Judge(seen), pass: conformance.Passed(c, seen)}
	res.let = c.Danger && res.why != "" && res.pass
	return res
}

// summary collects what the two lists at the end need.
type summary struct {
	cases, dangerous int
	let, odd         map[string]int // by gateway
	through, strict  []string
	chosen           []string // strict, for a stated reason
	beyond           []string // what a peer lets through
}

func (s *summary) add(c *conformance.Case, columns []column, row []result) {
	s.cases++
	if c.Danger {
		s.dangerous++
	}
	full := c.Family + ": " + c.Name + " (" + c.Clause + ")"
	for i, r := range row {
		if r.let {
			s.let[columns[i].name]++
			if i > 0 {
				s.beyond = append(s.beyond, columns[i].name+": "+full)
			}
		} else if r.why != "" {
			s.odd[columns[i].name]++
		}
	}
	if row[0].let {
		s.through = append(s.through, full)
	}
	if !c.Danger && c.Allows() && !row[0].pass && row[1].pass && row[2].pass {
		if c.Choice != "" {
			s.chosen = append(s.chosen, full+": "+c.Choice)
			return
		}
		s.strict = append(s.strict, full)
	}
}

// String prints the totals and both lists.
func (s *summary) String(columns []column) string {
	var out strings.Builder
	fmt.Fprintf(&out, "\n%d cases, %d of them dangerous when let through\n", s.cases, s.dangerous)
	for _, c := range columns {
		fmt.Fprintf(&out, "%-10s lets %3d dangerous ones through, %3d other outcomes that are not acceptable\n", c.name, s.let[c.name], s.odd[c.name])
	}
	list := func(title string, lines []string) {
		fmt.Fprintf(&out, "\n%s: %d\n", title, len(lines))
		for _, l := range lines {
			out.WriteString("  " + l + "\n")
		}
	}
	list("Dangerous, and let through by a peer", s.beyond)
	list("Allowed, taken by both peers, refused by Penstock on purpose", s.chosen)
	list("Dangerous, and let through by Penstock", s.through)
	list("Allowed, taken by both peers, refused by Penstock", s.strict)
	return out.String()
}
