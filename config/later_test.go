package config

import (
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
