package upstream

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"penstock/exchange"
	"penstock/headers"
)

// ending holds the arguments of OnClose.
type ending struct {
	calls    int
	complete bool
	fault    *exchange.Fault
	received int64
}

func watch(s *BodyStream) *ending {
	e := new(ending)
	s.OnClose = func(complete bool, fault *exchange.Fault, received int64) {
		*e = ending{e.calls + 1, complete, fault, received}
	}
	return e
}

// streamed makes a round trip whose response must be a stream.
func streamed(t testing.TB, c *Client, req *Request) *trial {
	t.Helper()
	tr := mustTry(t, c, req)
	if tr.resp.Body == nil {
		t.Fatal("the answer is not streamed")
	}
	return tr
}

func TestBodiesThatAreCut(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	const incomplete, coding = exchange.HTTPResponseIncomplete, exchange.HTTPResponseTransferCoding
	for _, tc := range []struct {
		name, answer, body string
		kind               exchange.Kind
	}{
		{"large sized", "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\nabc", "abc", incomplete},
		{"between chunks", chunked + "3\r\nabc\r\n", "abc", incomplete},
		{"in a chunk", chunked + "5\r\nabc", "abc", incomplete},
		{"behind the chunk's data", chunked + "3\r\nabc", "abc", incomplete},
		{"in the size line", chunked + "3\r\nabc\r\n1", "abc", incomplete},
		{"behind the last chunk's size line", chunked + "3\r\nabc\r\n0\r\n", "abc", incomplete},
		{"in the trailers", chunked + "3\r\nabc\r\n0\r\nX-A: b\r\n", "abc", incomplete},
		{"one byte before the end", chunked + "3\r\nabc\r\n0\r\n\r", "abc", incomplete},
		{"before the first chunk", chunked, "", incomplete},
		{"an octet in place of CRLF (9112 §7.1)", chunked + "3\r\nabcX0\r\n\r\n", "abc", coding},
		{"a bare LF behind the size (9112 §7.1)", chunked + "3\nabc\r\n0\r\n\r\n", "", coding},
		{"a size like 0x3", chunked + "0x3\r\nabc\r\n0\r\n\r\n", "", coding},
		{"a bad trailer", chunked + "3\r\nabc\r\n0\r\nX A: b\r\n\r\n", "abc", coding},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScript(t, func(p *peer) {
				p.head()
				p.say(tc.answer)
			})
			c := clientOf(t, s)
			tr := streamed(t, c, request("GET", "/"))
			end := watch(tr.resp.Body)
			var got bytes.Buffer
			err := tr.resp.Body.Transfer(plain(&got))
			n := tr.resp.Body.Sent()
			f, _ := errors.AsType[*exchange.Fault](err)
			wantFault(t, f, tc.kind, exchange.NoReason)
			if got.String() != tc.body || n != int64(len(tc.body)) || !f.Begun {
				t.Errorf("delivered %q (%d), begun %t; want %q, true", got.String(), n, f.Begun, tc.body)
			}
			if _, again := tr.resp.Body.Read(make([]byte, 1)); again != err {
				t.Errorf("Read after the error: %v, want the same again", again)
			}
			_ = tr.resp.Body.Close()
			_ = tr.resp.Body.CloseWithError(err)
			if *end != (ending{1, false, f, int64(len(tc.body))}) || tr.at.Fault != f {
				t.Errorf("OnClose %+v, attempt's fault %v; want once, incomplete, %v", *end, tr.at.Fault, f)
			}
			wantStats(t, c, 0, 0)
		})
	}
}

func TestSmallBodyThatIsCut(t *testing.T) {
	s := newScript(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc")
	})
	c := clientOf(t, s)
	tr := try(t, c, request("GET", "/"))
	wantFault(t, tr.fault, exchange.HTTPResponseIncomplete, exchange.NoReason)
	if !tr.fault.Begun || tr.resp.Buffered != nil {
		t.Errorf("begun %t, body %q; want true and none", tr.fault.Begun, tr.resp.Buffered)
	}
	wantStats(t, c, 0, 0)
}

func TestBodyThatStalls(t *testing.T) {
	for _, tc := range []struct{ name, answer string }{
		{"small", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"},
		{"large", "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\nabc"},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"},
		{"until close", "HTTP/1.1 200 OK\r\n\r\nabc"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScript(t, func(p *peer) {
				p.head()
				p.say(tc.answer)
				_, _ = p.rest()
			})
			req := request("GET", "/")
			req.Times.BodyIdle = 150 * time.Millisecond
			c := clientOf(t, s)
			tr := try(t, c, req)
			f := tr.fault
			if f == nil {
				_, err := io.ReadAll(tr.resp.Body)
				f, _ = errors.AsType[*exchange.Fault](err)
			}
			wantFault(t, f, exchange.HTTPResponseTimeout, exchange.BodyIdleTimeout)
			wantStats(t, c, 0, 0)
		})
	}
}

