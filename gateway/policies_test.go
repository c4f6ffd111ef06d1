package gateway_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"penstock/config"
	"penstock/exchange"
	"penstock/gateway"
	"penstock/gateway/gatewaytest"
	"penstock/headers"
	"penstock/options"
	"penstock/policy"
)

// withAdded is the table of policies with the two of this file, one line each.
func withAdded() []options.Policy {
	return slices.Concat(
		[]options.Policy{{Name: "gate", New: func() options.Declarer { return new(gate) }, Doc: "lets those pass who know the word"}},
		policy.Table(),
		[]options.Policy{{Name: "stamp", New: func() options.Declarer { return new(stamp) }, Doc: "marks responses"}},
	)
}

// gate is a request policy: who sends the word passes, and the backend reads who it was.
type gate struct {
	word string
	as   string
	tell string
}

func (g *gate) Keys(k options.Keys) {
	k.Secret("word", &g.word, "what X-Word has to say", options.Required)
	k.Text("as", &g.as, "name of who passes", options.Required)
	k.Text("tell", &g.tell, "name of a field for the backend", options.Checked(options.FieldName), options.Default("X-User"))
}

func (g *gate) Compile(at options.Report, route options.Route) {
	if route.Responds == "redirect" {
		at.Problem("word", "guards a redirect, which is no secret")
	}
}

func (g *gate) OnRequest(c *policy.Call) policy.Verdict {
	switch said := string(c.Head.Lookup([]byte("x-word"))); {
	case said == g.word:
		c.X.Identify("gate", []byte(g.as))
		return policy.Continue
	case said == "help":
		c.Response.Begin(418, nil)
		c.Response.SetBody([]byte("say it\n"))
		return policy.Responded
	}
	c.Response.AddField([]byte("WWW-Authenticate"), []byte(`Gate realm="word"`))
	return c.Refuse(&exchange.Fault{Kind: exchange.HTTPRequestDenied, Source: exchange.Gateway})
}

func (g *gate) Reserved() []string { return []string{g.tell} }

func (g *gate) AppendRequest(dst []byte, c *policy.Call) []byte {
	if name := c.X.Identity().Name(); len(name) > 0 {
		dst = append(append(dst, g.tell+": "...), name...)
		dst = append(dst, "\r\n"...)
	}
	return dst
}

// stamp is a response policy: what it adds when a response came is stored, what it adds when
// one is sent is not.
type stamp struct{ stored, sent string }

func (s *stamp) Keys(k options.Keys) {
	k.Text("stored", &s.stored, "of responses of backends")
	k.Text("sent", &s.sent, "of all responses")
}

func (s *stamp) OnForward(c *policy.Call) policy.Verdict {
	if c.Head.Lookup([]byte("x-never-forward")) != nil {
		c.Response.AddField([]byte("Retry-After"), []byte("7"))
		return c.Refuse(exchange.Refuse(exchange.QueueFull))
	}
	return policy.Continue
}

func (s *stamp) OnResponse(_ *policy.Call, status int, head *headers.Block) {
	head.DropNamed([]byte("x-secret"))
	if status < 500 {
		head.Add([]byte("X-Stored"), []byte(s.stored))
	}
}

func (s *stamp) EditFields(b *headers.Block, _ *policy.Call) {
	b.DropNamed([]byte("x-sent"))
	b.Add([]byte("X-Sent"), []byte(s.sent))
}

func parseAdded(text string) (*config.Config, error) {
	return config.Parse("test.yaml", []byte(text), nil, withAdded()...)
}

