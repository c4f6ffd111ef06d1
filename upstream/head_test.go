package upstream

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/exchange"
	"penstock/headers"
)

func TestHeadsThatAreRefused(t *testing.T) {
	const protocol, coding = exchange.HTTPProtocolError, exchange.HTTPResponseTransferCoding
	large := "HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("a", maxResponseHead) + "\r\n\r\n"
	for _, tc := range []struct {
		name, answer string
		kind         exchange.Kind
	}{
		{"no status line", "hello\r\n\r\n", protocol},
		{"an empty line first (9112 §2.2)", "\r\nHTTP/1.1 200 OK\r\n\r\n", protocol},
		{"HTTP/2.0 (9112 §2.3)", "HTTP/2.0 200 OK\r\n\r\n", protocol},
		{"status 099 (9110 §15)", "HTTP/1.1 099 OK\r\n\r\n", protocol},
		{"status 600 (9110 §15)", "HTTP/1.1 600 OK\r\n\r\n", protocol},
		{"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", protocol},
		{"bare LF in the fields", "HTTP/1.1 200 OK\r\nX-A: b\nContent-Length: 0\r\n\r\n", protocol},
		{"space before the colon (9112 §5.1)", "HTTP/1.1 200 OK\r\nX-A : b\r\n\r\n", protocol},
		{"obs-fold (9112 §5.2)", "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n\r\n", protocol},
		{"length and coding (9112 §6.1)", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", protocol},
		{"two lengths (9112 §6.3)", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", protocol},
		{"length +3", "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc", protocol},
		{"coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", protocol},
		{"coding gzip, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", coding},
		{"too large", large, exchange.HTTPResponseHeaderSectionSize},
		{"cut in the head", "HTTP/1.1 200 OK\r\nContent-Le", exchange.HTTPResponseIncomplete},
		{"101 unasked", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", exchange.HTTPUpgradeFailed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScript(t, func(p *peer) {
				p.head()
				p.say(tc.answer)
			})
			c := clientOf(t, s)
			tr := try(t, c, request("GET", "/"))
			reason := exchange.NoReason
			if tc.kind == exchange.HTTPUpgradeFailed {
				reason = exchange.UpgradeUnasked
			}
			wantFault(t, tr.fault, tc.kind, reason)
			if f := tr.fault; f.Source != exchange.Upstream || !f.Wrote || f.Reused || !f.Begun {
				t.Errorf("fault: %+v, want of the upstream, wrote, begun, not reused", f)
			}
			wantStats(t, c, 0, 0)
		})
	}
}

func TestNoAnswer(t *testing.T) {
	s := newScript(t, func(p *peer) { p.head() })
	tr := try(t, clientOf(t, s), request("GET", "/"))
	wantFault(t, tr.fault, exchange.ConnectionTerminated, exchange.NoReason)
	if tr.fault.Begun || !tr.fault.Wrote || tr.at.Fault != tr.fault {
		t.Errorf("fault %+v, attempt's %v; want the same, wrote, not begun", tr.fault, tr.at.Fault)
	}
}

func TestLargestHead(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: "
	answer := head + strings.Repeat("a", maxResponseHead-len(head)-4) + "\r\n\r\n"
	tr := mustTry(t, clientOf(t, newScript(t, always(answer))), request("GET", "/"))
	if got := len(tr.resp.Head.Lookup([]byte("X-A"))); got != maxResponseHead-len(head)-4 {
		t.Errorf("field of %d bytes arrived as %d", maxResponseHead-len(head)-4, got)
	}
}

func TestInterimAnswers(t *testing.T) {
	const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
	answer := "HTTP/1.1 100 Continue\r\n\r\n" + hints + "HTTP/1.1 102 Processing\r\n\r\n" + "HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + ok
	c := clientOf(t, newScript(t, always(answer)))
	req := request("GET", "/")
	var passed []string
	req.Interim = func(status int, b *headers.Block) {
		if status == 103 && string(b.Lookup([]byte("link"))) != "</a>" {
			t.Errorf("103 came without its Link: %v", b.Fields)
		}
		passed = append(passed, string(rune('0'+status%10)))
	}
	tr := mustTry(t, c, req)
	if !slices.Equal(passed, []string{"3", "2"}) || tr.resp.Status != 200 || string(tr.resp.Buffered) != "ok" {
		t.Errorf("passed on %v, then %d %q; want 103, 102, then 200 ok", passed, tr.resp.Status, tr.resp.Buffered)
	}
	req.Interim = nil
	mustTry(t, c, req)
	wantStats(t, c, 1, 1)
}

