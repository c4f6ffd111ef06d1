package headers

import (
	"bytes"
	"strings"
	"testing"
)

// plainHopByHop is which fields of raw are for one connection only, the obvious way:
// by name, compared as text.
func plainHopByHop(b *Block) map[string]bool {
	gone := map[string]bool{"content-length": true}
	for _, name := range []string{
		"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
		"proxy-authenticate", "proxy-authorization", "proxy-authentication-info", "expect",
	} {
		gone[name] = true
	}
	for _, f := range b.Fields {
		if !strings.EqualFold(string(f.Name), "Connection") {
			continue
		}
		for name := range strings.SplitSeq(string(f.Value), ",") {
			if name = strings.ToLower(strings.Trim(name, " \t")); name != "" && IDOf([]byte(name)) == Other {
				gone[name] = true
			}
		}
	}
	return gone
}

// FuzzDropHopByHop: nothing that is for one connection goes on, everything else
// goes on as it was and in its order. Names with "_", which backends may read for
// "-", have tests of their own.
func FuzzDropHopByHop(f *testing.F) {
	for _, seed := range []string{
		string(eightFields), "Connection: X-A , ,x-b\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n", "connection: Host, Via\r\nHost: a\r\n",
		"Connection: \"X-A\"\r\nX-A: 1\r\n", "Connection: X-A\r\nConnection:\r\nX-a: 1\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b Block
		if b.Parse(raw) != NoProblem || bytes.ContainsRune(raw, '_') {
			return
		}
		gone := plainHopByHop(&b)
		var want []byte
		for _, field := range b.Fields {
			if !gone[strings.ToLower(string(field.Name))] {
				want = append(append(append(append(want, field.Name...), ": "...), field.Value...), "\r\n"...)
			}
		}
		b.DropHopByHop()
		if got := b.Append(nil); !bytes.Equal(got, want) {
			t.Errorf("%q became\n%q, want\n%q", raw, got, want)
		}
	})
}

// FuzzEdits: after remove, set and add a name has the values that this order says,
// and what the edits do not name stays as it was.
func FuzzEdits(f *testing.F) {
	f.Add([]byte(eightFields), "X-A", "1", "X-B")
	f.Add([]byte("X-A: 0\r\nx-a: 2\r\nX-B: 3\r\n"), "x-A", " v ", "x-b")
	f.Add([]byte("Cookie: a\r\n"), "Cookie", "b", "Cookie")
	f.Add([]byte("A: b\r\n"), "Host", "b", "Connection")
	f.Fuzz(func(t *testing.T, raw []byte, name, value, removed string) {
		edits, err := NewEdits([]Pair{{name, value}}, []Pair{{name, value}}, []string{removed})
		var b, out Block
		if err != nil || b.Parse(raw) != NoProblem {
			return
		}
		var want []byte
		for _, field := range b.Fields {
			if !strings.EqualFold(string(field.Name), name) && !strings.EqualFold(string(field.Name), removed) {
				want = append(append(append(append(want, field.Name...), ": "...), field.Value...), "\r\n"...)
			}
		}
		line := name + ": " + strings.Trim(value, " \t") + "\r\n"
		want = append(want, line+line...)
		edits.Apply(&b)
		got := b.Append(nil)
		if !bytes.Equal(got, want) {
			t.Errorf("%q with %q=%q without %q became\n%q, want\n%q", raw, name, value, removed, got, want)
		}
		out.MaxFields = defaultMaxFields + 2
		if p := out.Parse(got); p != NoProblem {
			t.Errorf("%q is not a field section any more: %v", got, p)
		}
		if id := IDOf([]byte(name)); id == Host || hopByHop.has(id) || framing.has(id) {
			t.Errorf("%s may not be edited", name)
		}
	})
}
