package main

import (
	"strings"
	"testing"
	"testing/fstest"
)

// smallLaw is a house of four packages for the tests of the rules themselves.
func smallLaw() law {
	return law{
		module: "m",
		rooms: []room{
			{"", 2, []string{"up"}, nil, "main"},
			{"up", 1, []string{"*"}, []string{"net/http"}, "upper"},
			{"low", 0, nil, nil, "lower"},
			{"side", 0, nil, []string{"time.Now"}, "no clock"},
		},
		fences: []fence{
			{"x.example/lib", "", []string{"up"}, "one owner"},
			{"x.example/lib", "Pool", nil, "nobody"},
		},
		banned: []string{"util"},
	}
}

func TestLawIsNoticedWhenBroken(t *testing.T) {
	long := strings.Repeat("\n", maxFileLines)
	for _, tc := range []struct{ name, file, text, want string }{
		{"upward import", "low/a.go", "// Package low x.\npackage low\nimport _ \"m/up\"", "low/a.go:3: low may not import up: lower"},
		{"sideways import", "low/a.go", "// Package low x.\npackage low\nimport _ \"m/side\"", "low may not import side"},
		{"upward import in a test", "low/a_test.go", "package low\nimport _ \"m/up\"", "low may not import up"},
		{"import outside the table", "main.go", "// Penstock x.\npackage main\nimport _ \"m/low\"", "main may not import low"},
		{"banned import", "up/a.go", "// Package up x.\npackage up\nimport _ \"net/http/pprof\"", "up must never see net/http/pprof: upper"},
		{"banned name", "side/a.go", "// Package side x.\npackage side\nimport \"time\"\nvar t = time.Now()", "side/a.go:4: side must never see time.Now: no clock"},
		{"fenced third party", "low/a.go", "// Package low x.\npackage low\nimport _ \"x.example/lib/deep\"", "x.example/lib/deep belongs to [up] alone"},
		{"new third party", "low/a.go", "// Package low x.\npackage low\nimport _ \"y.example/new\"", "y.example/new is a new third party"},
		{"new third party in a test", "low/a_test.go", "package low\nimport _ \"y.example/new\"", "y.example/new is a new third party"},
		{"fenced name", "up/a.go", "// Package up x.\npackage up\nimport l \"x.example/lib\"\nvar p l.Pool", "l.Pool belongs to [] alone: nobody"},
		{"folder without a room", "new/a.go", "// Package new x.\npackage new", `folder "new" has no room`},
		{"banned folder", "util/a.go", "// Package util x.\npackage util", `a folder called "util"`},
		{"banned package", "low/a.go", "// Package util x.\npackage util", `a package called "util"`},
		{"two names", "low/a.go", "// Package high x.\npackage high", "package high lives in folder low"},
		{"long file", "low/a.go", "// Package low x.\npackage low" + long + "\n", "file has 402 lines, limit 400"},
		{"long test file", "low/a_test.go", "package low" + long + "\n", "file has 401 lines, limit 400"},
		{"long function", "low/a.go", "// Package low x.\npackage low\nfunc f() {" + strings.Repeat("\n", 60) + "}", "f has 61 lines, limit 60"},
		{"many parameters", "low/a.go", "// Package low x.\npackage low\nfunc f(a, b, c, d, e, g int) {}", "f has 6 parameters, limit 5"},
		{"init", "low/a.go", "// Package low x.\npackage low\nfunc init() {}", "init runs behind"},
		{"sleeping test", "low/a_test.go", "package low\nimport \"time\"\nfunc f() { time.Sleep(1) }", "time.Sleep in a test"},
		{"sleeping beside a bubble", "low/a_test.go", "package low\nimport (\n\"testing/synctest\"\n\"time\"\n)\nfunc f() { synctest.Test(nil, func() {}); go time.Sleep(1) }", "a_test.go:6: time.Sleep in a test"},
		{"unfinished", "low/a.go", "// Package low x.\npackage low\n// TO" + "DO: it\n", "finish it"},
		{"no package comment", "low/a.go", "package low", "low has 0 package comments, want 1"},
		{"odd package comment", "low/a.go", "// This is low.\npackage low", `opens with "Package low "`},
		{"bare function", "low/a.go", "// Package low x.\npackage low\nfunc F() {}", "F has no comment"},
		{"bare method", "low/a.go", "// Package low x.\npackage low\n// T x.\ntype T int\nfunc (t *T) F() {}", "F has no comment"},
		{"bare type", "low/a.go", "// Package low x.\npackage low\ntype T int", "type T has no comment"},
		{"bare constant", "low/a.go", "// Package low x.\npackage low\nconst C = 1", "C has no comment"},
		{"lock at package level", "low/a.go", "// Package low x.\npackage low\nimport \"sync\"\nvar mu sync.Mutex", "mu is a sync.Mutex"},
		{"generic atomic at package level", "low/a.go", "// Package low x.\npackage low\nimport \"sync/atomic\"\nvar n atomic.Int64", "n is a atomic.Int64"},
		{"channel at package level", "low/a.go", "// Package low x.\npackage low\nvar c = make(chan int)", "c is a made map, slice or channel"},
		{"written variable", "low/a.go", "// Package low x.\npackage low\nvar n int\nfunc f() { n++ }", "f writes package variable n"},
		{"written element", "low/a.go", "// Package low x.\npackage low\nvar m = [2]int{}\nfunc f() { m[0] = 1 }", "f writes package variable m"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found := inspect(smallLaw(), fstest.MapFS{tc.file: {Data: []byte(tc.text)}})
			for _, v := range found {
				if strings.Contains(v.String(), tc.want) {
					return
				}
			}
			t.Errorf("got %v, want a violation with %q", found, tc.want)
		})
	}
}

