package h1

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"penstock/headers"
)

// A body that comes with its head is used where it lies, and what follows it survives
// that the next head is written to the same place.
func TestBodyAtHandIsNotCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, w := gatePair(t, headTimes(time.Minute, time.Minute))
		body := strings.Repeat("body", 100)
		long := "Host: a\r\nX-Long: " + strings.Repeat("x", 1000) + "\r\n\r\n"
		go func() {
			_, _ = io.WriteString(client, "POST /1 HTTP/1.1\r\nHost: a\r\n\r\n"+body+"GET /2 HTTP/1.1\r\n"+long+"GET /3 HTTP/1.1\r\n\r\n")
		}()
		wants(t, w, "/1", "Host: a\r\n\r\n")
		w.body(headers.Framing{Kind: headers.Sized, Length: int64(len(body))})
		got := w.wholeBody()
		if string(got) != body || &got[0] != &(*w.head.room)[w.head.looked] {
			t.Errorf("got %q, want the bytes after the head", got)
		}
		if w.unread() {
			t.Error("bytes of the body may still come")
		}
		w.next()
		wants(t, w, "/2", long)
		w.body(headers.Framing{})
		w.next()
		wants(t, w, "/3", "\r\n")
	})
}

func TestBodyIsAtHandOnlyWhenItIsWhole(t *testing.T) {
	const head, end = "POST / HTTP/1.1\r\nHost: a\r\n\r\n", "the end"
	for name, framing := range map[string]headers.Framing{
		"a byte is missing":  {Kind: headers.Sized, Length: int64(len("half"+end)) + 1},
		"half of it came":    {Kind: headers.Sized, Length: int64(len("half" + end))},
		"chunked":            {Kind: headers.Chunked},
		"there is none":      {},
		"its length is zero": {Kind: headers.Sized},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, w := gatePair(t, headTimes(time.Minute, time.Minute))
				go func() {
					_, _ = io.WriteString(client, head+"half")
					_, _ = io.WriteString(client, end)
				}()
				wants(t, w, "/", "Host: a\r\n\r\n")
				w.body(framing)
				if got := w.wholeBody(); len(got) > 0 {
					t.Errorf("got %q", got)
				}
				if framing.Kind != headers.Sized || framing.Length == 0 {
					return
				}
				all := make([]byte, len("half"+end))
				if _, err := io.ReadFull(readerOf(w.readBody), all); err != nil || string(all) != "half"+end {
					t.Errorf("got %q, %v", all, err)
				}
			})
		})
	}
}

// readerOf makes a reader of the function.
type readerOf func(p []byte) (int, error)

func (f readerOf) Read(p []byte) (int, error) { return f(p) }
