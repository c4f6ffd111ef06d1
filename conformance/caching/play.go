package caching

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"penstock/origin/scripted"
)

// Runner plays cases through one gateway, one at a time. All fields but Next are required, Purge only
// for cases that purge.
type Runner struct {
	Address  string                     // of the gateway: "host:port"; ignored with Next
	Next     func() string              // returns the address for each request, in the place of Address; nil for one gateway
	Origin   *Origin                    // what the gateway forwards to
	Clock    *Clock                     // by which the gateway computes the age of responses; the one that NewOrigin was given
	Purge    func(words []string) error // executes the words after "purge", in which {url} is expanded
	Patience time.Duration              // how long the play waits for a response or a background fetch
}

// Play plays a case and returns nil when all was as expected. Otherwise it stops at the first step
// that was not, also when the gateway cannot be reached, Purge fails or Patience is over; its error
// has the line, what was wrong, and all that had happened so far. Requests that the origin gets
// after the last step are an error too.
func (r *Runner) Play(c *Case) error {
	r.Origin.begin(c)
	p := &play{Runner: r, c: c, stage: stage{url: c.url(), start: r.Clock.Now()}, began: time.Now(), over: map[string]bool{}}
	defer p.hangUp()
	for _, s := range c.Steps {
		if err := p.step(s); err != nil {
			return fmt.Errorf("line %d, %v after the beginning: %w\n%s", s.Line, p.since(time.Now()), err, p.log.String())
		}
	}
	if late := p.asked(); len(late) > 0 {
		return fmt.Errorf("after the last line, at %v, the origin was asked again:\n%s\nafter\n%s", p.since(late[0].at), late[0].request, p.log.String())
	}
	return nil
}

// play is one case under way.
type play struct {
	*Runner
	c     *Case
	stage stage
	conn  net.Conn
	in    *scripted.Reader
	seen  int // requests to the origin that earlier steps account for
	// over has the X-Request-Id of steps that are over although the origin may be asked
	// once more for them, in the background: such requests are no part of a later step.
	over  map[string]bool
	last  string    // X-Request-Id of the last attempt
	began time.Time // on the wall, not by the clock of the play
	log   strings.Builder
}

// since is when something happened, for the log.
func (p *play) since(at time.Time) time.Duration { return at.Sub(p.began).Round(10 * time.Microsecond) }

// asked returns the requests that the origin got since the last step, without those of
// earlier steps.
func (p *play) asked() []*exchange {
	return slices.DeleteFunc(slices.Clone(p.Origin.asked(p.c.id(), p.seen)), p.isOver)
}

func (p *play) isOver(e *exchange) bool { return p.over[e.request.id()] }

func (p *play) step(s Step) error {
	switch {
	case s.Response != nil:
		p.Origin.respondWith(p.c.id(), s.Response)
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

// later repeats a request until its response is as expected.
func (p *play) later(a *Ask) error {
	deadline := time.Now().Add(p.Patience)
	log := p.log.String()
	for {
		err := p.attempt(a)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		if p.last != "" {
			p.over[p.last] = true // it may have been served stale, which is refreshed afterwards
		}
		p.log.Reset()
		p.log.WriteString(log)
		p.Origin.state.Wait(time.Millisecond, func() bool { return false })
	}
}

// attempt sends a request once and judges the outcome.
func (p *play) attempt(a *Ask) error {
	p.stage.now = p.Clock.Now()
	p.last = ""
	got, err := p.ask(a)
	if err != nil {
		return err
	}
	p.last = got.final.id()
	if a.Verb == Background {
		if !p.refreshed() {
			return fmt.Errorf("the origin was not asked in the background within %v", p.Patience)
		}
		p.over[p.last] = true // after a lost response the gateway asks again
	}
	all := p.Origin.asked(p.c.id(), 0)
	for _, e := range all[p.seen:] {
		fmt.Fprintf(&p.log, "  %v: origin got %s\n", p.since(e.at), e.request)
		if !p.isOver(e) || e.request.id() == p.last {
			got.asked = append(got.asked, e)
		}
	}
	p.seen = len(all)
	return p.judge(a, got)
}

// refreshed waits until the origin has responded to a request of this step.
func (p *play) refreshed() bool {
	return p.Origin.state.Wait(p.Patience, func() bool {
		return slices.ContainsFunc(p.Origin.plays[p.c.id()].asked[p.seen:], func(e *exchange) bool { return e.done && !p.isOver(e) })
	})
}

// outcome has the responses to one request and the exchanges with the origin.
type outcome struct {
	interim []*message
	final   *message
	asked   []*exchange // with the origin, because of it
}

// ask sends a request and reads its response, on the connection of the case.
func (p *play) ask(a *Ask) (*outcome, error) {
	address := p.Address
	if p.Next != nil {
		p.hangUp()
		address = p.Next()
	}
	if p.conn == nil {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return nil, err
		}
		p.conn, p.in = conn, scripted.NewReader(conn)
	}
	_ = p.conn.SetDeadline(time.Now().Add(p.Patience))
	text := a.bytes(&p.stage)
	fmt.Fprintf(&p.log, "  %v: client sends %s\n", p.since(time.Now()), strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n    ")))
	if _, err := io.WriteString(p.conn, text); err != nil {
		return nil, err
	}
	got := &outcome{}
	for {
		m, err := readResponse(p.in, a.Method)
		if err != nil {
			p.hangUp()
			return nil, fmt.Errorf("the client's response: %w", err)
		}
		fmt.Fprintf(&p.log, "  %v: client gets %s\n", p.since(time.Now()), m)
		if m.Status >= 200 {
			got.final = m
			break
		}
		got.interim = append(got.interim, m)
	}
	if m := got.final; m.cut || strings.EqualFold(strings.Join(m.Values("Connection"), ","), "close") {
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