func TestEndlessInterimAnswers(t *testing.T) {
	s := newScript(t, func(p *peer) {
		p.head()
		for range maxInterim {
			p.say("HTTP/1.1 100 Continue\r\n\r\n")
		}
		p.say(ok)
		p.head()
		for range maxInterim + 1 {
			p.say("HTTP/1.1 100 Continue\r\n\r\n")
		}
		_, _ = p.rest()
	})
	c := clientOf(t, s)
	mustTry(t, c, request("GET", "/"))
	tr := try(t, c, request("GET", "/"))
	wantFault(t, tr.fault, exchange.HTTPProtocolError, exchange.NoReason)
}

func TestUpgrade(t *testing.T) {
	s := newScript(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\nearly")
		p.say("late:" + p.take(4))
		_, _ = p.rest()
	})
	c := clientOf(t, s)
	req := request("GET", "/")
	req.Upgrade = []byte("websocket")
	tr := mustTry(t, c, req)
	tunnel := tr.resp.Tunnel
	if tr.resp.Status != 101 || tunnel == nil {
		t.Fatalf("got status %d, tunnel %v; want 101 with one", tr.resp.Status, tunnel)
	}
	if _, err := io.WriteString(tunnel, "ping"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len("earlylate:ping"))
	if _, err := io.ReadFull(tunnel, got[copy(got, tr.resp.Ahead):]); err != nil || string(got) != "earlylate:ping" {
		t.Errorf("tunnel delivered %q, %v", got, err)
	}
	wantStats(t, c, 1, 0)
	wantPlaces(t, c, 0, 1)
	_ = tunnel.Close()
	wantPlaces(t, c, 0, 0)
	wantStats(t, c, 0, 0)
}

func TestUpgradeRefused(t *testing.T) {
	for _, tc := range []struct{ name, answer string }{
		{"to another protocol", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"},
		{"without Connection", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"},
		{"without Upgrade", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n"},
		{"by HTTP/1.0", "HTTP/1.0 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := request("GET", "/")
			req.Upgrade = []byte("websocket")
			c := clientOf(t, newScript(t, always(tc.answer)))
			tr := try(t, c, req)
			wantFault(t, tr.fault, exchange.HTTPUpgradeFailed, exchange.UpgradeUnasked)
			wantPlaces(t, c, 0, 0)
		})
	}
	req := request("GET", "/")
	req.Upgrade = []byte("websocket")
	c := clientOf(t, newScript(t, always(ok)))
	if tr := mustTry(t, c, req); tr.resp.Tunnel != nil || string(tr.resp.Buffered) != "ok" {
		t.Errorf("an ordinary answer to an upgrade: tunnel %v, body %q", tr.resp.Tunnel, tr.resp.Buffered)
	}
	wantStats(t, c, 1, 1)
	wantPlaces(t, c, 0, 0)
}

func TestHeadTimesOut(t *testing.T) {
	for _, tc := range []struct {
		name, begin string
		first       time.Duration
		request     time.Duration
		reason      exchange.Reason
		source      exchange.Source
	}{
		{"first byte", "", 150 * time.Millisecond, 0, exchange.FirstByteTimeout, exchange.Upstream},
		{"first byte covers the whole head", "HTTP/1.1 200 OK\r\n", 150 * time.Millisecond, time.Minute, exchange.FirstByteTimeout, exchange.Upstream},
		{"first byte goes on after an interim answer", "HTTP/1.1 100 Continue\r\n\r\n", 150 * time.Millisecond, 0, exchange.FirstByteTimeout, exchange.Upstream},
		{"request", "", time.Minute, 150 * time.Millisecond, exchange.OutOfTime, exchange.Gateway},
		{"request alone", "", 0, 150 * time.Millisecond, exchange.OutOfTime, exchange.Gateway},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScript(t, func(p *peer) {
				p.head()
				p.say(ok)
				p.head()
				p.say(tc.begin)
				_, _ = p.rest()
			})
			c := clientOf(t, s)
			mustTry(t, c, request("GET", "/")) // connects, so that the limit under test is the only one
			req := request("GET", "/")
			req.Times.FirstByte = tc.first
			if tc.request > 0 {
				req.Times.Deadline = time.Now().Add(tc.request)
			}
			tr := try(t, c, req)
			wantFault(t, tr.fault, exchange.HTTPResponseTimeout, tc.reason)
			if tr.fault.Source != tc.source || tr.fault.Begun != (tc.begin != "") {
				t.Errorf("fault %+v: want source %s, begun %t", tr.fault, tc.source, tc.begin != "")
			}
			wantStats(t, c, 0, 0)
		})
	}
}

func TestRequestThatIsLateAlreadyIsNotSent(t *testing.T) {
	s := newScript(t, always(ok))
	req := request("GET", "/")
	req.Times.Deadline = time.Now().Add(-time.Millisecond)
	tr := try(t, clientOf(t, s), req)
	wantFault(t, tr.fault, exchange.HTTPResponseTimeout, exchange.OutOfTime)
	if s.Connections() != 0 {
		t.Errorf("%d connections were opened", s.Connections())
	}
}
