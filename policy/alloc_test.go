//go:build !race

package policy

import (
	"testing"

	"penstock/downstream"
	"penstock/headers"
	"penstock/options"
	"penstock/response"
)

// The race detector allocates, so these tests have a file of their own.

func TestPoliciesAllocateNothing(t *testing.T) {
	rewrite := compiled(t, &Rewrite{Path: "/v2/orders/{id}"}, "id")
	strip := &StripPrefix{Prefix: "/a/prefix/that/is/longer/than/thirty/two/bytes"}
	strip.Compile(new(report), options.Route{Has: func(string) bool { return false }})
	redirect := compiled(t, &Redirect{To: "/api/{id}", Code: 308}, "id")
	respond := compiled(t, &Respond{Status: 200, Body: "ok", Fields: []options.Field{{Name: "X-A", Value: "b"}}})
	edits := compiled(t, &Headers{Request: Edits{Remove: []string{"X-A"}}, Response: Edits{Set: []options.Field{{Name: "X-A", Value: "b"}}}})
	plan := Compile(respond, rewrite, edits)
	x := captured("id", "4711")
	defer x.Release()
	request, r := &downstream.Request{Query: []byte("q=1")}, new(response.Response)
	call := Call{Request: request, X: x, Response: r}
	path, dst := []byte("/a/prefix/that/is/longer/than/thirty/two/bytes/x"), make([]byte, 0, 256)
	fields := []byte("X-A: 1\r\nX-B: 2\r\n\r\n")
	var block headers.Block
	for name, step := range map[string]func(){
		"rewrite": func() { dst = rewrite.AppendTarget(dst[:0], path, &call) },
		"strip":   func() { dst = strip.AppendTarget(dst[:0], path, &call) },
		"respond": func() { r.Reset(1 << 10); plan.OnRequest(&call) },
		"edits": func() {
			block.Parse(fields)
			plan.EditRequest(&block, &call)
			dst = plan.AppendRequest(dst[:0], &call)
			plan.OnResponse(&call, 200, &block)
			plan.EditFields(&block, &call)
		},
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
		dst = rewrite.Append(dst[:0], x)
	}
}