func TestLawLetsGoodCodePass(t *testing.T) {
	for _, tc := range []struct{ name, file, text string }{
		{"downward import", "up/a.go", "// Package up x.\npackage up\nimport _ \"m/low\"\nimport _ \"x.example/lib\""},
		{"a test looks sideways", "low/a_test.go", "package low_test\nimport _ \"m/side\"\nimport _ \"net/http\""},
		{"documented", "low/a.go", "// Package low x.\npackage low\n\n// T x.\ntype T int\n\nfunc (T) String() string { return \"\" }\n"},
		{"a group's comment", "low/a.go", "// Package low x.\npackage low\n\n// Kinds.\nconst (\n\tA = iota\n\tB\n)\n"},
		{"hidden by a local", "low/a.go", "// Package low x.\npackage low\nvar n int\nfunc f(n int) int { n++; return n }"},
		{"pool and sentinel", "low/a.go", "// Package low x.\npackage low\nimport (\n\"sync\"\n\"errors\"\n)\nvar p = sync.Pool{}\nvar e = errors.New(\"e\")"},
		{"sleeping in a bubble", "low/a_test.go", "package low\nimport (\n\"testing/synctest\"\n\"time\"\n)\nfunc f() { synctest.Test(nil, func() { time.Sleep(1) }) }"},
		{"sleeping in a helper's bubble", "low/a_test.go", "package low\nimport (\n\"testing/synctest\"\n\"time\"\n)\nfunc in(g func()) { synctest.Test(nil, g) }\nfunc f() { in(func() { time.Sleep(1) }) }"},
		{"testdata is not looked at", "low/testdata/util/a.go", "package util"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if found := inspect(smallLaw(), fstest.MapFS{tc.file: {Data: []byte(tc.text)}}); len(found) > 0 {
				t.Errorf("got %v, want nothing", found)
			}
		})
	}
}

func TestExceptionSparesOneThing(t *testing.T) {
	l := smallLaw()
	l.spared = map[string]string{"low/a.go:f": "a table"}
	text := "// Package low x.\npackage low\nfunc f(a, b, c, d, e, g int) {}\nfunc h(a, b, c, d, e, g int) {}"
	found := inspect(l, fstest.MapFS{"low/a.go": {Data: []byte(text)}})
	if len(found) != 1 || found[0].key != "low/a.go:h" {
		t.Errorf("got %v, want h alone", found)
	}
}
