package caching

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"penstock/origin/scripted"
)

// Origin is the backend of the gateway under test. It plays many cases, one after the
// other or at once; a segment of the path of a request names its case. A request that names no case
// gets 500. Only NewOrigin makes it, and Close must be called.
type Origin struct {
	*scripted.Origin
	clock *Clock
	state *scripted.State // guards plays
	plays map[string]*script
}

// script is what the origin does in one case, and the requests that it got.
type script struct {
	stage    stage
	response *Response
	onlyIf   *Response // for requests with a condition; nil means the same as for others
	asked    []*exchange
}

// exchange is one request to the origin and its response.
type exchange struct {
	request *message
	status  int
	body    string
	lost    bool // the response is not complete
	done    bool // the response is written
	number  int  // of the request in this case, from 1
	at      time.Time
}

// NewOrigin listens on a free loopback port and serves until Close. The clock, which must not be nil,
// gives Date its value and moves for slow responses. The error is that no port is free.
func NewOrigin(clock *Clock) (*Origin, error) {
	o := &Origin{clock: clock, state: scripted.NewState(), plays: map[string]*script{}}
	backend, err := scripted.Start(scripted.Options{Script: o.serve})
	if err != nil {
		return nil, err
	}
	o.Origin = backend
	return o, nil
}

// begin opens the script of a case.
func (o *Origin) begin(c *Case) {
	s := &script{stage: stage{url: c.url(), start: o.clock.Now()}, response: &Response{Status: 200}}
	o.state.Change(func() { o.plays[c.id()] = s })
}

// respondWith changes what the origin responds in a case.
func (o *Origin) respondWith(id string, a *Response) {
	o.state.Change(func() {
		if s := o.plays[id]; a.OnlyIf {
			s.onlyIf = a
		} else {
			s.response, s.onlyIf = a, nil
		}
	})
}

// asked returns the requests that the origin got in a case so far, from the n-th on.
func (o *Origin) asked(id string, n int) (all []*exchange) {
	o.state.Look(func() { all = o.plays[id].asked[n:] })
	return all
}

func (o *Origin) serve(p *scripted.Peer) {
	in := scripted.NewReader(p.In)
	for {
		m, err := readRequest(in)
		if err != nil || m.cut || !o.respond(p, m) {
			return
		}
	}
}

// respond writes the response of the script to one request; false ends the connection.
func (o *Origin) respond(c io.Writer, m *message) bool {
	e := &exchange{request: m, at: time.Now()}
	var a *Response
	var st stage
	o.state.Change(func() {
		s := o.scriptOf(m.Target)
		if s == nil {
			return
		}
		s.asked = append(s.asked, e)
		e.number = len(s.asked)
		a, st = s.response, s.stage
		if s.onlyIf != nil && m.conditional() {
			a = s.onlyIf
		}
		e.status, e.body, e.lost = a.Status, a.Body, a.End != Whole
		if !a.HasBody {
			e.body = "answer " + strconv.Itoa(len(s.asked))
		}
	})
	if a == nil {
		_, _ = fmt.Fprintf(c, "HTTP/1.1 500 No Such Case\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		return false
	}
	defer o.state.Change(func() { e.done = true })
	if a.Slow > 0 {
		o.clock.Advance(a.Slow)
	}
	st.now = o.clock.Now()
	if a.End == Lost {
		return false
	}
	_, err := c.Write(a.bytes(&st, e.body, m.Method == "HEAD"))
	return err == nil && a.End == Whole && a.Framing != UntilClose
}

// scriptOf returns the script of the case that a target belongs to: some segment of
// its path is the case's. The caller holds the lock.
func (o *Origin) scriptOf(target string) *script {
	path, _, _ := strings.Cut(target, "?")
	for segment := range strings.SplitSeq(path, "/") {
		if s := o.plays[segment]; s != nil {
			return s
		}
	}
	return nil
}

// bytes renders a response.
func (a *Response) bytes(st *stage, body string, head bool) []byte {
	var out []byte
	line := func(name, value string) { out = fmt.Appendf(out, "%s: %s\r\n", name, st.expand(value)) }
	for _, i := range a.Interim {
		out = fmt.Appendf(out, "HTTP/1.1 %d %s\r\n", i.Status, http.StatusText(i.Status))
		line(i.Field.Name, i.Field.Value)
		out = append(out, "\r\n"...)
	}
	out = fmt.Appendf(out, "HTTP/1.1 %d %s\r\n", a.Status, http.StatusText(a.Status))
	if !a.states("Date") {
		line("Date", "{now}")
	}
	for _, f := range a.Fields {
		if f.Value != absent {
			line(f.Name, f.Value)
		}
	}
	bodyless := a.Status == 204 || a.Status == 304
	body = st.expand(body)
	switch {
	case bodyless:
	case a.Framing == Chunked:
		line("Transfer-Encoding", "chunked")
	case a.Framing == Sized && !a.states("Content-Length"):
		line("Content-Length", strconv.Itoa(len(body)))
	}
	out = append(out, "\r\n"...)
	if head || bodyless {
		return out
	}
	if a.End == Cut {
		body = body[:len(body)/2]
	}
	if a.Framing != Chunked {
		return append(out, body...)
	}
	for len(body) > 0 {
		n := min(len(body), 1000)
		out = fmt.Appendf(out, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	if a.End != Cut {
		out = append(out, "0\r\n\r\n"...)
	}
	return out
}

// states reports whether the script has a field, or says that it is absent.
func (a *Response) states(name string) bool {
	for _, f := range a.Fields {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}
