package driver

import (
	"bytes"
	"strings"
	"testing"
)

const ok11 = "HTTP/1.1 200 OK\r\n"

func TestAnswersEndWhereTheirFramingSays(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		status     int
		closes     bool
		retryAfter bool
	}{
		{"sized (9112 §6.2)", ok11 + "Content-Length: 5\r\n\r\nhello", 200, false, false},
		{"empty", ok11 + "content-length:0\r\n\r\n", 200, false, false},
		{"chunked (9112 §7.1)", ok11 + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", 200, false, false},
		{"chunked with a trailer", ok11 + "TRANSFER-ENCODING: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\nX-B: 2\r\n\r\n", 200, false, false},
		{"204 has no body (9112 §6.3)", "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", 204, false, false},
		{"304 has none either", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", 304, false, false},
		{"interim responses come before (9110 §15.2)", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok11 + "Content-Length: 1\r\n\r\nx", 200, false, false},
		{"the last of its connection", ok11 + "Connection: Close\r\nContent-Length: 1\r\n\r\nx", 200, true, false},
		{"HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, true, false},
		{"refused, and when to come again", "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\nno", 503, false, true},
		{"no reason phrase", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, step := range []int{len(tc.text), 1, 7} {
				var a response
				at := 0
				for done := false; !done; at += step {
					if at >= len(tc.text) {
						t.Fatalf("in steps of %d: no end in %q", step, tc.text)
					}
					end := min(at+step, len(tc.text))
					var err error
					if done, err = a.parse([]byte(tc.text[at:end])); err != nil {
						t.Fatalf("in steps of %d: %v at %d", step, err, at)
					}
					if done && end != len(tc.text) {
						t.Fatalf("in steps of %d: ended at %d of %d", step, end, len(tc.text))
					}
				}
				if a.status != tc.status || a.closes != tc.closes || a.retryAfter != tc.retryAfter {
					t.Errorf("in steps of %d: got %d, closes %t, retryAfter %t", step, a.status, a.closes, a.retryAfter)
				}
			}
		})
	}
}

func TestABodyWithoutLengthEndsWithTheConnection(t *testing.T) {
	var a response
	done, err := a.parse([]byte(ok11 + "\r\nwhatever"))
	if done || err != nil || a.part != untilEnd || !a.closes {
		t.Errorf("got done %t, %v, part %d, closes %t", done, err, a.part, a.closes)
	}
}

func TestWhatIsNoAnswerIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"another protocol":        "SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n",
		"HTTP/2":                  "HTTP/2.0 200 OK\r\n\r\n",
		"no status":               "HTTP/1.1 abc OK\r\n\r\n",
		"a status beyond":         "HTTP/1.1 600 OK\r\n\r\n",
		"an empty line first":     "\r\n\r\n" + ok11,
		"a length that is none":   ok11 + "Content-Length: 1x\r\n\r\n",
		"a negative length":       ok11 + "Content-Length: -1\r\n\r\n",
		"a chunk without a size":  ok11 + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
		"more than was asked for": ok11 + "Content-Length: 1\r\n\r\nxy",
		"a head without an end":   ok11 + strings.Repeat("A: b\r\n", maxLine),
	} {
		var a response
		if done, err := a.parse([]byte(text)); err == nil {
			t.Errorf("%s: got done %t, want an error", name, done)
		}
	}
}

// However a response is cut into parts, the parser comes to the same end.
func FuzzAnswerInPieces(f *testing.F) {
	f.Add([]byte(ok11+"Content-Length: 5\r\n\r\nhello"), 3)
	f.Add([]byte(ok11+"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 20)
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 503 No\r\nRetry-After: 1\r\n\r\n"), 30)
	f.Fuzz(func(t *testing.T, text []byte, at int) {
		if len(text) > maxLine || at <= 0 || at >= len(text) {
			return
		}
		var whole, parts response
		done, err := whole.parse(bytes.Clone(text))
		again, err2 := parts.parse(bytes.Clone(text[:at]))
		if again && err == nil {
			t.Fatalf("%q ends at or before %d, which is not its end", text, at)
		}
		if again || err2 != nil {
			return
		}
		again, err2 = parts.parse(bytes.Clone(text[at:]))
		if done != again || (err == nil) != (err2 == nil) || done && whole.status != parts.status {
			t.Errorf("%q: at once done %t, %v; cut at %d done %t, %v", text, done, err, at, again, err2)
		}
	})
}