// TestBodyFlowsAsItArrives plays an event stream: each event must reach the client
// before the backend sends the next.
func TestBodyFlowsAsItArrives(t *testing.T) {
	for _, tc := range []struct {
		name, head, format string
		chunked            bool
		want               func(event string) string
		tail, end          string
	}{
		{"chunked to chunked", "Transfer-Encoding: chunked\r\n\r\n", "%x\r\n%s\r\n", true,
			func(e string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(e), e) }, "0\r\n\r\n", ""},
		{"chunked to bytes", "Transfer-Encoding: chunked\r\n\r\n", "%x\r\n%s\r\n", false,
			func(e string) string { return e }, "0\r\n\r\n", ""},
		{"until close to chunked", "\r\n", "%[2]s", true,
			func(e string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(e), e) }, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seen := make(chan struct{})
			events := []string{"first", "second, and longer", strings.Repeat("x", 40)}
			s := newScript(t, func(p *peer) {
				p.head()
				p.say("HTTP/1.1 200 OK\r\n" + tc.head)
				for _, e := range events {
					p.say(fmt.Sprintf(tc.format, len(e), e))
					<-seen
				}
				p.say(tc.tail)
			})
			tr := streamed(t, clientOf(t, s), request("GET", "/"))
			sink, client := sinkPair(t)
			end := watch(tr.resp.Body)
			done := make(chan error, 1)
			go func() { done <- tr.resp.Body.Transfer(through(sink, tc.chunked)) }()
			for _, e := range events {
				got := make([]byte, len(tc.want(e)))
				if _, err := io.ReadFull(client, got); err != nil || string(got) != tc.want(e) {
					t.Fatalf("client read %q, %v; want %q", got, err, tc.want(e))
				}
				seen <- struct{}{}
			}
			if err := within(t, "end", done); err != nil {
				t.Error(err)
			}
			_ = tr.resp.Body.Close()
			want := int64(len(strings.Join(events, "")))
			if *end != (ending{1, true, nil, want}) || tr.resp.Body.Sent() != want || tr.at.Received != want {
				t.Errorf("OnClose %+v, sent %d, attempt received %d; want complete with %d", *end, tr.resp.Body.Sent(), tr.at.Received, want)
			}
		})
	}
}

func TestTrailersArrive(t *testing.T) {
	for _, tc := range []struct{ name, first, second string }{
		{"later", "3\r\nabc\r\n", "0\r\nX-Sum: 9\r\nX-B: c\r\n\r\n"},
		{"together with the head", "3\r\nabc\r\n0\r\nX-Sum: 9\r\nX-B: c\r\n\r\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScript(t, func(p *peer) {
				p.head()
				p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + tc.first)
				p.say(tc.second)
				_, _ = p.rest()
			})
			c := clientOf(t, s)
			tr := streamed(t, c, request("GET", "/"))
			var sum string
			tr.resp.Body.OnTrailers = func(b *headers.Block) { sum = string(b.Lookup([]byte("x-sum"))) }
			got, err := io.ReadAll(tr.resp.Body)
			if string(got) != "abc" || err != nil || sum != "9" {
				t.Errorf("body %q, %v, trailer X-Sum %q; want abc and 9", got, err, sum)
			}
			wantStats(t, c, 1, 1)
		})
	}
}

// TestLargeBodies moves bodies of both framings to a client and compares checksums.
func TestLargeBodies(t *testing.T) {
	const size = 3<<20 + 17
	body := make([]byte, size)
	rnd := rand.NewChaCha8([32]byte{1})
	_, _ = rnd.Read(body)
	for _, tc := range []struct {
		name, head string
		chunk      int
		chunked    bool
		sink       bool
	}{
		{"sized, by splice", fmt.Sprintf("Content-Length: %d\r\n\r\n", size), 0, false, true},
		{"sized, to a writer", fmt.Sprintf("Content-Length: %d\r\n\r\n", size), 0, false, false},
		{"sized, to chunked", fmt.Sprintf("Content-Length: %d\r\n\r\n", size), 0, true, true},
		{"small chunks", "Transfer-Encoding: chunked\r\n\r\n", 700, false, true},
		{"large chunks, chunked again", "Transfer-Encoding: chunked\r\n\r\n", 300_000, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScript(t, func(p *peer) {
				for p.head() != "" {
					p.say("HTTP/1.1 200 OK\r\n" + tc.head)
					for at := 0; tc.chunk > 0 && at < size; at += tc.chunk {
						piece := body[at:min(size, at+tc.chunk)]
						p.say(fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece))
					}
					if tc.chunk > 0 {
						p.say("0\r\n\r\n")
					} else {
						_, _ = p.Write(body)
					}
				}
			})
			c := clientOf(t, s)
			tr := streamed(t, c, request("GET", "/"))
			sum := sha256.New()
			var err error
			if !tc.sink {
				err = tr.resp.Body.Transfer(plain(sum))
			} else {
				err = throughSink(t, tr.resp.Body, tc.chunked, sum)
			}
			n := tr.resp.Body.Sent()
			if err != nil || n != size || !bytes.Equal(sum.Sum(nil), checksum(body)) {
				t.Errorf("moved %d of %d bytes, %v, checksums equal: %t", n, size, err, bytes.Equal(sum.Sum(nil), checksum(body)))
			}
			wantStats(t, c, 1, 1)
		})
	}
}

func checksum(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// throughSink sends the body to a client that decodes what it gets into w.
func throughSink(t *testing.T, body *BodyStream, chunked bool, w io.Writer) error {
	t.Helper()
	sink, client := sinkPair(t)
	read := make(chan error, 1)
	go func() {
		var r io.Reader = client
		if chunked {
			r = referenceChunked(client)
		}
		_, err := io.Copy(w, r)
		read <- err
	}()
	err := body.Transfer(through(sink, chunked))
	if chunked {
		_, _ = io.WriteString(sink, "0\r\n\r\n")
	}
	_ = sink.CloseWrite()
	if err := within(t, "client", read); err != nil {
		t.Errorf("client: %v", err)
	}
	return err
}
