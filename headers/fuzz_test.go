package headers

import (
	"bytes"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

// A field line as RFC 9112 §5 and RFC 9110 §5.5 write it, spelled a second time
// and in another way than the parser does.
var fieldLine = regexp.MustCompile("^(?s)([!#$%&'*+\\-.^_`|~0-9A-Za-z]+):[\t ]*([^\\x00-\\x08\\x0a-\\x1f\\x7f]*?)[\t ]*$")

// slowParse is the obvious reader: split at CRLF and look at each line. Only what
// it takes may be taken, and nothing else may be refused.
func slowParse(raw string) (fields [][2]string, ok bool) {
	raw = latin1(raw)
	if raw == "" {
		return nil, true
	}
	if !strings.HasSuffix(raw, "\r\n") {
		return nil, false
	}
	lines := strings.Split(strings.TrimSuffix(raw, "\r\n"), "\r\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	options := 0
	for _, line := range lines {
		m := fieldLine.FindStringSubmatch(line)
		if m == nil {
			return nil, false
		}
		fields = append(fields, [2]string{m[1], m[2]})
		if strings.EqualFold(m[1], "Connection") {
			_, value, _ := strings.Cut(line, ":")
			options += len([]rune(value))
		}
	}
	return fields, len(fields) <= defaultMaxFields && options <= maxConnection
}

// latin1 makes every octet a rune, as regexp does not know octets.
func latin1(s string) string {
	var out strings.Builder
	for i := range len(s) {
		out.WriteRune(rune(s[i]))
	}
	return out.String()
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		string(eightFields), "A: b\r\n", "\r\n", "A:\tb \r\n\r\n", "A : b\r\n", "A: b\n\r\n", "A: b\r\n c\r\n",
		"A: b\x00\r\n", "A: \xff\r\n", "A: b\r\n\r\nC", claims,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b, again Block
		want, ok := slowParse(string(raw))
		p := b.Parse(raw)
		if ok != (p == NoProblem) {
			t.Fatalf("Parse(%q): got %v, the reference accepts %v", raw, p, ok)
		}
		if !ok {
			return
		}
		if len(want) != len(b.Fields) {
			t.Fatalf("Parse(%q): got %d fields, want %d", raw, len(b.Fields), len(want))
		}
		for i, field := range b.Fields {
			if latin1(string(field.Name)) != want[i][0] || latin1(string(field.Value)) != want[i][1] {
				t.Errorf("field %d: got %q: %q, want %q", i, field.Name, field.Value, want[i])
			}
		}
		out := b.Append(nil)
		if p := again.Parse(out); p != NoProblem || !bytes.Equal(again.Append(nil), out) {
			t.Errorf("what was read from %q does not survive writing: %q %v", raw, out, p)
		}
	})
}

func FuzzRequestFraming(f *testing.F) {
	for _, seed := range []string{
		"Content-Length: 5\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
		"Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "Content-Length: 00\r\n",
	} {
		f.Add([]byte(seed), true)
	}
	number := regexp.MustCompile(`^0*([0-9]{1,18})$`)
	f.Fuzz(func(t *testing.T, raw []byte, http11 bool) {
		var b Block
		if b.Parse(raw) != NoProblem {
			return
		}
		var lengths, codings []string
		for _, field := range b.Fields {
			switch strings.ToLower(string(field.Name)) {
			case "content-length":
				lengths = append(lengths, string(field.Value))
			case "transfer-encoding":
				codings = append(codings, strings.ToLower(string(field.Value)))
			}
		}
		got, p := RequestFraming(&b, http11)
		switch {
		case p != NoProblem:
			if len(lengths)+len(codings) == 0 {
				t.Errorf("%q: refused as %v without any framing field", raw, p)
			}
		case len(codings) > 0:
			if got.Kind != Chunked || len(codings) != 1 || codings[0] != "chunked" || len(lengths) != 0 || !http11 {
				t.Errorf("%q: took %v", raw, got)
			}
		case len(lengths) > 0:
			if got.Kind != Sized || len(lengths) != 1 || got.Length < 1e18 && !number.MatchString(lengths[0]) {
				t.Errorf("%q: took %v", raw, got)
			}
		case got.Kind != NoBody:
			t.Errorf("%q: got %v without any framing field", raw, got)
		}
	})
}

func FuzzSplitTarget(f *testing.F) {
	for _, seed := range []string{"/", "/a?b", "*", "http://h/a?b", "https://[::1]:8?x", "h:1", "//h/?x=://", "http://u@h/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, target string) {
		got, p := SplitTarget([]byte(target))
		if p != NoProblem {
			return
		}
		whole := string(got.Path)
		if got.HasQuery {
			whole += "?" + string(got.Query)
		}
		switch got.Form {
		case OriginForm:
			if whole != target {
				t.Errorf("%q came apart as %q", target, whole)
			}
		case AbsoluteForm:
			_, after, _ := strings.Cut(target, "://")
			rest := strings.TrimPrefix(after, string(got.Authority))
			if !ValidHost(got.Authority) || rest != whole && "/"+rest != whole {
				t.Errorf("%q came apart as %q %q", target, got.Authority, whole)
			}
		}
		if (got.Form == OriginForm || got.Form == AbsoluteForm) && got.Path[0] != '/' {
			t.Errorf("%q: path %q", target, got.Path)
		}
	})
}

// For every input the output is well-formed, has nothing hop-by-hop, and
// nothing of what a stranger claims about earlier hops.
func FuzzForward(f *testing.F) {
	for _, seed := range []string{claims, string(eightFields), "Connection: Via, X-Forwarded-For\r\nX_Forwarded_For: 1\r\n", "Via: 1.1 a (\r\n"} {
		f.Add([]byte(seed))
	}
	peer := netip.MustParseAddr("198.51.100.1")
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b, out Block
		if b.Parse(raw) != NoProblem {
			return
		}
		b.DropHopByHop()
		forward := Forwarding{Peer: peer, Proto: "http", Forwarded: true}
		sent := b.Append(AppendVia(forward.Append(nil, &b), &b, true, "edge"))
		out.MaxFields = 2 * defaultMaxFields
		if p := out.Parse(sent); p != NoProblem {
			t.Fatalf("%q became %q: %v", raw, sent, p)
		}
		if out.seen&(hopByHop|setOf(ContentLength, Lookalike)) != 0 {
			t.Errorf("%q became %q", raw, sent)
		}
		if got := string(out.Get(XForwardedFor)); got != peer.String() || out.Count(XForwardedFor) != 1 || out.Has(XRealIP) {
			t.Errorf("%q became %q", raw, sent)
		}
		if via := out.Get(Via); !bytes.HasSuffix(via, []byte("1.1 edge")) || out.Count(Via) != 1 {
			t.Errorf("%q became Via %q", raw, via)
		}
	})
}
