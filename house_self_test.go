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
	}
}

func TestLawIsNoticedWhenBroken(t *testing.T) {
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
		{"sleeping test", "low/a_test.go", "package low\nimport \"time\"\nfunc f() { time.Sleep(1) }", "time.Sleep in a test"},
		{"sleeping beside a bubble", "low/a_test.go", "package low\nimport (\n\"testing/synctest\"\n\"time\"\n)\nfunc f() { synctest.Test(nil, func() {}); go time.Sleep(1) }", "a_test.go:6: time.Sleep in a test"},
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
	l.states = map[string]string{"low:f": "a table"}
	text := "// Package low x.\npackage low\nvar f, h = make(chan int), make(chan int)"
	found := inspect(l, fstest.MapFS{"low/a.go": {Data: []byte(text)}})
	if len(found) != 1 || found[0].key != "low:h" {
		t.Errorf("got %v, want h alone", found)
	}
}
