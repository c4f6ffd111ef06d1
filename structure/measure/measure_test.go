package measure

import (
	"go/importer"
	"slices"
	"strings"
	"testing"
)

// build makes a module m of packages that are given as folder/file.go -> text,
// each importing only packages that come before it.
func build(t *testing.T, sources ...[2]string) *Module {
	t.Helper()
	m := newModule("m")
	std := importer.ForCompiler(m.files, "source", nil)
	for i := 0; i < len(sources); {
		folder, _, _ := strings.Cut(sources[i][0], "/")
		files := map[string][]byte{}
		for ; i < len(sources) && strings.HasPrefix(sources[i][0], folder+"/"); i++ {
			files[sources[i][0][len(folder)+1:]] = []byte(sources[i][1])
		}
		if err := m.add("m/"+folder, files, std); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func names(c Circle) string {
	var all []string
	for _, f := range c.Files {
		all = append(all, f.Name)
	}
	return strings.Join(all, " ")
}

func TestCircles(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files [][2]string
		want  string
		lines int
	}{
		{"one direction is no circle", [][2]string{
			{"p/a.go", "package p\nfunc a() { b() }\n"}, {"p/b.go", "package p\nfunc b() {}\n"},
		}, "", 0},
		{"functions", [][2]string{
			{"p/a.go", "package p\nfunc a() { b() }\n"}, {"p/b.go", "package p\nfunc b() { a() }\n"}, {"p/c.go", "package p\nfunc c() { a() }\n"},
		}, "a.go b.go", 4},
		{"over a third file", [][2]string{
			{"p/a.go", "package p\nvar x = y\n"}, {"p/b.go", "package p\nconst y = z\n"}, {"p/c.go", "package p\nconst z = 1\nvar _ = x\n"},
		}, "a.go b.go c.go", 7},
		{"a method elsewhere", [][2]string{
			{"p/a.go", "package p\ntype T struct{}\nfunc f(t T) { t.M() }\n"}, {"p/b.go", "package p\nfunc (T) M() {}\n"},
		}, "a.go b.go", 5},
		{"a promoted field", [][2]string{
			{"p/a.go", "package p\ntype in struct{ f int }\nvar _ out\n"}, {"p/b.go", "package p\ntype out struct{ *in }\nvar _ = out{}.f\n"},
		}, "a.go b.go", 6},
		{"a generic method", [][2]string{
			{"p/a.go", "package p\ntype G[T any] struct{ v T }\nvar _ = use\n"}, {"p/b.go", "package p\nfunc use(g interface{ any }) int { return G[int]{}.v }\n"},
		}, "a.go b.go", 5},
		{"a name inside a function", [][2]string{
			{"p/a.go", "package p\nfunc a() { x := 1; _ = x; b() }\n"}, {"p/b.go", "package p\nfunc b() { x := 1; _ = x }\n"},
		}, "", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := build(t, tc.files...).Packages[0].LargestCircle()
			if names(c) != tc.want || c.Lines != tc.lines {
				t.Errorf("got %q with %d lines, want %q with %d", names(c), c.Lines, tc.want, tc.lines)
			}
		})
	}
}

func TestEdgesNameTheirCauses(t *testing.T) {
	p := build(t,
		[2]string{"p/a.go", "package p\nfunc a(t T) { t.M(); t.f++; t.f = t.s.deep; a(T{}) }\n"},
		[2]string{"p/b.go", "package p\ntype T struct{ f int; s struct{ deep int } }\nfunc (T) M() {}\n"},
	).Packages[0]
	edges := p.Edges()
	want := []Name{{"T", 2}, {"T.M", 1}, {"T.f", 2}, {"T.s", 1}, {"T.s.deep", 1}}
	if len(edges) != 1 || edges[0].From.Name != "a.go" || edges[0].To.Name != "b.go" || !slices.Equal(edges[0].Names, want) {
		t.Errorf("got %+v, want one edge from a.go to b.go with %v", edges, want)
	}
}

