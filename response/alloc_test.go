//go:build !race

package response

import (
	"testing"

	"penstock/exchange"
	"penstock/headers"
)

// The race detector allocates, so these tests have a file of their own.

func TestResponsesAllocateNothing(t *testing.T) {
	lines := []byte("Content-Type: text/plain\r\nServer: o\r\n")
	var b headers.Block
	fault := exchange.Refuse(exchange.QueueFull)
	r := new(Response)
	r.Reset(0)
	plain, edited := Common{IDName: []byte("X-Id"), ID: []byte("7"), Now: atNoon}, Common{Now: atNoon, Edits: &edits{drop: "server"}}
	text := make([]byte, 0, 512)
	for name, once := range map[string]func(){
		"fields as they are": func() { r.Reset(1024); r.SetFields(plain.AppendLines(r.Fields, lines, false, &b)) },
		"fields edited":      func() { r.Reset(1024); r.SetFields(edited.AppendLines(r.Fields, lines, false, &b)) },
		"a problem":          func() { text = AppendProxyStatus(AppendProblem(text[:0], false, fault, Problem{}), "edge", fault) },
	} {
		once()
		if n := testing.AllocsPerRun(500, once); n != 0 {
			t.Errorf("%s: got %v allocations, want 0", name, n)
		}
	}
}
