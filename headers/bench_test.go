package headers

import (
	"net/netip"
	"strings"
	"testing"
)

// eightFields is a request section as a browser might send it.
var eightFields = []byte("Host: www.example.com\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Language: en-US,en;q=0.5\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Connection: keep-alive\r\n" +
	"X-Forwarded-For: 198.51.100.7, 10.0.0.9\r\n" +
	"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n")

func BenchmarkParse(b *testing.B) {
	var block Block
	b.ReportAllocs()
	for b.Loop() {
		if p := block.Parse(eightFields); p != NoProblem {
			b.Fatal(p)
		}
	}
}

func BenchmarkParseSmall(b *testing.B) {
	var block Block
	raw := []byte("Host: 127.0.0.1:8080\r\n\r\n")
	b.ReportAllocs()
	for b.Loop() {
		if p := block.Parse(raw); p != NoProblem {
			b.Fatal(p)
		}
	}
}

func BenchmarkForward(b *testing.B) {
	step, done := forwardStep(b)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
	done()
}

// forwardStep returns what the gateway does with each request's fields.
func forwardStep(tb testing.TB) (step, done func()) {
	var block Block
	edits, err := NewEdits([]Pair{{"X-Edge", "penstock"}}, []Pair{{"X-Tag", "a"}}, []string{"X-Debug"})
	if err != nil {
		tb.Fatal(err)
	}
	trusted := NewPrefixes([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	peer := netip.MustParseAddr("10.0.0.1")
	out := make([]byte, 0, 4096)
	var client netip.Addr
	var framing Framing
	step = func() {
		p := block.Parse(eightFields)
		if p == NoProblem {
			framing, p = RequestFraming(&block, true)
		}
		if p != NoProblem || PassedThrough(&block, "edge-1") {
			tb.Fatal(p)
		}
		client = ClientIP(peer, &block, trusted)
		block.DropHopByHop()
		edits.Apply(&block)
		f := Forwarding{Peer: peer, Trusted: true, Proto: "http", Host: block.Get(Host), Forwarded: true}
		out = f.Append(out[:0], &block)
		out = AppendVia(out, &block, true, "edge-1")
		out = block.Append(out)
	}
	done = func() {
		if client.String() != "198.51.100.7" || framing.Kind != NoBody || !strings.Contains(string(out), "X-Tag: a\r\n") {
			tb.Errorf("client %v, framing %v, out %q", client, framing, out)
		}
	}
	return step, done
}

func BenchmarkSplitTarget(b *testing.B) {
	target := []byte("/shop/items/4711?sort=price&page=2")
	b.ReportAllocs()
	for b.Loop() {
		if _, p := SplitTarget(target); p != NoProblem {
			b.Fatal(p)
		}
	}
}

func BenchmarkNormalizePath(b *testing.B) {
	path, dst := []byte("/shop/items/%34711/./details"), make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		var p Problem
		if dst, p = NormalizePath(dst[:0], path); p != NoProblem {
			b.Fatal(p)
		}
	}
}
