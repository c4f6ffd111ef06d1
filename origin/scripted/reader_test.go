package scripted

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

func TestRequestsAreReadStrictly(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"a sized body", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok", `POST /a "ok" whole`},
		{"no framing is no body", "GET /a HTTP/1.1\r\nHost:x \r\n\r\n", `GET /a "" whole`},
		{"chunks, an extension and a trailer", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX: y\r\n\r\n", `POST / "ok" whole`},
		{"empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", `GET / "" whole`},
		{"a higher minor version", "GET / HTTP/1.9\r\nHost: x\r\n\r\n", `GET / "" whole`},
		{"cut in the head", "GET / HTTP/1.1\r\nHost", "cut"},
		{"cut in the body", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nok", `POST /a "ok" cut`},
		{"cut in a chunk", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok", `POST /a "ok" cut`},
		{"nothing", "", "EOF"},
		{"LF alone", "GET / HTTP/1.1\nHost: x\r\n\r\n", "bad"},
		{"a space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "bad"},
		{"two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "bad"},
		{"two lengths", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", `GET / "" bad`},
		{"a chunk that is longer than it says", "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nok\r\n0\r\n\r\n", `GET / "o" bad`},
	} {
		m, err := NewReader(strings.NewReader(tc.text)).Request()
		if got := described(m, err); got != tc.want {
			t.Errorf("%s: got %s, want %s (%v)", tc.name, got, tc.want, err)
		}
	}
}

// described says in a few words what was read.
func described(m *Message, err error) string {
	end := "bad"
	switch {
	case err == nil && m.UntilClose && !m.Complete:
		end = "until close"
	case err == nil && m.Complete:
		end = "whole"
	case err == io.EOF:
		end = "EOF"
	case err == ErrCut:
		end = "cut"
	}
	if m == nil {
		return end
	}
	if m.Status > 0 {
		return fmt.Sprintf("%d %q %s", m.Status, m.Body, end)
	}
	return fmt.Sprintf("%s %s %q %s", m.Method, m.Target, m.Body, end)
}

func TestResponsesAreReadByWhatWasAsked(t *testing.T) {
	const text = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: 1\r\na: 2\r\n\r\n" + // to HEAD
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n" +
		"HTTP/1.1 200\r\n\r\nthe rest"
	r := NewReader(strings.NewReader(text))
	hint, err := r.Response("HEAD")
	if got := described(hint, err); got != `103 "" whole` || hint.Field("link") != "</a>" || hint.Start != "HTTP/1.1 103 Early Hints" {
		t.Errorf("got %s, %+v", got, hint)
	}
	head, err := r.Final("HEAD")
	if got := described(head, err); got != `200 "" whole` || strings.Join(head.Values("A"), ",") != "1,2" {
		t.Errorf("got %s, %+v", got, head)
	}
	for _, want := range []string{`304 "" whole`, `200 "the rest" until close`, "EOF"} {
		if got := described(r.Final("GET")); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	hint, err = NewReader(strings.NewReader(text)).Final("HEAD")
	if got := described(hint, err); got != `200 "" whole` {
		t.Errorf("interim responses are not skipped: %s", got)
	}
}

// A stall is no end: who waits for one that is visible must see the difference.
func TestDeadlineIsNoCut(t *testing.T) {
	for _, text := range []string{"", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok"} {
		in, out := net.Pipe()
		go func() { _, _ = io.WriteString(out, text) }()
		_ = in.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		m, err := NewReader(in).Response("GET")
		if !errors.Is(err, os.ErrDeadlineExceeded) || m != nil && m.Complete {
			t.Errorf("%q: got %+v, %v", text, m, err)
		}
		_ = in.Close()
		_ = out.Close()
	}
}
