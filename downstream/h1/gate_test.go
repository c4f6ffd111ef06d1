package h1

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"

	"penstock/conn"
	"penstock/headers"
)

// headTimes is a server that knows only how long a head may take.
func headTimes(header, idle time.Duration) *Server {
	limits := Limits{Header: header, Idle: idle, BodyIdle: time.Hour}
	return New(Options{Limits: func() Limits { return limits }, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
}

// gatePair returns both ends of a connection on which every Write of the client is
// one segment. It ends with the test, which must run in a bubble.
func gatePair(t *testing.T, g *Server) (client net.Conn, w *gate) {
	sweeper := conn.NewSweeper(sweepEvery)
	sweeper.Start()
	client, server := net.Pipe()
	t.Cleanup(func() {
		_ = client.Close()
		_ = sweeper.Shutdown(t.Context())
	})
	return client, newGate(g, conn.New(server, sweeper))
}

// reading is what fasthttp's buffered reader does: it reads on into a buffer that
// holds what came before. Each result goes to the channel.
func reading(w *gate, size int) <-chan passed {
	all := make(chan passed, 100)
	go func() {
		defer close(all)
		p := make([]byte, size)
		for n := 0; n < len(p); {
			m, err := w.Read(p[n:])
			all <- passed{string(p[n : n+m]), err}
			if n += m; err != nil {
				return
			}
		}
	}()
	return all
}

type passed struct {
	text string
	err  error
}

func TestDrippedHeadWakesFasthttpTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, w := gatePair(t, headTimes(time.Hour, time.Hour))
		all := reading(w, 4096)
		line, fields := "\r\nGET /slow HTTP/1.1\r\n", "Host: a\r\nX-A: 1\r\n\r\n"
		for _, b := range []byte(line + fields) {
			if _, err := client.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
			if synctest.Wait(); w.conn.Phase() != phaseBusy {
				t.Fatalf("phase %d inside of a head", w.conn.Phase())
			}
		}
		if got := <-all; got.text != line || got.err != nil {
			t.Errorf("first: %q, %v; want the request line", got.text, got.err)
		}
		if got := <-all; got.text != fields || got.err != nil {
			t.Errorf("then: %q, %v; want the fields", got.text, got.err)
		}
		if got := <-all; got.text != "" || got.err != io.EOF {
			t.Errorf("after the head: %q, %v; want the end", got.text, got.err)
		}
	})
}

// The time of a head begins with its first byte: not with the connection or the
// response before, and not again with any later byte.
func TestTimeOfAHeadBeginsWithItsFirstByte(t *testing.T) {
	const header, idle = 10 * time.Second, time.Minute
	for name, tc := range map[string]struct {
		state fasthttp.ConnState
		wait  time.Duration // before the first byte
		limit time.Duration // after which a connection that says nothing has to go
	}{
		"new connection":        {fasthttp.StateNew, 9 * time.Second, header},
		"after another request": {fasthttp.StateIdle, 50 * time.Second, idle},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := headTimes(header, idle)
				client, w := gatePair(t, g)
				g.markState(w, tc.state)
				all := reading(w, 4096)
				time.Sleep(tc.wait)
				if synctest.Wait(); w.conn.Phase() != phaseIdle || len(all) != 0 {
					t.Errorf("before a byte has come: phase %d, %d reads", w.conn.Phase(), len(all))
				}
				began, ended := time.Now(), make(chan struct{})
				go func() {
					defer close(ended)
					_, _ = io.WriteString(client, "GET / HTTP/1.1\r\nX-A: ")
					for range 100 {
						time.Sleep(time.Second)
						_, _ = client.Write([]byte("x")) // in the end nobody takes it
					}
					_ = client.Close()
				}()
				<-all // the request line
				last := <-all
				if took := time.Since(began); !errors.Is(last.err, os.ErrDeadlineExceeded) || took < header || took > header+3*sweepEvery {
					t.Errorf("ended after %v with %v; want %v and a passed deadline", took, last.err, header)
				}
				if !strings.HasPrefix(last.text, "xxxxxxxx") {
					t.Errorf("what had come is lost: %q", last.text)
				}
				_ = w.Close()
				<-ended

				_, silent := gatePair(t, g)
				g.markState(silent, tc.state)
				began = time.Now()
				n, err := silent.Read(make([]byte, 100))
				if took := time.Since(began); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || took < tc.limit || took > tc.limit+3*sweepEvery {
					t.Errorf("silent: ended after %v with %v; want %v", took, err, tc.limit)
				}
			})
		})
	}
}

