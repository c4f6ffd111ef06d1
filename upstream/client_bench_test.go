package upstream

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"penstock/exchange"
)

// quick is an act that responds to every head without parsing or allocating.
func quick(answer []byte) func(*peer) {
	return func(p *peer) {
		buf := make([]byte, 16<<10)
		for have := 0; ; {
			n, err := p.Conn.Read(buf[have:])
			if err != nil {
				return
			}
			if have += n; bytes.HasSuffix(buf[:have], []byte("\r\n\r\n")) {
				have = 0
				if _, err := p.Conn.Write(answer); err != nil {
					return
				}
			}
		}
	}
}

func answerOf(n int) []byte {
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nServer: nginx\r\n"+
		"Content-Type: text/plain\r\nContent-Length: %d\r\nConnection: keep-alive\r\nETag: \"abc\"\r\n\r\n", n)
	return append([]byte(head), bytes.Repeat([]byte("a"), n)...)
}

// small is the round trip of an ordinary GET.
func small(tb testing.TB, n int) (step func()) {
	c := clientOf(tb, newScript(tb, quick(answerOf(n))))
	req := request("GET", "/items/7?x=y")
	req.Fields = []byte("User-Agent: curl/8\r\nAccept: */*\r\nX-Forwarded-For: 192.0.2.1\r\nVia: 1.1 penstock\r\n")
	var resp Response
	var at exchange.Attempt
	return func() {
		at = exchange.Attempt{Start: time.Now()}
		if f := c.RoundTrip(req, &resp, &at); f != nil || len(resp.Buffered) != n {
			tb.Fatalf("fault %v, %d bytes; want %d", f, len(resp.Buffered), n)
		}
	}
}

func BenchmarkRoundTrip1K(b *testing.B) {
	step := small(b, 1<<10)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}

// BenchmarkRawRoundTrip is the floor: the same bytes over the same loopback with
// nothing but a write and a read.
func BenchmarkRawRoundTrip(b *testing.B) {
	answer := answerOf(1 << 10)
	s := newScript(b, quick(answer))
	c, err := net.Dial("tcp", s.Address)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	head := request("GET", "/items/7?x=y").appendTo(nil, false)
	buf := make([]byte, len(answer))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(head); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStream1M(b *testing.B) {
	const size = 1 << 20
	c := clientOf(b, newScript(b, quick(answerOf(size))))
	sink, client := sinkPair(b)
	go func() { _, _ = io.Copy(io.Discard, client) }()
	req := request("GET", "/")
	var resp Response
	var at exchange.Attempt
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		at = exchange.Attempt{Start: time.Now()}
		if f := c.RoundTrip(req, &resp, &at); f != nil {
			b.Fatal(f)
		}
		if err := resp.Body.Transfer(through(sink, false)); err != nil || resp.Body.Sent() != size {
			b.Fatal(resp.Body.Sent(), err)
		}
		_ = resp.Body.Close()
	}
}

func BenchmarkChunkedReader(b *testing.B) {
	in := bytes.Repeat([]byte("400\r\n"+string(bytes.Repeat([]byte("a"), 1<<10))+"\r\n"), 64)
	in = append(in, "0\r\n\r\n"...)
	r := bytes.NewReader(in)
	src := &source{br: bufio.NewReaderSize(nil, maxResponseHead)}
	var c chunkReader
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		r.Reset(in)
		src.br.Reset(r)
		c.reset(src)
		for {
			data, err := c.next(true)
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			c.advance(len(data))
		}
	}
}
