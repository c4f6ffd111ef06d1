package config

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"penstock/options"
)

// gate is a policy with a key of each kind.
type gate struct {
	allow, deny []netip.Prefix
	names       []string
	origin      string
	wait        time.Duration
	most        int64
	strict      bool
	secret      string
	file        string
	statuses    options.Statuses
	fields      []options.Field
	mode        string
	tries       int
	of          float64
	level       struct{ low, high int }
	off         bool
}

func (g *gate) Keys(k options.Keys) {
	k.Itself(&gateOff{g})
	k.Networks("allow", &g.allow, "who may pass")
	k.Networks("deny", &g.deny, "who may not")
	k.Names("names", &g.names, "names", options.Default("a", "b"))
	k.Text("origin", &g.origin, "one line")
	k.Duration("wait", &g.wait, 5*time.Second, "how long", options.Off)
	k.Size("most", &g.most, 1<<20, "how much")
	k.Switch("strict", &g.strict, true, "or not")
	k.Secret("secret", &g.secret, "not shown")
	k.File("file", &g.file, "beside the configuration")
	k.Statuses("statuses", &g.statuses, "which")
	k.Fields("fields", &g.fields, "to add", options.Many)
	k.Choice("mode", &g.mode, []string{"first", "second"}, "which way")
	k.Count("tries", &g.tries, 3, "how often", options.Within(1, 9))
	k.Share("of", &g.of, 1, "of all")
	k.Section("level", func(k options.Keys) {
		k.Count("low", &g.level.low, 1, "the lower bound")
		k.Count("high", &g.level.high, 2, "the upper bound")
	}, "two bounds")
	k.Later("soon")
}

func (g *gate) Check(r options.Report) {
	if g.level.low > g.level.high {
		r.Problem("level.low", "is above high %d", g.level.high)
	}
	if len(g.allow) == 0 && !r.Has("deny") {
		r.Warn("allow", "lets everybody pass")
	}
}

// gateOff is the word that lifts a gate.
type gateOff struct{ g *gate }

func (o *gateOff) Reset()               { o.g.off = false }
func (o *gateOff) Takes() string        { return "`off`" }
func (o *gateOff) Shape() options.Shape { return options.Shape{Off: true} }

func (o *gateOff) Set(text string) string {
	if !options.IsOff(text) {
		return "want off, or a mapping"
	}
	o.g.off = true
	return ""
}

func (o *gateOff) Get() (string, options.Style) {
	if o.g.off {
		return "off", options.Plain
	}
	return "", options.Absent
}

func gates() []options.Policy {
	return []options.Policy{{Name: "gate", New: func() options.Declarer { return new(gate) }, Doc: "lets clients pass"}}
}

func parseGate(t *testing.T, text string) (*Config, error) {
	t.Helper()
	return Parse("/etc/penstock/config.yaml", []byte(text), testEnv, gates()...)
}

func TestARouteHasThePoliciesOfTheTable(t *testing.T) {
	c, err := parseGate(t, `
routes:
  - path: "/*"
    upstream: "http://a:1"
    gate: { allow: 10.0.0.0/8, wait: off, most: 2KiB, strict: off, secret: "${TOKEN}", file: x.pem, statuses: [404, 5xx],
            fields: { X-A: [a, b], X-B: c }, mode: second, level: { low: 0 } }
  - { path: "/b", upstream: "http://a:1" }
  - { path: "/c", upstream: "http://a:1", gate: off }`)
	if err != nil {
		t.Fatal(err)
	}
	want := &gate{
		allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, names: []string{"a", "b"}, most: 2 << 10, secret: "s3cret",
		file: "/etc/penstock/x.pem", statuses: options.Statuses{{First: 404, Last: 404}, {First: 500, Last: 599}},
		fields: []options.Field{{Name: "X-A", Value: "a"}, {Name: "X-A", Value: "b"}, {Name: "X-B", Value: "c"}},
		mode:   "second", tries: 3, of: 1,
	}
	want.level.high = 2
	equal(t, "policies of /*", c.Routes[0].Policies, []Policy{{Name: "gate", Value: want}})
	equal(t, "policies of /b", c.Routes[1].Policies, []Policy(nil))
	if g := c.Routes[2].Policies[0].Value.(*gate); !g.off {
		t.Error("gate: off is not stored")
	}
}

func TestWhatIsWrongWithAPolicyHasAPosition(t *testing.T) {
	_, err := parseGate(t, `
routes:
  - path: "/*"
    upstream: "http://a:1"
    gate:
      alow: []
      soon: 1
      wait: 5
      secret: "a\nb"
      mode: secnd
      tries: 10
      level: { low: 3 }
  - { path: "/b", upstream: "http://a:1", gate: on }`)
	const want = `/etc/penstock/config.yaml:6:7: routes[0].gate.alow: unknown key (did you mean "allow"?)
/etc/penstock/config.yaml:7:7: routes[0].gate.soon: is not built yet
/etc/penstock/config.yaml:8:13: routes[0].gate.wait: got "5", want a duration with its unit, such as 250ms, 5s, 1m or 1h, or off
/etc/penstock/config.yaml:9:15: routes[0].gate.secret: want text of one line
/etc/penstock/config.yaml:10:13: routes[0].gate.mode: got "secnd", want first or second (did you mean "second"?)
/etc/penstock/config.yaml:11:14: routes[0].gate.tries: got "10", want a whole number from 1 to 9
/etc/penstock/config.yaml:12:21: routes[0].gate.level.low: is above high 2
/etc/penstock/config.yaml:13:49: routes[1].gate: want off, or a mapping`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestAPolicyIsPrinted(t *testing.T) {
	text := `
routes:
  - path: "/*"
    upstream: "http://a:1"
    gate: { deny: ["10.0.0.0/8", "::1"], fields: { X-A: [a, b], X-B: c }, wait: 1m, origin: "o" }
  - { path: "/c", upstream: "http://a:1", gate: off }`
	c, err := parseGate(t, text)
	if err != nil {
		t.Fatal(err)
	}
	printed, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("/etc/penstock/config.yaml", printed, nil, gates()...)
	if err != nil {
		t.Fatalf("what was printed is refused: %v\n%s", err, printed)
	}
	again.Warnings, again.written = c.Warnings, c.written
	if !reflect.DeepEqual(again, c) {
		t.Errorf("lost in print:\n%s", printed)
	}
}
