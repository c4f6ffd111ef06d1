//go:build !race

package headers

import "testing"

// The race detector allocates, so this file has a build tag.

func TestRequestPathAllocatesNothing(t *testing.T) {
	step, done := forwardStep(t)
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("fields of a request: got %v allocations, want 0", n)
	}
	done()
	rules := PathRules{EncodedSlash: Change, Backslash: Keep, DotSegments: Change}
	path, dst := []byte("/a/%62/../c%2fd%5c%25"), make([]byte, 0, 64)
	n := testing.AllocsPerRun(1000, func() {
		target, _ := SplitTarget([]byte("http://h.example:80/a?b"))
		if !ValidHost(target.Authority) {
			t.Error("the authority is valid")
		}
		dst, _, _ = rules.Normalize(dst[:0], path)
	})
	if n != 0 {
		t.Errorf("target and path: got %v allocations, want 0", n)
	}
}

func TestResponsePathAllocatesNothing(t *testing.T) {
	var block Block
	raw := []byte("Content-Length: 5\r\nDate: Mon, 23 Nov 2026 14:00:00 GMT\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n")
	out := make([]byte, 0, 512)
	n := testing.AllocsPerRun(1000, func() {
		http11, status, _, _ := ParseStatusLine([]byte("HTTP/1.1 200 OK"))
		block.Parse(raw)
		if f, p := ResponseFraming([]byte("GET"), status, &block, http11); p != NoProblem || f.Length != 5 {
			t.Errorf("framing: got %v %v", f, p)
		}
		block.DropHopByHop()
		if block.Count(SetCookie) != 2 {
			t.Error("lost a cookie")
		}
		out = block.Append(out[:0])
	})
	if n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}
