package caching

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Runner plays cases through one gateway, one at a time.
type Runner struct {
	Address  string                     // of the gateway
	Origin   *Origin                    // what the gateway forwards to
	Clock    *Clock                     // by which the gateway tells the age of responses
	Purge    func(words []string) error // does what the words behind "purge" say; {url} is expanded
	Patience time.Duration              // how long something that has to come may take
}

// Play plays a case. A failure says the line, what was wrong, and all that had
// happened so far.
func (r *Runner) Play(c *Case) error {
	r.Origin.begin(c)
	p := &play{Runner: r, c: c, stage: stage{url: c.url(), start: r.Clock.Now()}}
	defer p.hangUp()
	for _, s := range c.Steps {
		if err := p.step(s); err != nil {
			return fmt.Errorf("line %d: %w\n%s", s.Line, err, p.log.String())
		}
	}
	if late := r.Origin.asked(c.id(), p.seen); len(late) > 0 {
		return fmt.Errorf("behind the last line the origin was asked again:\n%s", late[0].request)
	}
	return nil
}

// play is one case under way.
type play struct {
	*Runner
	c     *Case
	stage stage
	conn  net.Conn
	in    *bufio.Reader
	seen  int // requests to the origin that earlier steps account for
	log   strings.Builder
}

func (p *play) step(s Step) error {
	switch {
	case s.Answer != nil:
		p.Origin.answerWith(p.c.id(), s.Answer)
	case s.Wait > 0:
		p.Clock.Advance(s.Wait)
		fmt.Fprintf(&p.log, "  %v pass\n", s.Wait)
	case s.Purge != "":
		fmt.Fprintf(&p.log, "  purge %s\n", s.Purge)
		return p.Purge(strings.Fields(p.stage.expand(s.Purge)))
	case s.Ask.Until:
		return p.later(s.Ask)
	default:
		return p.attempt(s.Ask)
	}
	return nil
}

// later asks until the answer is as expected.
func (p *play) later(a *Ask) error {
	deadline := time.Now().Add(p.Patience)
	log := p.log.String()
	for {
		err := p.attempt(a)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		p.log.Reset()
		p.log.WriteString(log)
		p.Origin.wait(time.Millisecond, func() bool { return false })
	}
}

// attempt asks once and judges what comes.
func (p *play) attempt(a *Ask) error {
	p.stage.now = p.Clock.Now()
	got, err := p.ask(a)
	if err != nil {
		return err
	}
	if a.Verb == Background && !p.Origin.settled(p.c.id(), p.seen+1, p.Patience) {
		return errors.New("the origin was not asked in the background")
	}
	got.asked = p.Origin.asked(p.c.id(), p.seen)
	got.before = p.seen
	p.seen += len(got.asked)
	for _, e := range got.asked {
		fmt.Fprintf(&p.log, "  origin got %s\n", e.request)
	}
	return p.judge(a, got)
}

// outcome is what one request brought about.
type outcome struct {
	interim []*message
	final   *message
	asked   []*exchange // what the origin was asked for it
	before  int         // how often it had been asked earlier
}

// ask sends a request and reads its answer, on the connection of the case.
func (p *play) ask(a *Ask) (*outcome, error) {
	if p.conn == nil {
		conn, err := net.Dial("tcp", p.Address)
		if err != nil {
			return nil, err
		}
		p.conn, p.in = conn, bufio.NewReader(conn)
	}
	_ = p.conn.SetDeadline(time.Now().Add(p.Patience))
	text := a.bytes(&p.stage)
	fmt.Fprintf(&p.log, "  client sends %s\n", strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n    ")))
	if _, err := io.WriteString(p.conn, text); err != nil {
		return nil, err
	}
	got := &outcome{}
	for {
		m, err := readMessage(p.in, true, a.Method == "HEAD")
		if err != nil {
			p.hangUp()
			return nil, fmt.Errorf("the client's answer: %w", err)
		}
		fmt.Fprintf(&p.log, "  client gets %s\n", m)
		if m.status() >= 200 {
			got.final = m
			break
		}
		got.interim = append(got.interim, m)
	}
	if m := got.final; m.cut || strings.EqualFold(strings.Join(m.all("Connection"), ","), "close") {
		p.hangUp()
	}
	return got, nil
}

func (p *play) hangUp() {
	if p.conn != nil {
		_ = p.conn.Close()
		p.conn = nil
	}
}

// bytes renders a request.
func (a *Ask) bytes(st *stage) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s%s HTTP/1.1\r\n", a.Method, st.url, a.Suffix)
	host := "a.example"
	for _, f := range a.Fields {
		if strings.EqualFold(f.Name, "Host") {
			host = f.Value
		}
	}
	out.WriteString("Host: " + host + "\r\n")
	for _, f := range a.Fields {
		if !strings.EqualFold(f.Name, "Host") {
			out.WriteString(f.Name + ": " + st.expand(f.Value) + "\r\n")
		}
	}
	if a.Body != "" {
		fmt.Fprintf(&out, "Content-Length: %d\r\n", len(a.Body))
	}
	return out.String() + "\r\n" + a.Body
}
