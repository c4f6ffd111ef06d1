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

	"penstock/conn"
	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
)

// headTimes is a server that knows only how long a head may take.
func headTimes(header, idle time.Duration) *Server {
	limits := Limits{Header: header, Idle: idle, BodyIdle: time.Hour}
	return New(Options{Limits: func() Limits { return limits }, Now: time.Now, Log: slog.New(slog.DiscardHandler), HeaderBytes: 4096})
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

// receive has the gate receive a head. It returns the head, without its fields if it is refused.
func receive(w *gate) (downstream.Head, exchange.Reason, error) {
	err := w.readHead()
	return w.received(), w.head.refused, err
}

// wants holds that w receives the request with this target and these fields.
func wants(t *testing.T, w *gate, target, fields string) {
	t.Helper()
	head, why, err := receive(w)
	if string(head.Target) != target || string(head.Fields) != fields || why != exchange.NoReason || err != nil {
		t.Fatalf("got %q with %q, %v, %v; want %q with %q", head.Target, head.Fields, why, err, target, fields)
	}
}

func TestDrippedHeadIsOneRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, w := gatePair(t, headTimes(time.Hour, time.Hour))
		read := make(chan bool)
		go func() {
			defer close(read)
			wants(t, w, "/slow", "Host: a\r\nX-A: 1\r\n\r\n")
		}()
		for i, b := range []byte("\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n") {
			if _, err := client.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
			want := phaseBusy
			if i < len("\r\n\r\n") {
				want = phaseIdle // an empty line is no part of a head
			}
			if synctest.Wait(); w.conn.Phase().Load() != want {
				t.Fatalf("phase %d after byte %d, want %d", w.conn.Phase().Load(), i, want)
			}
		}
		<-read
	})
}

// The time of a head begins with its first byte: not with the connection or the
// response before, and not again with any later byte.
func TestTimeOfAHeadBeginsWithItsFirstByte(t *testing.T) {
	const header, idle = 10 * time.Second, time.Minute
	for name, tc := range map[string]struct {
		wait  time.Duration // before the first byte
		limit time.Duration // after which a connection that says nothing has to go
	}{
		"new connection":        {9 * time.Second, header},
		"after another request": {50 * time.Second, idle},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := headTimes(header, idle)
				client, w := gatePair(t, g)
				w.await(tc.limit)
				refused := make(chan exchange.Reason)
				go func() {
					head, why, _ := receive(w)
					if string(head.Target) != "/" || head.Fields != nil {
						t.Errorf("got %q, %q; want what was read of it", head.Target, head.Fields)
					}
					refused <- why
				}()
				time.Sleep(tc.wait)
				if synctest.Wait(); w.conn.Phase().Load() != phaseIdle {
					t.Errorf("before a byte has come: phase %d", w.conn.Phase().Load())
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
				why := <-refused
				if took := time.Since(began); why != exchange.HeaderStalled || took < header || took > header+3*sweepEvery {
					t.Errorf("ended after %v with %v; want %v and %v", took, why, header, exchange.HeaderStalled)
				}
				_ = w.Close()
				<-ended

				_, silent := gatePair(t, g)
				silent.await(tc.limit)
				began = time.Now()
				err := silent.readHead()
				if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took < tc.limit || took > tc.limit+3*sweepEvery {
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
				wants(t, w, "/1", "Host: a\r\n\r\n")
				judge(w)
				w.next()
				if err := w.readHead(); err != io.EOF || w.broken != errBodyLeft {
					t.Errorf("%v, %v; want the end", err, w.broken)
				}
			})
		})
	}
}

// A read of a body that does not exist takes nothing of the next request.
func TestARequestWithoutABodyIsAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, w := gatePair(t, headTimes(time.Minute, time.Minute))
		go func() {
			for _, target := range []string{"/1", "/2"} {
				_, _ = io.WriteString(client, "GET "+target+" HTTP/1.1\r\nHost: a\r\n\r\n")
			}
		}()
		wants(t, w, "/1", "Host: a\r\n\r\n")
		w.body(headers.Framing{})
		if n, err := w.readBody(make([]byte, 9)); n != 0 || err != io.EOF {
			t.Errorf("got %d bytes and %v, want the end", n, err)
		}
		w.next()
		wants(t, w, "/2", "Host: a\r\n\r\n")
	})
}

func TestPipelinedHeadsPassOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, w := gatePair(t, headTimes(10*time.Second, time.Minute))
		go func() {
			_, _ = io.WriteString(client, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\nGET /3 HT")
		}()
		for _, want := range [][2]string{{"/1", "Host: a\r\n\r\n"}, {"/2", "Host: b\r\n\r\n"}} {
			wants(t, w, want[0], want[1])
			w.body(headers.Framing{})
			w.conn.Phase().Store(phaseIdle)
			time.Sleep(time.Minute) // it gets its response; the head received meanwhile has not begun
			w.next()
		}
		began := time.Now()
		_, why, err := receive(w)
		if took := time.Since(began); why != exchange.HeaderStalled || err != nil || took < 10*time.Second {
			t.Errorf("after %v: %v, %v", took, why, err)
		}
		if w.conn.Phase().Load() != phaseBusy {
			t.Errorf("phase %d", w.conn.Phase().Load())
		}
	})
}

func TestRefusedHeads(t *testing.T) {
	const line = "GET /a HTTP/1.1\r\n"
	long := strings.Repeat("x", 4096)
	for name, tc := range map[string]struct {
		sent   string
		reason exchange.Reason
		target string // what is known of it
	}{
		"a line that ends with LF":        {line + "Host: a\n", exchange.BadHeader, "/a"},
		"an empty line that is LF":        {line + "Host: a\r\n\n", exchange.BadHeader, "/a"},
		"LF before the request line":      {"\n", exchange.BadHeader, ""},
		"a request line that is none":     {"GET /a\r\n", exchange.BadHeader, ""},
		"TLS":                             {"\x16\x03", exchange.TLSOnPlainPort, ""},
		"TLS after an empty line":         {"\r\n\x16\x03\x01", exchange.TLSOnPlainPort, ""},
		"a request line that is too long": {"GET /" + long, exchange.URITooLong, ""},
		"a field line that is too long":   {line + "X: " + long, exchange.HeaderTooLarge, "/a"},
		"too many empty lines":            {strings.Repeat("\r\n", 4096), exchange.URITooLong, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, w := gatePair(t, headTimes(time.Hour, time.Hour))
				go func() { _, _ = io.WriteString(client, tc.sent) }()
				head, why, err := receive(w)
				if why != tc.reason || string(head.Target) != tc.target || head.Fields != nil || err != nil {
					t.Errorf("%v, target %q, fields %q, %v; want %v and %q", why, head.Target, head.Fields, err, tc.reason, tc.target)
				}
			})
		})
	}
}

func TestHeadOfExactlyTheMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, w := gatePair(t, headTimes(time.Hour, time.Hour))
		line := "GET / HTTP/1.1\r\n"
		fields := "X: " + strings.Repeat("x", 4096-len(line)-len("X: \r\n\r\n")) + "\r\n\r\n"
		go func() { _, _ = io.WriteString(client, line+fields) }()
		wants(t, w, "/", fields)
	})
}

// Empty lines between two requests do not begin a head, and a connection that has received
// nothing else is parked all the same.
func TestEmptyLinesAreSilence(t *testing.T) {
	for sent, parked := range map[string]bool{"": true, "\r\n": true, "\r\n\r": false, "G": false} {
		synctest.Test(t, func(t *testing.T) {
			client, w := gatePair(t, headTimes(time.Second, time.Minute))
			w.heads, w.mayPark, w.parkTime = 1, true, time.Minute
			w.conn.SetReadDeadlineIn(QuietTime)
			go func() {
				for i := range sent {
					_, _ = io.WriteString(client, sent[i:i+1])
				}
			}()
			if _, why, err := receive(w); w.parked != parked || (err == io.EOF) == (why != exchange.NoReason) {
				t.Errorf("%q: parked %v, %v, %v", sent, w.parked, why, err)
			}
		})
	}
}

// Half of an empty line is no head either. A connection that has received it cannot be parked,
// and has the rest of its time all the same.
func TestHalfAnEmptyLineDoesNotShortenTheWait(t *testing.T) {
	for name, heads := range map[string]int{"new connection": 0, "after another request": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, w := gatePair(t, headTimes(time.Minute, time.Minute))
				w.heads, w.mayPark, w.parkTime = heads, true, time.Minute
				w.conn.SetReadDeadlineIn(QuietTime)
				go func() {
					_, _ = io.WriteString(client, "\r")
					time.Sleep(50 * time.Second)
					_, _ = io.WriteString(client, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
				}()
				wants(t, w, "/", "Host: a\r\n\r\n")
			})
		})
	}
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
		{gate{}, os.ErrDeadlineExceeded, os.ErrDeadlineExceeded},
	} {
		if got := c.w.silence(c.err); got != c.want || c.w.parked {
			t.Errorf("%d heads, %v: got %v, parked %v", c.w.heads, c.err, got, c.w.parked)
		}
	}
}
