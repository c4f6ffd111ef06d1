//go:build !race

package policy

import (
	"testing"

	"penstock/downstream"
	"penstock/response"
)

// The race detector allocates, so this file stands apart from the others.

func TestPoliciesAllocateNothing(t *testing.T) {
	rewrite, err := NewTemplate("/v2/orders/{id}", []string{"id"})
	if err != nil {
		t.Fatal(err)
	}
	strip, err := NewStripPrefix("/a/prefix/that/is/longer/than/thirty/two/bytes")
	if err != nil {
		t.Fatal(err)
	}
	redirect, err := NewRedirect(RedirectOptions{To: "/api/{id}", Code: 308, Params: []string{"id"}})
	if err != nil {
		t.Fatal(err)
	}
	x := captured("id", "4711")
	defer x.Release()
	request, r := &downstream.Request{Query: []byte("q=1")}, new(response.Response)
	call := Call{Request: request, X: x, Response: r}
	path, dst := []byte("/a/prefix/that/is/longer/than/thirty/two/bytes/x"), make([]byte, 0, 256)
	for name, step := range map[string]func(){
		"rewrite":  func() { dst = rewrite.Append(dst[:0], path, x) },
		"strip":    func() { dst = strip.Append(dst[:0], path, x) },
		"redirect": func() { r.Reset(1 << 10); redirect.OnRequest(&call) },
	} {
		step()
		if n := testing.AllocsPerRun(500, step); n != 0 {
			t.Errorf("%s: got %v allocations, want 0", name, n)
		}
	}
}

func BenchmarkTemplate(b *testing.B) {
	rewrite, err := NewTemplate("/v2/orders/{id}", []string{"id"})
	if err != nil {
		b.Fatal(err)
	}
	x := captured("id", "4711")
	defer x.Release()
	dst := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		dst = rewrite.Append(dst[:0], nil, x)
	}
}
