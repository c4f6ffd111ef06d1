package config

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"penstock/options"
	"penstock/policy"
)

// TestNoKeyIsBuiltAndLater holds that a key that is built is no longer called planned.
func TestNoKeyIsBuiltAndLater(t *testing.T) {
	planned := 0
	judge := func(path string, v options.Value) {
		for {
			switch inner := v.(type) {
			case *options.Sections:
				v = inner.Model()
				continue
			case options.Map:
				v = inner.Model()
				continue
			}
			break
		}
		s, ok := v.(*options.Section)
		if !ok {
			return
		}
		declared := s.Declared()
		for _, k := range declared {
			planned += len(k.Later)
			for _, name := range k.Later {
				if slices.ContainsFunc(declared, func(k options.Key) bool { return k.Name == name }) {
					t.Errorf("%s.%s is built: take it out of Later", path, name)
				}
			}
		}
	}
	top := Default().section(policy.Table())
	judge("", top)
	top.Walk(func(path string, k options.Key) { judge(path, k.Value) })
	if planned < 20 {
		t.Errorf("%d keys are planned, want at least 20", planned)
	}
}

// A planned key is the only problem of its section, whatever else the section lacks.
func TestAPlannedKeyIsTheOnlyProblem(t *testing.T) {
	planned := func(keys func(options.Keys)) (names []string) {
		for _, k := range (&options.Section{Keys: keys}).Declared() {
			names = append(names, k.Later...)
		}
		return names
	}
	c := Default()
	c.section(nil).Reset()
	for text, names := range map[string][]string{
		"upstreams: { a: { %s: x } }\nroutes: [{ path: /*, upstream: a }]": planned(DefaultUpstream().Keys),
		"routes: [{ path: /*, %s: x }]":                                    planned(c.DefaultRoute().keys(c, policy.Table())),
		"routes: [{ %s: x }]":                                              planned(c.DefaultRoute().keys(c, policy.Table())),
	} {
		if len(names) < 5 {
			t.Errorf("%s: %d planned keys, want at least 5", text, len(names))
		}
		for _, name := range names {
			_, err := Parse("config.yaml", fmt.Appendf(nil, text, name), nil, policy.Table()...)
			problems, _ := errors.AsType[Errors](err)
			if len(problems) != 1 || problems[0].Text != "is not built yet" {
				t.Errorf("%s: got\n%v", name, err)
			}
		}
	}
}
