package upstream

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"penstock/exchange"
)

func TestClientThatGoesAway(t *testing.T) {
	for _, tc := range []struct {
		name, head string
	}{
		{"during a splice", "Content-Length: 1000000000\r\n\r\n"},
		{"during copying", "\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stopped := make(chan error, 1)
			s := newScript(t, func(p *peer) {
				p.head()
				p.say("HTTP/1.1 200 OK\r\n" + tc.head)
				for piece := make([]byte, 1<<16); ; {
					if _, err := p.Write(piece); err != nil {
						stopped <- err
						return
					}
				}
			})
			c := clientOf(t, s)
			tr := streamed(t, c, request("GET", "/"))
			sink, client := sinkPair(t)
			end := watch(tr.resp.Body)
			done := make(chan error, 1)
			go func() { done <- tr.resp.Body.Transfer(through(sink, false)) }()
			_, _ = io.ReadFull(client, make([]byte, 1<<20))
			_ = client.(*net.TCPConn).SetLinger(0)
			_ = client.Close()
			f, _ := errors.AsType[*exchange.Fault](within(t, "Transfer", done))
			wantFault(t, f, exchange.HTTPRequestError, exchange.ClientGone)
			within(t, "backend", stopped)
			_ = tr.resp.Body.CloseWithError(f)
			if end.complete || end.fault != f || f.Source != exchange.Client {
				t.Errorf("OnClose %+v", *end)
			}
			wantStats(t, c, 0, 0)
		})
	}
}

func TestClientThatDoesNotRead(t *testing.T) {
	s := newScript(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 200 OK\r\n\r\n")
		for piece := make([]byte, 1<<16); ; {
			if _, err := p.Write(piece); err != nil {
				return
			}
		}
	})
	c := clientOf(t, s)
	tr := streamed(t, c, request("GET", "/"))
	sink, _ := sinkPair(t)
	to := through(sink, false)
	to.Idle = 150 * time.Millisecond
	f, _ := errors.AsType[*exchange.Fault](tr.resp.Body.Transfer(to))
	wantFault(t, f, exchange.ConnectionWriteTimeout, exchange.BodyIdleTimeout)
	if f.Source != exchange.Client {
		t.Errorf("source %s, want client", f.Source)
	}
	wantStats(t, c, 0, 0)
}

// Not every error of a transfer is the client's: a bug of ours is reported as one.
func TestStreamThatABugEnds(t *testing.T) {
	s := newScript(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 200 OK\r\n\r\n")
		_, _ = p.rest()
	})
	tr := streamed(t, clientOf(t, s), request("GET", "/"))
	end := watch(tr.resp.Body)
	bug := &exchange.Fault{Kind: exchange.ProxyInternalError, Reason: exchange.Panicked, Source: exchange.Gateway}
	if _ = tr.resp.Body.CloseWithError(bug); end.calls != 1 || end.complete || end.fault != bug {
		t.Errorf("OnClose %+v; want %v", *end, bug)
	}
}

func TestStreamThatNobodyWants(t *testing.T) {
	closed := make(chan struct{}, 2)
	s := newScript(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 200 OK\r\n\r\n")
		_, _ = p.rest()
		closed <- struct{}{}
	})
	c := clientOf(t, s)
	tr := streamed(t, c, request("GET", "/"))
	end := watch(tr.resp.Body)
	tr.resp.Discard()
	within(t, "backend", closed)
	if end.calls != 1 || end.complete || end.fault != exchange.Refuse(exchange.ClientGone) {
		t.Errorf("OnClose %+v; want once, incomplete, client gone", *end)
	}
	tr = streamed(t, c, request("GET", "/"))
	cause := errors.New("broken pipe")
	end = watch(tr.resp.Body)
	_ = tr.resp.Body.CloseWithError(cause)
	if end.calls != 1 || end.fault == nil || !errors.Is(end.fault, cause) {
		t.Errorf("OnClose %+v; want a fault that wraps %v", *end, cause)
	}
	within(t, "backend", closed)
	wantStats(t, c, 0, 0)
}

// TestConnectionIsFreeBeforeTheClientHasRead: the backend is done, the client is slow.
func TestConnectionIsFreeBeforeTheClientHasRead(t *testing.T) {
	answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", maxBuffered+1, strings.Repeat("a", maxBuffered+1))
	c := clientOf(t, newScript(t, always(answer)))
	tr := streamed(t, c, request("GET", "/"))
	read, write := io.Pipe()
	go func() { _ = write.CloseWithError(tr.resp.Body.Transfer(plain(write))) }()
	first := make([]byte, maxBuffered)
	if _, err := io.ReadFull(read, first); err != nil {
		t.Fatal(err)
	}
	drained(t, c)
	if _, err := io.ReadAll(read); err != nil {
		t.Error(err)
	}
	wantStats(t, c, 1, 1)
}