func TestKeysOfAnAddedPolicyHaveErrorsWithPositions(t *testing.T) {
	_, err := parseAdded(`routes:
  - { path: "/a", upstream: "http://a:1", gate: { wrod: x, as: "" } }
  - { path: "/b", upstream: "http://a:1", stamp: { sent: [] }, gate: { word: x, as: y, tell: "a b" } }
  - { path: "/c", redirect: /d, gate: { word: x, as: y } }`)
	const want = `test.yaml:2:49: routes[0].gate: has no word
test.yaml:2:51: routes[0].gate.wrod: unknown key (did you mean "word"?)
test.yaml:2:64: routes[0].gate.as: got "", want text of one line
test.yaml:3:58: routes[1].stamp.sent: got a list, want text
test.yaml:3:94: routes[1].gate.tell: got "a b", want the name of a header field
test.yaml:4:47: routes[2].gate.word: guards a redirect, which is no secret`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestKeysOfAnAddedPolicyAreDocumented(t *testing.T) {
	table := withAdded()
	var rows []string
	for _, r := range config.Rows(table...) {
		rows = append(rows, r.String())
	}
	for _, want := range []string{
		"| `routes[].gate` | mapping: lets those pass who know the word | none | yes |",
		"| `routes[].gate.word` | text: what X-Word has to say | required | yes |",
		"| `routes[].stamp.sent` | text of all responses | none | yes |",
	} {
		if !slices.Contains(rows, want) {
			t.Errorf("no such row of documentation:\n%s", want)
		}
	}
	text, err := config.Schema(table...)
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Properties           map[string]json.RawMessage
		Required             []string
		AdditionalProperties *bool
	}
	var file struct {
		Properties struct{ Routes struct{ Items object } }
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var entry object
	if err := json.Unmarshal(file.Properties.Routes.Items.Properties["gate"], &entry); err != nil {
		t.Fatal(err)
	}
	if entry.AdditionalProperties == nil || *entry.AdditionalProperties || !slices.Contains(entry.Required, "word") || entry.Properties["tell"] == nil {
		t.Errorf("the schema of gate is %s", file.Properties.Routes.Items.Properties["gate"])
	}
}

func TestAnAddedPolicyIsPrintedWithoutItsSecret(t *testing.T) {
	c, err := parseAdded("routes: [{ path: /a, upstream: \"http://a:1\", gate: { word: hush, as: me } }]")
	if err != nil {
		t.Fatal(err)
	}
	printed, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if want := `gate: {word: "(set)", as: "me", tell: "X-User"}`; !strings.Contains(string(printed), want) || strings.Contains(string(printed), "hush") {
		t.Errorf("want %s in\n%s", want, printed)
	}
}

// addedRoutes are routes with both policies: proxied, stored, of the gateway itself, broken.
func addedRoutes(origin, dead, sent string) string {
	both := `gate: { word: sesame, as: alice }, stamp: { stored: origin, sent: ` + sent + ` }`
	return `
routes:
  - { path: "/proxied", upstream: "` + origin + `", ` + both + ` }
  - { path: "/stored", upstream: "` + origin + `", cache: { ttl: 1h, force: on }, ` + both + ` }
  - { path: "/open", upstream: "` + origin + `" }
  - { path: "/fixed", respond: { status: 200, body: fixed }, ` + both + ` }
  - { path: "/moved", redirect: /proxied, stamp: { sent: ` + sent + ` } }
  - { path: "/dead", upstream: "http://` + dead + `", retry: off, ` + both + ` }`
}

// secretOrigin responds to every request with a validator and a secret, and sends its head
// to heads.
func secretOrigin(t *testing.T) (origin *gatewaytest.Origin, heads chan string) {
	heads = make(chan string, 100)
	return gatewaytest.NewOrigin(t, record(heads, "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nX-Secret: 1\r\nX-Sent: forged\r\nCache-Control: public, max-age=60\r\nContent-Length: 2\r\n\r\nok")), heads
}

func startAdded(t *testing.T, text string) *gatewaytest.Gateway {
	t.Helper()
	return gatewaytest.StartWith(t, gateway.Options{Config: gatewaytest.Parse(t, text, withAdded()...)})
}

func TestAddedPoliciesActOnEveryResponse(t *testing.T) {
	origin, heads := secretOrigin(t)
	dead := gatewaytest.Dead(t)
	g := startAdded(t, addedRoutes(origin.URL, dead, "one"))
	steps := []struct {
		name, target string
		fields       []string
		status       int
		text, stored string // X-Stored
	}{
		{"proxied", "/proxied", []string{"X-Word: sesame"}, 200, "ok", "origin"},
		{"refused, with a field of the policy", "/proxied", nil, 403, "", ""},
		{"a response of the policy", "/proxied", []string{"X-Word: help"}, 418, "say it\n", ""},
		{"a miss", "/stored", []string{"X-Word: sesame"}, 200, "ok", "origin"},
		{"a hit", "/stored", []string{"X-Word: sesame"}, 200, "ok", "origin"},
		{"a hit is for those who pass", "/stored", nil, 403, "", ""},
		{"a 304 from the store", "/stored", []string{"X-Word: sesame", "If-None-Match: \"a\""}, 304, "", "origin"},
		{"refused before it is forwarded", "/proxied", []string{"X-Word: sesame", "X-Never-Forward: 1"}, 503, "", ""},
		{"a hit is not forwarded", "/stored", []string{"X-Word: sesame", "X-Never-Forward: 1"}, 200, "ok", "origin"},
		{"a fixed response", "/fixed", []string{"X-Word: sesame"}, 200, "fixed", ""},
		{"a fixed response is for those who pass", "/fixed", nil, 403, "", ""},
		{"a redirect", "/moved", nil, 308, "", ""},
		{"a fault", "/dead", []string{"X-Word: sesame"}, 502, "", ""},
	}
	for _, tc := range steps {
		a := gatewaytest.Get(t, g.Address, tc.target, tc.fields...)
		if a.StatusCode != tc.status || tc.text != "" && a.Text != tc.text {
			t.Errorf("%s: got %d %q, want %d %q", tc.name, a.StatusCode, a.Text, tc.status, tc.text)
		}
		if got := a.Header.Values("X-Sent"); !slices.Equal(got, []string{"one"}) {
			t.Errorf("%s: X-Sent is %q, want one", tc.name, got)
		}
		if got := a.Header.Get("X-Stored"); got != tc.stored || a.Header.Get("X-Secret") != "" {
			t.Errorf("%s: X-Stored is %q, want %q; X-Secret %q, want none", tc.name, got, tc.stored, a.Header.Get("X-Secret"))
		}
		if denied := a.StatusCode == 403; denied != (a.Header.Get("WWW-Authenticate") == `Gate realm="word"`) {
			t.Errorf("%s: status %d, WWW-Authenticate %q", tc.name, a.StatusCode, a.Header.Get("WWW-Authenticate"))
		}
		if late := a.StatusCode == 503; late != slices.Equal(a.Header.Values("Retry-After"), []string{"7"}) {
			t.Errorf("%s: status %d, Retry-After %q", tc.name, a.StatusCode, a.Header.Values("Retry-After"))
		}
	}
	if n := len(heads); n != 2 {
		t.Errorf("the origin was asked %d times, want twice", n)
	}
}

func TestAddedPoliciesSurviveAReload(t *testing.T) {
	origin, _ := secretOrigin(t)
	dead := gatewaytest.Dead(t)
	g := startAdded(t, addedRoutes(origin.URL, dead, "one"))
	sent := func() string {
		return gatewaytest.Get(t, g.Address, "/stored", "X-Word: sesame").Header.Get("X-Sent")
	}
	if got := sent(); got != "one" {
		t.Errorf("before: %q", got)
	}
	for _, word := range []string{"one", "two"} {
		if err := g.Reload(gatewaytest.Parse(t, addedRoutes(origin.URL, dead, word), withAdded()...)); err != nil {
			t.Fatal(err)
		}
		if got := sent(); got != word {
			t.Errorf("after a reload: %q, want %q", got, word)
		}
	}
	if _, err := parseAdded(addedRoutes(origin.URL, dead, "[]")); !errors.As(err, new(config.Errors)) {
		t.Errorf("a broken policy: got %v", err)
	}
}

// tally is a policy that counts what ends.
type tally struct{ ended chan<- int }

func (tally) Keys(k options.Keys) {}

func (c tally) OnFinish(x *exchange.Exchange) { c.ended <- x.Status }

func TestPoliciesSeeTheEndOfEveryRequest(t *testing.T) {
	ended := make(chan int, 10)
	table := append(withAdded(), options.Policy{Name: "tally", New: func() options.Declarer { return tally{ended} }})
	origin, _ := secretOrigin(t)
	g := gatewaytest.StartWith(t, gateway.Options{Config: gatewaytest.Parse(t, `
routes:
  - { path: "/proxied", upstream: "`+origin.URL+`", tally: {}, gate: { word: sesame, as: alice } }
  - { path: "/dead", upstream: "http://`+gatewaytest.Dead(t)+`", retry: off, tally: {} }
  - { path: "/moved", redirect: /a, tally: {} }
  - { path: "/other", redirect: /a }`, table...)})
	for target, want := range map[string]int{"/proxied": 403, "/dead": 502, "/moved": 308} {
		gatewaytest.Get(t, g.Address, "/other")
		gatewaytest.Get(t, g.Address, "/nowhere")
		gatewaytest.Get(t, g.Address, target)
		if got := <-ended; got != want {
			t.Errorf("%s: saw the end of a %d, want %d", target, got, want)
		}
	}
}
