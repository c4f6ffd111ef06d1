package httpcache

import "testing"

// hitScene is a request whose response is stored.
func hitScene(t testing.TB, s *scene) *request {
	s.says(rawResponse(200, "0123456789", fresh, `ETag: "a"`))
	s.get("Accept-Language: en", "Cookie: session=0123456789abcdef")
	r := s.request("GET /a", "Accept-Language: en", "Cookie: session=0123456789abcdef")
	r.begin()
	if outcome, _ := s.engine.Lookup(&r.t); outcome != Serve {
		t.Fatal("not a hit")
	}
	return r
}

// BenchmarkStep measures the steps of a hit.
func BenchmarkStep(b *testing.B) {
	s := newScene(b, "")
	r := hitScene(b, s)
	for _, step := range []struct {
		name string
		once func() bool // false is a failure
	}{
		{"key", func() bool {
			r.t.Reset()
			r.begin()
			return r.t.role == roleFill
		}},
		{"find", func() bool {
			s.engine.find(&r.t)
			return r.t.stored.found
		}},
		{"hit", func() bool {
			r.t.Reset()
			r.begin()
			outcome, _ := s.engine.Lookup(&r.t)
			return outcome == Serve
		}},
	} {
		b.Run(step.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !step.once() {
					b.Fatal("it failed")
				}
			}
		})
	}
}
