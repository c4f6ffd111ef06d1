package httpcache

import (
	"reflect"
	"slices"
	"testing"
)

// A transaction serves one request after another. After Reset it has its memory, emptied, and
// nothing of the request.
func TestResetLeavesNothing(t *testing.T) {
	s := newScene(t, "")
	hit := hitScene(t, s)
	miss := s.request("GET /b", "Accept-Language: en")
	miss.begin()
	if outcome, _ := s.engine.Lookup(&miss.t); outcome != AskOrigin {
		t.Fatal("not a miss")
	}
	for name, x := range map[string]*Transaction{"a hit": &hit.t, "a miss": &miss.t} {
		x.Reset()
		leaves(t, name, reflect.ValueOf(*x))
	}
}

// leaves reports each field of v, and of structs in it, that is not empty.
func leaves(t *testing.T, name string, v reflect.Value) {
	kept := []reflect.Type{reflect.TypeFor[Transaction](), reflect.TypeFor[keys](), reflect.TypeFor[fill](), reflect.TypeFor[body]()}
	for i := range v.NumField() {
		f, at := v.Field(i), name+": "+v.Type().Field(i).Name
		switch {
		case f.Kind() == reflect.Struct && (slices.Contains(kept, f.Type()) || f.Type().Name() == "Block"):
			leaves(t, at, f)
		case f.Kind() == reflect.Slice && f.Len() == 0, v.Type().Field(i).Name == "ranges":
		case !f.IsZero():
			t.Errorf("%s is left", at)
		}
	}
}
