package headers

import (
	"strings"
	"testing"
)

func TestChunkScanFindsTheExactEnd(t *testing.T) {
	for name, body := range map[string]string{
		"no data":           "0\r\n\r\n",
		"one chunk":         "5\r\nhello\r\n0\r\n\r\n",
		"upper and lower":   "A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n",
		"extensions":        "5;a=b;c=\"d e\"\r\nhello\r\n0 ; x\r\n\r\n",
		"data like an end":  "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
		"trailers":          "0\r\nX-Sum: 1\r\nX-B:\r\n\r\n",
		"sixteen digits":    "0000000000000005\r\nhello\r\n0\r\n\r\n",
		"longest extension": "1;" + strings.Repeat("x", maxChunkExtension) + "\r\na\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			all := body + "GET /next HTTP/1.1\r\n\r\n"
			for step := 1; step <= len(all); step++ {
				var s ChunkScan
				taken := 0
				for from := 0; from < len(all) && !s.Done(); from += step {
					n, p := s.Scan([]byte(all[from:min(from+step, len(all))]))
					if p != NoProblem {
						t.Fatalf("in steps of %d: %v after %d bytes", step, p, taken+n)
					}
					taken += n
				}
				if taken != len(body) || !s.Done() {
					t.Fatalf("in steps of %d: took %d bytes of %d, done %v", step, taken, len(body), s.Done())
				}
			}
		})
	}
}

func TestChunkScanForgivesNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want Problem
	}{
		"no digits":                      {"\r\n", BadChunk},
		"a sign":                         {"+5\r\n", BadChunk},
		"0x":                             {"0x5\r\n", BadChunk},
		"a space first":                  {" 5\r\n", BadChunk},
		"seventeen digits":               {"00000000000000005\r\n", BadChunk},
		"too large a size":               {"ffffffffffffffff\r\n", BadChunk},
		"bare LF behind the size":        {"5\nhello\r\n", BadChunk},
		"bare CR behind the size":        {"5\rhello\r\n", BadChunk},
		"LF in an extension":             {"5;a\nb\r\nhello\r\n", BadChunk},
		"NUL in an extension":            {"5;a\x00\r\nhello\r\n", BadChunk},
		"an extension that is too long":  {"1;" + strings.Repeat("x", maxChunkExtension+1) + "\r\n", BadChunk},
		"other bytes behind the data":    {"5\r\nhelloXX", BadChunk},
		"bare LF behind the data":        {"5\r\nhello\n0", BadChunk},
		"bare LF at the end":             {"0\r\n\n", BadTrailer},
		"bare LF behind trailers":        {"0\r\nA: 1\r\n\n", BadTrailer},
		"bare LF in trailers":            {"0\r\nA: 1\nB: 2\r\n\r\n", BadTrailer},
		"a folded trailer":               {"0\r\nA: 1\r\n 2\r\n\r\n", BadTrailer},
		"a space before a trailer colon": {"0\r\nA : 1\r\n\r\n", BadTrailer},
		"trailers that are too large":    {"0\r\nA: " + strings.Repeat("x", maxTrailerBytes) + "\r\n\r\n", BadTrailer},
		"CR without LF at the end":       {"0\r\n\rX", BadChunk},
	} {
		t.Run(name, func(t *testing.T) {
			var s ChunkScan
			if _, p := s.Scan([]byte(tc.body)); p != tc.want || s.Done() {
				t.Errorf("got %v, done %v; want %v", p, s.Done(), tc.want)
			}
		})
	}
}

func TestChunkScanIsReadyForAnotherBody(t *testing.T) {
	var s ChunkScan
	_, _ = s.Scan([]byte("0\r\nX: 1\r\n\r\n"))
	s.Reset()
	if n, p := s.Scan([]byte("1\r\na\r\n0\r\n\r\n")); n != 11 || p != NoProblem || !s.Done() {
		t.Errorf("after Reset: took %d, %v, done %v", n, p, s.Done())
	}
}

// FuzzChunkScan splits its input in two ways, which must make no difference, and
// never takes a byte behind the end.
func FuzzChunkScan(f *testing.F) {
	f.Add([]byte("5;x\r\nhello\r\n0\r\nA: b\r\n\r\nGET"), uint8(3))
	f.Add([]byte("0\r\n\n"), uint8(1))
	f.Fuzz(func(t *testing.T, body []byte, cut uint8) {
		var whole, parts ChunkScan
		n, p := whole.Scan(body)
		at := min(int(cut), len(body))
		m, q := parts.Scan(body[:at])
		if q == NoProblem && !parts.Done() {
			more, r := parts.Scan(body[at:])
			m, q = m+more, r
		}
		if n != m || p != q || whole.Done() != parts.Done() {
			t.Errorf("whole: %d %v %v, in two parts: %d %v %v", n, p, whole.Done(), m, q, parts.Done())
		}
		if whole.Done() && (n < len("0\r\n\r\n") || string(body[n-2:n]) != "\r\n") {
			t.Errorf("ended behind %q", body[:n])
		}
	})
}
