package accesslog

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestQuotedIsSafeToShow(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"plain", "/a?b=c", `"/a?b=c"`},
		{"quote and backslash (8259 §7)", `a"b\c`, `"a\"b\\c"`},
		{"line breaks", "a\r\nb\tc", `"a\r\nb\tc"`},
		{"control characters (8259 §7)", "\x00\x1b[31m\x7f", `"\u0000\u001b[31m\u007f"`},
		{"control characters above ASCII", "\u009b2J", `"\u009b2J"`},
		{"line separators", "a\u2028b\u2029", `"a\u2028b\u2029"`},
		{"UTF-8 stays", "é世🙂", `"é世🙂"`},
		{"each bad byte is replaced", "a\xff\xc3(\xe4\xb8", `"a\ufffd\ufffd(\ufffd\ufffd"`},
		{"surrogate in UTF-8 is not UTF-8", "\xed\xa0\x80", `"\ufffd\ufffd\ufffd"`},
		{"empty", "", `""`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(appendQuoted(nil, tc.in)); got != tc.want {
				t.Errorf("string: got %s, want %s", got, tc.want)
			}
			if got := string(appendQuoted([]byte("x"), []byte(tc.in))); got != "x"+tc.want {
				t.Errorf("bytes: got %s, want x%s", got, tc.want)
			}
		})
	}
}

func TestWordsOfPlainBytesAreFound(t *testing.T) {
	for length := range 20 {
		for at := range length {
			for c := range 256 {
				in := []byte("abcdefgh ~}!#[]/0123456789")[:length]
				in[at] = byte(c)
				want := plain[c]
				head := plainHead(in)
				if head > length || !want && head > at || want && head < length && length >= 8 {
					t.Fatalf("%q: got %d, want all %d if %t, else at most %d", in, head, length, want, at)
				}
			}
		}
	}
}

func FuzzQuoted(f *testing.F) {
	f.Add([]byte("a\"\\\n\x00\xff"))
	f.Add([]byte("\u2028\u009b\U0010ffff\xf4\x90"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out := appendQuoted(nil, in)
		var got string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q became %s: %v", in, out, err)
		}
		if want := string([]rune(string(in))); got != want {
			t.Errorf("%q reads back as %q, want %q", in, got, want)
		}
		bad := func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }
		if !utf8.Valid(out) || strings.ContainsFunc(string(out), bad) {
			t.Errorf("%q became %q: raw control characters or bytes", in, out)
		}
	})
}
