package headers

import (
	"strings"
	"testing"
)

// decode gives s the next bytes, with room for so many of data at a time, and returns
// the data and how many bytes were taken.
func decode(s *ChunkScan, p []byte, room int) (data []byte, taken int, problem Problem) {
	dst := make([]byte, room)
	for taken < len(p) && !s.Done() && problem == NoProblem {
		copied, n, p := s.Decode(dst, p[taken:])
		data, taken, problem = append(data, dst[:copied]...), taken+n, p
	}
	return data, taken, problem
}

func TestChunkScanFindsTheExactEnd(t *testing.T) {
	for name, tc := range map[string]struct{ body, data string }{
		"no data":           {"0\r\n\r\n", ""},
		"one chunk":         {"5\r\nhello\r\n0\r\n\r\n", "hello"},
		"upper and lower":   {"A\r\n0123456789\r\na\r\nabcdefghij\r\n000\r\n\r\n", "0123456789abcdefghij"},
		"extensions":        {"5;a=b;c=\"d e\"\r\nhello\r\n0 ; x\r\n\r\n", "hello"},
		"data like an end":  {"7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n"},
		"trailers":          {"0\r\nX-Sum: 1\r\nX-B:\r\n\r\n", ""},
		"sixteen digits":    {"0000000000000005\r\nhello\r\n0\r\n\r\n", "hello"},
		"longest extension": {"1;" + strings.Repeat("x", maxChunkExtension) + "\r\na\r\n0\r\n\r\n", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			all := tc.body + "GET /next HTTP/1.1\r\n\r\n"
			for step := 1; step <= len(all); step++ {
				var s ChunkScan
				taken, data := 0, ""
				for from := 0; from < len(all) && !s.Done(); from += step {
					d, n, p := decode(&s, []byte(all[from:min(from+step, len(all))]), 1+step%7)
					if p != NoProblem {
						t.Fatalf("in steps of %d: %v after %d bytes", step, p, taken+n)
					}
					taken, data = taken+n, data+string(d)
				}
				if taken != len(tc.body) || !s.Done() || data != tc.data {
					t.Fatalf("in steps of %d: took %d bytes of %d, done %v, data %q", step, taken, len(tc.body), s.Done(), data)
				}
			}
		})
	}
}

func TestPassingNothingChangesNothing(t *testing.T) {
	var s ChunkScan
	s.Pass(0) // a read that failed
	if data, taken, problem := decode(&s, []byte("2\r\nab\r\n0\r\n\r\n"), 8); string(data) != "ab" || taken != 12 || problem != NoProblem {
		t.Errorf("got %q, %d bytes taken, %v; want the body", data, taken, problem)
	}
}

// Data that nobody has to look at may pass by itself.
func TestChunkScanLetsDataPass(t *testing.T) {
	var s ChunkScan
	if _, n, p := s.Decode(nil, []byte("5\r\nhello")); n != 3 || p != NoProblem || s.Data() != 5 {
		t.Fatalf("took %d, %v, %d bytes to come; want 3 and 5", n, p, s.Data())
	}
	if s.Pass(2); s.Data() != 3 {
		t.Errorf("after 2 bytes: %d to come, want 3", s.Data())
	}
	s.Pass(3)
	if _, n, p := s.Decode(nil, []byte("\r\n0\r\nX: 1\r\n\r\nGET")); n != 13 || p != NoProblem || !s.Done() || s.Data() != 0 {
		t.Errorf("the end: took %d, %v, done %v", n, p, s.Done())
	}
	if got := string(s.Trailer()); got != "X: 1\r\n" {
		t.Errorf("trailer section: got %q", got)
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
		"a number behind a space":        {"5 5\r\nhello\r\n", BadChunk},
		"a space without an extension":   {"5 \r\nhello\r\n", BadChunk},
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
			if _, _, p := decode(&s, []byte(tc.body), 9); p != tc.want || s.Done() {
				t.Errorf("got %v, done %v; want %v", p, s.Done(), tc.want)
			}
		})
	}
}

func TestChunkScanIsReadyForAnotherBody(t *testing.T) {
	var s ChunkScan
	_, _, _ = s.Decode(nil, []byte("0\r\nX: 1\r\n\r\n"))
	s.Reset()
	if d, n, p := decode(&s, []byte("1\r\na\r\n0\r\n\r\n"), 9); string(d) != "a" || n != 11 || p != NoProblem || !s.Done() || len(s.Trailer()) > 0 {
		t.Errorf("after Reset: %q, took %d, %v, done %v", d, n, p, s.Done())
	}
}

// FuzzChunkScan splits its input in two ways, which must make no difference, and
// never takes a byte after the end.
func FuzzChunkScan(f *testing.F) {
	f.Add([]byte("5;x\r\nhello\r\n0\r\nA: b\r\n\r\nGET"), uint8(3))
	f.Add([]byte("0\r\n\n"), uint8(1))
	f.Fuzz(func(t *testing.T, body []byte, cut uint8) {
		var whole, parts ChunkScan
		data, n, p := decode(&whole, body, len(body)+1)
		at := min(int(cut), len(body))
		some, m, q := decode(&parts, body[:at], 1+int(cut)%5)
		if q == NoProblem && !parts.Done() {
			rest, more, r := decode(&parts, body[at:], 1+int(cut)%5)
			some, m, q = append(some, rest...), m+more, r
		}
		if n != m || p != q || whole.Done() != parts.Done() || string(data) != string(some) {
			t.Errorf("whole: %d %v %v %q, in two parts: %d %v %v %q", n, p, whole.Done(), data, m, q, parts.Done(), some)
		}
		if whole.Done() && (n < len("0\r\n\r\n") || string(body[n-2:n]) != "\r\n") {
			t.Errorf("ended behind %q", body[:n])
		}
	})
}
