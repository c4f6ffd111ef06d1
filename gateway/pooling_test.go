package gateway_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"penstock/gateway"
	"penstock/gateway/gatewaytest"
	"penstock/ops"
	"penstock/origin/scripted"
)

// A secret is sixteen bytes that nobody else has; everything that belongs to one
// request is made of it.
var (
	secretPattern = regexp.MustCompile(`S[0-9a-f]{14}!`)
	tornSecret    = regexp.MustCompile(`[0-9a-f]{6}!`)
)

func newSecret(client, round int) string { return fmt.Sprintf("S%04x%10x!", client, 1<<36+round) }

// ownBytes returns an error when text has any secret, or torn piece of one, but
// this one.
func ownBytes(text, secret string) error {
	rest := strings.ReplaceAll(text, secret, "")
	if found := secretPattern.FindString(rest); found != "" {
		return fmt.Errorf("the bytes of %s show up at %s", found, secret)
	}
	if torn := tornSecret.FindString(rest); torn != "" {
		return fmt.Errorf("torn secret %s beside %s", torn, secret)
	}
	return nil
}

// mirror is an origin that sends back what it got, head and body, after a check
// that it is all of one piece. X-Cut says where it breaks off, X-Answer how it is framed.
type mirror struct {
	t    *testing.T
	seen atomic.Int64 // requests that came whole
}

func (o *mirror) serve(p *gatewaytest.Peer) {
	in := scripted.NewReader(p.In)
	for {
		p.Patient()
		m, err := in.Head()
		if err != nil {
			return
		}
		cut := m.Field("X-Cut")
		if cut == "head" {
			p.Reset()
			return
		}
		bodyErr := in.Body(m)
		secret, text := m.Field("X-Secret"), fmt.Sprintf("%s %v\n%s", m.Target, m.Fields, m.Body)
		if err := ownBytes(text, secret); err != nil || secret == "" {
			o.t.Errorf("origin: %v in %.200q", err, text)
			return
		}
		if bodyErr != nil {
			return // the client broke off
		}
		o.seen.Add(1)
		if !o.respond(p, m, text, cut) {
			return
		}
	}
}

// respond writes text and reports whether the connection stays open.
func (o *mirror) respond(p *gatewaytest.Peer, m *scripted.Message, text, cut string) bool {
	secret := m.Field("X-Secret")
	var out bytes.Buffer
	out.WriteString("HTTP/1.1 200 OK\r\nX-Secret: " + secret + "\r\nSet-Cookie: s=" + secret + "\r\n")
	if m.Field("X-Answer") == "chunked" {
		out.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		for rest := text; rest != ""; {
			n := min(len(rest), 10_000)
			fmt.Fprintf(&out, "%x\r\n%s\r\n", n, rest[:n])
			rest = rest[n:]
		}
		out.WriteString("0\r\n\r\n")
	} else {
		fmt.Fprintf(&out, "Content-Length: %d\r\n\r\n%s", len(text), text)
	}
	end := out.Len()
	switch cut {
	case "answer-head":
		end = 30
	case "answer-body":
		end -= (out.Len() - bytes.Index(out.Bytes(), []byte("\r\n\r\n"))) / 2
	}
	_, err := p.Write(out.Bytes()[:end])
	return err == nil && end == out.Len()
}

// stranger is one client with secrets of its own.
type stranger struct {
	t       *testing.T
	address string
	number  int
	rand    *rand.Rand
	conn    *gatewaytest.Client
	began   time.Time // the round
	whole   int       // number of complete responses
}

// phases are where a request is broken off; "" is nowhere, X-Cut the origin's part.
var phases = []string{
	"", "", "", "", "", "", "client head", "client body", "client before answer", "client in answer", "head", "answer-head", "answer-body",
}

func (s *stranger) round(n int) {
	secret := newSecret(s.number, n)
	phase := phases[s.rand.IntN(len(phases))]
	if s.conn == nil {
		s.conn = gatewaytest.Dial(s.t, s.address)
	}
	s.began = time.Now()
	_ = s.conn.SetDeadline(s.began.Add(gatewaytest.Wait))
	body := strings.Repeat(secret, []int{0, 1, 60, 5000, 15_000}[s.rand.IntN(5)])
	raw, end := s.request(secret, phase, body)
	switch phase {
	case "client head":
		end = s.rand.IntN(end)
	case "client body":
		end += s.rand.IntN(len(raw) - end + 1)
	default:
		end = len(raw)
	}
	sent := make(chan struct{})
	conn := s.conn
	go func() { // the response may come before the whole body is read
		defer close(sent)
		if n, err := io.WriteString(conn, raw[:end]); err != nil && phase == "" {
			s.t.Errorf("%s: only %d of %d bytes were sent in %v: %v", secret, n, end, time.Since(s.began), err)
		}
	}()
	switch phase {
	case "", "head", "answer-head", "answer-body":
		s.check(conn.In, secret, body, phase)
	case "client in answer":
		s.check(io.LimitReader(conn.In, 1+s.rand.Int64N(20_000)), secret, body, phase)
	}
	if phase != "" {
		s.hangUp()
	}
	<-sent
}