func TestSizesOfTypes(t *testing.T) {
	m := build(t,
		[2]string{"low/a.go", "package low\ntype Base struct{ A, B int }\nfunc (Base) One() {}\nfunc (*Base) Two() {}\n"},
		[2]string{"p/a.go", `package p
import ("sync"; "m/low")
type small struct{ a, b, c int }
type wide struct { *low.Base; sync.Mutex; x struct{ y, z int }; link *wide }
func (*wide) Three() {}
type plain struct{ base low.Base }
func (plain) A() {}
func (plain) B() {}
type few interface{ A(); B() }
type many interface{ few; C() }
func f(interface{ A(); B(); C(); D() }) {}
`})
	p := m.Package("m/p")
	for _, tc := range []struct {
		name      string
		got, want Sized
	}{
		{"methods of embedded structs count", p.MostMethods(), Sized{"wide", 3}},
		{"fields of embedded and unnamed structs count, a foreign one is one", p.MostFields(), Sized{"wide", 6}},
		{"an interface without a name counts", p.LargestInterface(), Sized{"interface in a.go", 4}},
		{"an interface may be left out", p.LargestInterfaceBut("interface in a.go"), Sized{"many", 3}},
		{"lines", p.LargestFile(), Sized{"a.go", 11}},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, tc.got, tc.want)
		}
	}
}

func TestForwarders(t *testing.T) {
	p := build(t, [2]string{"p/a.go", `package p
type real struct{ n int }
func (r *real) Add(a, b int) int { return a + b + r.n }
func (r *real) Stop() {}

type only struct{ *real }
func (o only) Own() int { return o.n }

type each struct { *real; x int }
func (e *each) Add(a, b int) int { return e.real.Add(a, b) }
func (e *each) Halt() { e.Stop() }

type swapped struct { *real; x int }
func (s *swapped) Add(a, b int) int { return s.real.Add(b, a) }

type added struct { *real; x int }
func (a *added) Add(p, q int) int { a.x++; return a.real.Add(p, q) }

type mute struct { *real; x int }
type field struct { r *real }
func (f field) Stop() { f.r.Stop() }
`}).Packages[0]
	if got, want := p.Forwarders(), []string{"each", "only"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestLoad reads this module itself.
func TestLoad(t *testing.T) {
	m, err := Load("../..")
	if err != nil {
		t.Fatal(err)
	}
	p := m.Package("penstock/structure/measure")
	if p == nil || p.Folder() != "structure/measure" {
		t.Fatalf("got %+v, want this package", p)
	}
	if got := p.LargestFile(); got.Size == 0 || strings.HasSuffix(got.Name, "_test.go") {
		t.Errorf("largest file: got %v, want one that is no test", got)
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("a folder without a module: want an error")
	}
}

func TestWrites(t *testing.T) {
	for _, tc := range []struct{ name, body, want string }{
		{"a field", "t.N = 1", "N"},
		{"counted up", "t.N++", "N"},
		{"by an operator", "t.N += 2", "N"},
		{"one of several", "_, t.N = 1, 2", "N"},
		{"by a range", "for t.N = range 3 {}", "N"},
		{"through a pointer to the struct", "p := &t; p.N = 1", "N"},
		{"a part of a field", "t.In.Deep = 1", "In"},
		{"an element", "t.List[0] = 1", "List"},
		{"in brackets", "(t.In).Deep = 1", "In"},
		{"held by another struct", "var o struct{ t low.T }; o.t.N = 1", "N"},
		{"promoted", "var o struct{ low.T }; o.N = 1", "N"},
		{"promoted over a pointer", "var o struct{ *low.T }; o.N = 1", "N"},
		{"a field that the struct embeds", "t.Up = 1", "Embedded"},
		{"a literal", "_ = low.T{N: 1}", "a literal"},
		{"a literal behind a pointer", "_ = &low.T{N: 1}", "a literal"},
		{"an empty literal", "t = low.T{}", ""},
		{"what a field points to", "*t.Ptr = 1", ""},
		{"a field of what a field points to", "t.To.Deep = 1", ""},
		{"an element behind a pointer", "t.Far[0] = 1", ""},
		{"another struct with the same names", "var o low.Other; o.N = 1", ""},
		{"a variable of another package", "low.Var = 1", ""},
		{"reading", "n := t.N; n++", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := build(t, [2]string{"low/a.go", `package low
var Var int
type In struct{ Deep int }
type Embedded struct{ Up int }
type Other struct{ N int }
type T struct { N int; In In; Embedded; List []int; Ptr *int; To *In; Far *[2]int }
`}, [2]string{"p/a.go", "package p\nimport \"m/low\"\nfunc f(t low.T) {\n" + tc.body + "\n_ = t }\n"})
			writes, ok := m.Writes("low", "T")
			got := ""
			for _, w := range writes {
				got += w.What
				if w.Folder != "p" || w.File != "a.go" || w.Line != 4 {
					t.Errorf("got %+v, want line 4 of p/a.go", w)
				}
			}
			if !ok || got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.body, got, tc.want)
			}
		})
	}
	if _, ok := build(t, [2]string{"p/a.go", "package p\n"}).Writes("p", "T"); ok {
		t.Error("a type that is not there: got ok")
	}
}
