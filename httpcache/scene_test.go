package httpcache

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/cache"
	"penstock/exchange"
	"penstock/headers"
	"penstock/response"
)

// scene is an engine with a clock and a scripted origin, and without a socket.
type scene struct {
	t      testing.TB
	engine *Engine
	rule   *Rule

	mu      sync.Mutex
	now     time.Time
	respond func(q *asked) (answer string, f *exchange.Fault) // what the origin sends: a head, an empty line, a body
	log     []*asked                                          // what it was asked
	fills   int
}

// asked is one request of the origin.
type asked struct {
	fields string // field lines
	target string
}

const start = 1_790_000_000 // unix seconds, where the clock of a scene begins

// newScene makes an engine whose origin sends the text of a response.
func newScene(t testing.TB, text string) *scene {
	t.Helper()
	s := &scene{t: t, now: time.Unix(start, 0)}
	s.says(text)
	store, err := cache.New(cache.Options{Bytes: 32 << 20, Now: s.clock})
	if err != nil {
		t.Fatal(err)
	}
	query, err := cache.NewQueryRule(cache.QueryAll)
	if err != nil {
		t.Fatal(err)
	}
	s.engine = New(Options{Store: store, Clock: s.clock})
	s.rule = &Rule{
		Route: []byte("r"), Query: query, MaxObject: 1 << 20, MaxVariants: 4, Get: true, Head: true, Post: true,
		Explains: true, Counters: s,
	}
	s.rule.Policy.StaleUnreachable, s.rule.Policy.StaleServerError = time.Hour, time.Hour
	return s
}

func (s *scene) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// wait lets time pass.
func (s *scene) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// says makes the origin send one response from now on.
func (s *scene) says(text string) {
	s.answers(func(*asked) (string, *exchange.Fault) { return text, nil })
}

func (s *scene) answers(respond func(*asked) (string, *exchange.Fault)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.respond = respond
}

// requests returns how often the origin was asked.
func (s *scene) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.log)
}

// Filled implements Counters.
func (s *scene) Filled(time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fills++
}

// NormalizePath implements Paths.
func (s *scene) NormalizePath(dst, path []byte) ([]byte, headers.PathMarks, headers.Problem) {
	return append(dst, path...), 0, headers.NoProblem
}

// request is one request of a scene, and its way to the origin.
type request struct {
	*scene
	t      Transaction
	x      *exchange.Exchange
	raw    string // the field lines
	fields headers.Block
	target string
	method string
	resp   response.Response
	head   headers.Block
	status int    // of the origin's response
	body   string // of it
	stream bool   // that comes after its head
}

// request reads a request such as "GET /a?b" with field lines.
func (s *scene) request(line string, fields ...string) *request {
	s.t.Helper()
	r := &request{scene: s, x: exchange.Acquire(s.clock())}
	r.method, r.target, _ = strings.Cut(line, " ")
	if len(fields) > 0 {
		r.raw = strings.Join(fields, "\r\n") + "\r\n"
	}
	if p := r.fields.Parse([]byte(r.raw + "\r\n")); p != headers.NoProblem {
		s.t.Fatalf("fields %q: %v", r.raw, p)
	}
	r.resp.Reset(0)
	return r
}

// begin opens the transaction.
func (r *request) begin() *request {
	path, query, has := strings.Cut(r.target, "?")
	r.engine.Begin(&r.t, r.rule, &Request{
		Method: []byte(r.method), Scheme: "http", Host: []byte("a.example"), Path: []byte(path), Query: []byte(query), HasQuery: has,
		Fields: &r.fields, Streams: true, Record: r.x, Response: &r.resp, Paths: r, Origin: r,
	})
	return r
}