// request spells the request and returns the length of its head.
func (s *stranger) request(secret, cut, body string) (raw string, head int) {
	var out strings.Builder
	fmt.Fprintf(&out, "POST /%s?q=%s HTTP/1.1\r\nHost: %s.example\r\nX-Secret: %s\r\nCookie: a=%s; b=%s\r\nUser-Agent: %s\r\nX-Cut: %s\r\n",
		secret, secret, strings.Trim(secret, "!"), secret, secret, secret, secret, cut)
	if s.rand.IntN(2) == 0 {
		out.WriteString("X-Answer: chunked\r\n")
	}
	if s.rand.IntN(2) == 0 {
		out.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n")
		head = out.Len()
		out.WriteString(body)
		return out.String(), head
	}
	out.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	head = out.Len()
	for rest := body; rest != ""; {
		n := min(len(rest), 1+s.rand.IntN(40_000))
		fmt.Fprintf(&out, "%x\r\n%s\r\n", n, rest[:n])
		rest = rest[n:]
	}
	out.WriteString("0\r\n\r\n")
	return out.String(), head
}

// check reads the response and checks that all of it belongs to the secret.
func (s *stranger) check(in io.Reader, secret, body, phase string) {
	m, err := scripted.NewReader(in).Final("POST")
	if m == nil {
		if phase == "" {
			s.t.Errorf("%s: no answer within %v: %v", secret, time.Since(s.began), err)
		}
		return
	}
	if err := ownBytes(fmt.Sprintf("%v\n%s", m.Fields, m.Body), secret); err != nil {
		s.t.Error(err)
	}
	good := m.Status == 200 && m.Complete && m.Field("X-Secret") == secret && strings.HasSuffix(m.Body, "\n"+body)
	switch {
	case phase == "" && !good:
		s.t.Errorf("%s: status %d, %d bytes for a body of %d after %v, %v\n%v\n%.500s",
			secret, m.Status, len(m.Body), len(body), time.Since(s.began), err, m.Fields, m.Body)
	case strings.HasPrefix(phase, "answer") && m.Status == 200 && m.Complete:
		s.t.Errorf("%s: an answer that was cut in its %s looks complete", secret, phase)
	case good:
		s.whole++
	}
}

// hangUp ends the connection, now with a reset, now in order.
func (s *stranger) hangUp() {
	if tcp, ok := s.conn.Conn.(*net.TCPConn); ok && s.rand.IntN(2) == 0 {
		_ = tcp.SetLinger(0)
	}
	_ = s.conn.Close()
	s.conn = nil
}

func TestNobodySeesTheBytesOfAnother(t *testing.T) {
	const clients, rounds = 16, 50
	o := &mirror{t: t}
	origin := gatewaytest.NewOrigin(t, o.serve)
	g := gatewaytest.StartWith(t, gateway.Options{
		Config: gatewaytest.Parse(t, "limits: { body: off }\ntimeouts: { connect: 10s }\n"+oneRoute(origin.URL, "    retry: { times: 0 }")),
		Log:    slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})), // has the fault of each request
	})
	var wg sync.WaitGroup
	var whole atomic.Int64
	for i := range clients {
		wg.Go(func() {
			s := &stranger{t: t, address: g.Address, number: i, rand: rand.New(rand.NewPCG(1, uint64(i)))}
			for n := range rounds {
				s.round(n)
				if t.Failed() {
					return
				}
			}
			whole.Add(int64(s.whole))
		})
	}
	wg.Wait()
	if whole.Load() < clients*rounds/4 || o.seen.Load() < whole.Load() {
		t.Errorf("only %d answers came whole, of %d requests at the origin", whole.Load(), o.seen.Load())
	}
	var b ops.Backend
	defer func() { t.Logf("the backend in the end: %+v", b) }()
	gatewaytest.Eventually(t, "nothing to be in flight", func() bool {
		b = g.Upstreams()[0].Backends[0]
		return b.InFlight == 0 && b.Active == 0
	})
}
