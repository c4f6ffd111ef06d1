package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"penstock/options"
	"penstock/ratelimit"
)

// Bounds of one limit, and of how many one key of the configuration has: a route's own and those
// for all routes are checked together.
const (
	maxLimits     = ratelimit.MaxGroup / 2
	maxPerSecond  = 1_000_000
	maxBurst      = 1_000_000
	minKeys       = 64
	maxKeys       = 1 << 24
	standardKeys  = 1 << 16
	maxNameLength = 32
)

func rateLimits() options.Policy {
	return options.Policy{
		Name: "rate_limit", New: func() options.Declarer { return new(RateLimits) },
		Default:    "`off`",
		General:    func() options.Declarer { return &RateLimits{general: true} },
		Doc:        "how often clients may ask; above it 429. `off` also lifts the limits at the top of the file, which count beside those of a route, see [resilience.md](resilience.md#rate-limits)",
		GeneralDoc: "limits that all routes share, beside those of a route, see [resilience.md](resilience.md#rate-limits)",
	}
}

// RateLimits bound how often the clients of a route may ask, or those of all routes together
// when they stand at the top of a file.
type RateLimits struct {
	Limits []*RateLimit // none: off

	general bool // of all routes together
	off     bool // `off` is written
}

// RateLimit is one limit of RateLimits, as configured. Reading a configuration checks it and sets
// the defaults; the zero value is no valid limit.
type RateLimit struct {
	Rate   EventRate
	Burst  int       // requests that may come at once, at least 1
	Per    []keyPart // what has a count of its own
	Name   string
	Origin bool // only requests that go to a backend count
	Keys   int  // how many keys the table has room for, at least
}

// EventRate is a number of events in a period: a second, a minute or an hour. The zero value means
// that none was read.
type EventRate struct {
	Events float64
	Period time.Duration
}

// Describe implements options.Describer.
func (r *RateLimits) Describe(s *options.Section) {
	s.Form, s.Want = "a rate such as `100/s`, a mapping, a list of them, or `off`", "a rate such as 100/s, a mapping, a list of them, or off"
}

// Keys declares the forms of `rate_limit`.
func (r *RateLimits) Keys(k options.Keys) {
	k.Itself(&options.Phrase{
		Form: "rate or `off`", Read: r.readShort, Default: func() { r.Limits = nil },
		Text: func() (string, options.Style) {
			if len(r.Limits) > 0 {
				return "", options.Absent
			}
			return "off", options.Plain
		},
		Texts: options.Shape{Pattern: eventRatePattern, Off: true},
	})
	k.Itself(&options.Sections{
		Form: "mapping, or a list of them", Single: true, Want: "a list of limits (- rate: ...)",
		Empty: "got no limit, want at least one, or off",
		Clear: func() { r.Limits = nil },
		Add:   func() *options.Section { return r.add().section() },
		Model: func() *options.Section { return r.standard().section() },
		All: func() []*options.Section {
			all := make([]*options.Section, len(r.Limits))
			for i, l := range r.Limits {
				all[i] = l.section()
			}
			return all
		},
		Added: r.added,
	})
}

// readShort reads what may stand in place of a mapping.
func (r *RateLimits) readShort(s string) (wrong string) {
	r.Limits = nil
	if r.off = options.IsOff(s); r.off {
		return ""
	}
	if wrong := r.add().Rate.set(s); wrong != "" {
		return wrong
	}
	return r.added()
}

// standard returns a limit with every default.
func (r *RateLimits) standard() *RateLimit {
	l := new(RateLimit)
	l.section().Reset()
	if l.Name = "default"; r.general {
		l.Name = "all"
	}
	return l
}

func (r *RateLimits) add() *RateLimit {
	l := r.standard()
	r.Limits = append(r.Limits, l)
	return l
}

// added judges the last limit.
func (r *RateLimits) added() (wrong string) {
	last := len(r.Limits) - 1
	l := r.Limits[last]
	if len(r.Limits) > maxLimits {
		return fmt.Sprintf("is one limit too many; at most %d stand together", maxLimits)
	}
	if l.Burst == 0 {
		l.Burst = max(1, min(maxBurst, int(l.Rate.perSecond())))
	}
	if back := float64(l.Burst) / l.Rate.perSecond(); back > options.MaxDuration.Seconds() {
		return fmt.Sprintf("the burst of %d would take longer than %s to come back", l.Burst, options.FormatDuration(options.MaxDuration))
	}
	if slices.ContainsFunc(r.Limits[:last], func(o *RateLimit) bool { return o.Name == l.Name }) {
		return fmt.Sprintf("there are two limits with the name %q; give each its own name", l.Name)
	}
	return ""
}