// Fetch implements Origin.
func (r *request) Fetch() (Received, *exchange.Fault) {
	var out headers.Block
	out.CopyFrom(&r.fields)
	r.t.Prepare(&out)
	q := &asked{fields: string(out.Append(r.t.AppendValidators(nil))), target: r.target}
	r.mu.Lock()
	r.log = append(r.log, q)
	respond := r.respond
	r.mu.Unlock()
	text, f := respond(q)
	if f != nil {
		return Received{Fields: &r.head}, f
	}
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	status, lines, _ := strings.Cut(head, "\r\n")
	if p := r.head.Parse([]byte(lines + "\r\n\r\n")); p != headers.NoProblem {
		r.scene.t.Errorf("the origin's fields %q: %v", lines, p)
	}
	v := Received{Fields: &r.head, Streams: r.stream, Began: r.clock()}
	_, _ = fmt.Sscan(status, &v.Status)
	if length := r.head.Get(headers.ContentLength); length != nil {
		v.Framing.Kind = headers.Sized
		_, _ = fmt.Sscan(string(length), &v.Framing.Length)
	}
	r.body, r.status = body, v.Status
	if !r.stream {
		v.Body = []byte(body)
	}
	return v, nil
}

// Detach implements Origin.
func (r *request) Detach() Body { return &detachedText{strings.NewReader(r.body)} }

type detachedText struct{ io.Reader }

func (d *detachedText) Close() {}

// Background implements Origin.
func (r *request) Background() (*Transaction, func()) {
	b := r.request("GET "+r.target, strings.Split(strings.TrimSuffix(r.raw, "\r\n"), "\r\n")...)
	if r.raw == "" {
		b = r.request("GET " + r.target)
	}
	return &b.begin().t, b.t.Reset
}

// result is what a client gets.
type result struct {
	outcome Outcome
	fault   *exchange.Fault
	status  int
	fields  string
	body    string
}

// do plays the request to its end, as a gateway would.
func (r *request) do() result {
	r.begin()
	defer r.t.Reset()
	outcome, f := r.engine.Lookup(&r.t)
	if outcome == AskOrigin {
		var v Received
		v, f = r.Fetch()
		if outcome, f = r.engine.Store(&r.t, v, f); outcome == Relay {
			r.resp.Begin(r.status, nil)
			r.resp.SetFields(r.t.AppendStatus(r.head.Append(nil)))
			r.resp.SetBody([]byte(r.body))
			r.t.StreamFill(&r.resp)
		}
	}
	out := result{outcome: outcome, fault: f, status: r.resp.Status, fields: string(r.resp.Fields), body: string(r.resp.Body)}
	if r.resp.Stream != nil {
		var body sink
		if err := r.resp.Stream.Transfer(response.Sink{To: &body}); err != nil {
			r.scene.t.Errorf("%s %s: %v", r.method, r.target, err)
		}
		out.body = body.String()
	}
	return out
}

// sink takes a body.
type sink struct{ bytes.Buffer }

func (s *sink) WriteMoving(p []byte, _ time.Duration) (int, error) { return s.Write(p) }

// get plays a GET of /a.
func (s *scene) get(fields ...string) result { return s.request("GET /a", fields...).do() }

// says reports whether Cache-Status has the words.
func (r *result) says(words string) bool {
	_, status, _ := strings.Cut(r.fields, "Cache-Status: ")
	status, _, _ = strings.Cut(status, "\r\n")
	return strings.Contains(status, words)
}

// wants holds a result to a status, a body and words in Cache-Status.
func (s *scene) wants(got result, outcome Outcome, status int, body, words string) {
	s.t.Helper()
	if got.outcome != outcome || got.status != status || got.body != body || !got.says(words) {
		s.t.Errorf("got %v %d %q, fault %v, fields\n%s\nwant %v %d %q with %q", got.outcome, got.status, got.body, got.fault, got.fields, outcome, status, body, words)
	}
}

// rawResponse returns the text of a response whose Date is the beginning of a scene.
func rawResponse(status int, body string, fields ...string) string {
	return rawResponseAt(0, status, body, fields...)
}

// rawResponseAt is a response of the origin that was made so many seconds later.
func rawResponseAt(after int64, status int, body string, fields ...string) string {
	return fmt.Sprintf("%d\r\n%s\r\n\r\n%s", status, strings.Join(append(fields, "Date: "+date(after)), "\r\n"), body)
}

// date is so many seconds after the beginning of a scene.
func date(after int64) string {
	return time.Unix(start+after, 0).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
}