// However a request ends, the rest of its body is never taken for another request.
func TestNothingFollowsABodyThatWasNotRead(t *testing.T) {
	const head, hidden = "POST /1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
	for name, judge := range map[string]func(w *gate){
		"not judged": func(*gate) {},
		"sized":      func(w *gate) { w.body(headers.Framing{Kind: headers.Sized, Length: 1}) },
		"chunked":    func(w *gate) { w.body(headers.Framing{Kind: headers.Chunked}) },
		"chunked, half of it": func(w *gate) {
			w.body(headers.Framing{Kind: headers.Chunked})
			_, _ = w.readBody(make([]byte, 9))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, w := gatePair(t, headTimes(time.Minute, time.Minute))
				go func() { _, _ = io.WriteString(client, head+"1\r\na\r\n"+hidden) }()
				p := make([]byte, 4096)
				if n, err := w.Read(p); string(p[:n]) != head || err != nil {
					t.Fatalf("got %q, %v; want %q", p[:n], err, head)
				}
				judge(w)
				w.next()
				if n, err := w.Read(p); n != 0 || err != errBodyLeft {
					t.Errorf("got %q, %v; want nothing", p[:n], err)
				}
			})
		})
	}
}

func TestPipelinedHeadsPassOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, w := gatePair(t, headTimes(10*time.Second, time.Minute))
		one, two, third := "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /2 HTTP/1.1\r\nHost: b\r\n\r\n", "GET /3 HT"
		go func() { _, _ = io.WriteString(client, one+two+third) }()
		p := make([]byte, 4096)
		for _, want := range []string{one, two} {
			n, err := w.Read(p)
			if string(p[:n]) != want || err != nil {
				t.Fatalf("got %q, %v; want %q", p[:n], err, want)
			}
			w.body(headers.Framing{})
			w.conn.SetPhase(phaseIdle)
			time.Sleep(time.Minute) // it gets its response; the head received meanwhile has not begun
			w.next()
		}
		began := time.Now()
		n, err := w.Read(p)
		if took := time.Since(began); string(p[:n]) != third || !errors.Is(err, os.ErrDeadlineExceeded) || took < 10*time.Second {
			t.Errorf("after %v: %q, %v", took, p[:n], err)
		}
		if w.conn.Phase() != phaseBusy {
			t.Errorf("phase %d", w.conn.Phase())
		}
	})
}

func TestHeadLargerThanTheBufferPassesInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, w := gatePair(t, headTimes(time.Hour, time.Hour))
		head := "GET / HTTP/1.1\r\nX-A: " + strings.Repeat("x", 100)
		go func() {
			for _, b := range []byte(head) {
				if _, err := client.Write([]byte{b}); err != nil {
					return
				}
			}
		}()
		var got string
		for _, size := range []int{10, 50, 60} {
			p := make([]byte, size)
			n, err := w.Read(p)
			if got += string(p[:n]); err != nil || n == 0 {
				t.Fatalf("%d, %v", n, err)
			}
		}
		if !strings.HasPrefix(head, got) || len(got) != 10+6+60 { // to the end of the buffer, of the line, of the buffer
			t.Errorf("got %d bytes: %q", len(got), got)
		}
	})
}

// A connection that breaks between two requests, also just after it was parked, owes nobody
// a response; a new one that sends nothing does.
func TestSilenceOwesAnAnswerOnlyToTheFirstRequest(t *testing.T) {
	for _, c := range []struct {
		w         gate
		err, want error
	}{
		{gate{heads: 1}, syscall.ECONNRESET, io.EOF},
		{gate{heads: 1}, os.ErrDeadlineExceeded, io.EOF},
		{gate{heads: 1, begun: true}, os.ErrDeadlineExceeded, os.ErrDeadlineExceeded},
		{gate{}, os.ErrDeadlineExceeded, os.ErrDeadlineExceeded},
	} {
		if got := c.w.silence(c.err); got != c.want || c.w.parked {
			t.Errorf("%d heads, begun %v, %v: got %v, parked %v", c.w.heads, c.w.begun, c.err, got, c.w.parked)
		}
	}
}