func (l *RateLimit) section() *options.Section {
	return &options.Section{Form: "rate or mapping", Keys: l.keys}
}

// keys declares the keys of one limit.
func (l *RateLimit) keys(k options.Keys) {
	k.Itself(options.Short(l.Rate.phrase()))
	k.Add("rate", l.Rate.phrase(), "so many requests a second, a minute (`/m`) or an hour (`/h`)", options.Required)
	k.Count("burst", &l.Burst, 0, "requests that may come at once after a pause", options.Within(1, maxBurst), options.Means("one second of the rate, at least 1"))
	k.Add("per", perOf(&l.Per), "what has a count of its own; several together make one key, and what a request does not have is replaced by `ip`. "+
		"An IPv6 address counts as its /64; `route` is one count for all clients")
	k.Text("name", &l.Name, "in responses, metrics and the API", options.Checked(limitName), options.Means("`default`; at the top of the file `all`"))
	k.Add("count", options.OneOf(&l.Origin, []string{"all", "origin"}, []bool{false, true}), "which requests count; `origin` are those that the cache sends to a backend")
	k.Count("keys", &l.Keys, standardKeys, "room in the table, 17 bytes each, taken when the limit is made; above it the key is forgotten whose burst is complete first",
		options.Within(minKeys, maxKeys))
	k.Later("shared", "on_error")
}

// limitName judges a name: it goes into fields and JSON as it is.
func limitName(s string) (shaped, wrong string) {
	foreign := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	}
	if first := s[0] | 0x20; len(s) > maxNameLength || first < 'a' || first > 'z' || strings.ContainsFunc(s, foreign) {
		return s, fmt.Sprintf("want a letter, then letters, digits, - _ or ., at most %d", maxNameLength)
	}
	return s, ""
}

// Compile implements options.Compiler. It reports a limit whose name is also that of one for all
// routes, which are those of route.General; without any it does nothing.
func (r *RateLimits) Compile(at options.Report, route options.Route) {
	general, _ := route.General.(*RateLimits)
	if general == nil {
		return
	}
	for _, l := range r.Limits {
		if slices.ContainsFunc(general.Limits, func(o *RateLimit) bool { return o.Name == l.Name }) {
			at.Problem("", "the limits at the top of the file have one with the name %q too; give each its own name", l.Name)
		}
	}
}

// ByAddress reports whether at least one of the limits counts by the address of the client alone;
// false without limits.
func (r *RateLimits) ByAddress() bool {
	return slices.ContainsFunc(r.Limits, func(l *RateLimit) bool { return len(l.Per) == 1 && l.Per[0].kind == perIP })
}

const (
	eventRatePattern = `[0-9]{1,9}(\.[0-9]{1,4})?/[smh]`
	eventRateForm    = "a rate such as 100/s, 600/m or 1000/h"
)

var periods = []struct {
	unit string
	is   time.Duration
}{{"/s", time.Second}, {"/m", time.Minute}, {"/h", time.Hour}}

func (e *EventRate) perSecond() float64 { return e.Events / e.Period.Seconds() }

func (e *EventRate) phrase() *options.Phrase {
	return &options.Phrase{
		Form: "rate", Read: e.set,
		Text: func() (string, options.Style) {
			if e.Period == 0 {
				return "", options.Absent
			}
			return e.String(), options.Plain
		},
		Texts: options.Shape{Pattern: eventRatePattern},
	}
}

// String writes the rate as a file does: "100/s", "600/m". The unit is left out when Period is not
// a second, a minute or an hour.
func (e *EventRate) String() string {
	number := strings.TrimSuffix(options.FormatRate(e.Events), "/s")
	for _, p := range periods {
		if p.is == e.Period {
			return number + p.unit
		}
	}
	return number
}

func (e *EventRate) set(s string) (wrong string) {
	for _, p := range periods {
		number, found := strings.CutSuffix(s, p.unit)
		if !found {
			continue
		}
		events, ok := options.ParseRate(number + "/s")
		switch {
		case !ok:
		case events == 0:
			return fmt.Sprintf("got %q, want more than 0, or off", s)
		case events/p.is.Seconds() > maxPerSecond:
			return fmt.Sprintf("got %q, want at most %d/s", s, maxPerSecond)
		default:
			*e = EventRate{events, p.is}
			return ""
		}
	}
	return fmt.Sprintf("got %q, want %s", s, eventRateForm)
}
