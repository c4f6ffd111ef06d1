package policy

import (
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"penstock/exchange"
	"penstock/headers"
	"penstock/options"
	"penstock/ratelimit"
	"penstock/response"
)

// BoundLimits are the limits that the requests of one route meet: those for all routes, then its
// own. It is immutable but for the tables and counts.
type BoundLimits struct {
	limits []*BoundLimit
	parts  []any
	now    func() time.Time
	start  time.Time
}

// BoundLimit is a limit with its state, which outlives reloads that leave the limit as it is.
type BoundLimit struct {
	*RateLimit
	Table   *ratelimit.Keyed
	General bool // of all routes together
	refused *atomic.Uint64
}

// Refused returns how many requests of this route the limits of this name have refused, in earlier
// generations too. A request that several limits refuse counts for each of them.
func (l *BoundLimit) Refused() uint64 { return l.refused.Load() }

// By returns what has a count of its own, in the words of the configuration.
func (l *BoundLimit) By() string { return strings.Join(partTexts(l.Per), ", ") }

// Bind implements Stateful. It returns a *BoundLimits, also when there are no limits; general
// counts beside the route's own limits unless the route says off, and nil is allowed.
func (r *RateLimits) Bind(general options.Declarer, b *Binding) any {
	bound := &BoundLimits{now: b.Now, start: b.Start}
	var shared []*RateLimit
	if g, ok := general.(*RateLimits); ok && !r.off {
		shared = g.Limits
	}
	for _, l := range shared {
		bound.limits = append(bound.limits, l.bind(b, true))
	}
	for _, l := range r.Limits {
		bound.limits = append(bound.limits, l.bind(b, false))
	}
	bound.sort(b.RateLimit)
	return bound
}

// bind finds the state of a limit: the running one while name, rate, burst, per and keys are the
// same.
func (l *RateLimit) bind(b *Binding, general bool) *BoundLimit {
	type identity struct {
		route string
		own   bool
		name  string
		rate  EventRate
		burst int
		per   string
		keys  int
	}
	type counted struct{ route, name string }
	out := &BoundLimit{RateLimit: l, General: general}
	id := identity{own: !general, name: l.Name, rate: l.Rate, burst: l.Burst, per: out.By(), keys: l.Keys}
	if !general {
		id.route = b.Route
	}
	out.Table = Keep(b, "rate limit", id, func() *ratelimit.Keyed {
		return ratelimit.NewKeyed(ratelimit.NewRate(l.Rate.Events, l.Rate.Period, l.Burst), l.Keys)
	})
	out.refused = Keep(b, "rate limit refusals", counted{b.Route, l.Name}, func() *atomic.Uint64 { return new(atomic.Uint64) })
	return out
}

// sort makes the hooks: limits that count all requests act before the cache is read, the others
// when a request goes to a backend.
func (r *BoundLimits) sort(answers string) {
	var all, origin []*BoundLimit
	for _, l := range r.limits {
		if l.Origin {
			origin = append(origin, l)
		} else {
			all = append(all, l)
		}
	}
	if len(all) > 0 {
		r.parts = append(r.parts, (*limitRequests)(r.newLimiter(all, answers)))
	}
	if len(origin) > 0 {
		r.parts = append(r.parts, (*limitForwards)(r.newLimiter(origin, answers)))
	}
	if len(r.limits) > 0 && answers == "on" {
		r.parts = append(r.parts, &limitFields{bound: r, policies: []byte(policiesOf(r.limits))})
	}
}

// Parts implements Parts. Without limits it is empty. The caller must not change the slice.
func (r *BoundLimits) Parts() []any { return r.parts }

// Limits returns the limits, those for all routes first. The caller must not change the slice.
func (r *BoundLimits) Limits() []*BoundLimit { return r.limits }

// Keys counts the keys of l that have used some of their burst at this time; for a limit of all
// routes those of all. It looks at the whole table.
func (r *BoundLimits) Keys(l *BoundLimit) int { return l.Table.Keys(int64(r.now().Sub(r.start))) }

// limiter is limits that are checked together.
type limiter struct {
	limits  []*BoundLimit
	group   *ratelimit.Group
	now     func() time.Time
	start   time.Time
	refused []byte // the RateLimit-Policy line of a refusal; empty when it has none
}

func (r *BoundLimits) newLimiter(limits []*BoundLimit, answers string) *limiter {
	tables := make([]*ratelimit.Keyed, len(limits))
	for i, l := range limits {
		tables[i] = l.Table
	}
	l := &limiter{limits: limits, group: ratelimit.NewGroup(tables...), now: r.now, start: r.start}
	if answers == "refused" {
		l.refused = []byte("RateLimit-Policy: " + policiesOf(limits) + "\r\n")
	}
	return l
}

// limitRequests checks the limits that count all requests.
type limitRequests limiter

// OnRequest implements Request.
func (l *limitRequests) OnRequest(c *Call) Verdict { return (*limiter)(l).ask(c) }

// limitForwards checks the limits that count what goes to a backend.
type limitForwards limiter

// OnForward implements Forward.
func (l *limitForwards) OnForward(c *Call) Verdict { return (*limiter)(l).ask(c) }

func (l *limiter) ask(c *Call) Verdict {
	var keys [ratelimit.MaxGroup]uint64
	for i, one := range l.limits {
		keys[i] = one.keyOf(c)
	}
	var waits ratelimit.Waits
	if l.group.Take(&keys, int64(l.now().Sub(l.start)), &waits) {
		return Continue
	}
	return l.refuse(c, &waits)
}

// keyOf returns the key of the request in the limit's table.
func (l *BoundLimit) keyOf(c *Call) uint64 { return keyOf(l.Table.Seed(), l.Per, c) }

// quotaExceeded is the problem type of a refusal, draft-ietf-httpapi-ratelimit-headers.
const quotaExceeded = "https://iana.org/assignments/http-problem-types#quota-exceeded"

// refuse says which limits refused, and when each allows a request again.
func (l *limiter) refuse(c *Call, waits *ratelimit.Waits) Verdict {
	lines := append(c.Response.Fields[:0], "Retry-After: "...)
	lines = append(strconv.AppendInt(lines, seconds(waits.Longest()), 10), "\r\n"...)
	if len(l.refused) > 0 {
		lines = append(append(lines, l.refused...), "RateLimit: "...)
	}
	begin := len(c.text)
	c.text = append(c.text, `,"violated-policies":[`...)
	before := ""
	for i, one := range l.limits {
		if waits[i] == 0 {
			continue
		}
		one.refused.Add(1)
		c.text = append(append(append(append(c.text, before...), '"'), one.Name...), '"')
		if len(l.refused) > 0 {
			lines = appendLimit(append(lines, before...), one.Name, ratelimit.State{Next: waits[i]})
		}
		before = ","
	}
	c.text = append(c.text, ']')
	if len(l.refused) > 0 {
		lines = append(lines, "\r\n"...)
	}
	c.Response.SetFields(lines)
	return c.RefuseWith(exchange.Refuse(exchange.RateLimited), response.Problem{Type: quotaExceeded, Title: "Quota exceeded", Members: c.text[begin:]})
}

// limitFields says on every response what the limits have left.
type limitFields struct {
	bound    *BoundLimits
	policies []byte
}

// EditFields implements Fields.
func (f *limitFields) EditFields(b *headers.Block, c *Call) {
	now := int64(f.bound.now().Sub(f.bound.start))
	begin := len(c.text)
	for i, l := range f.bound.limits {
		if i > 0 {
			c.text = append(c.text, ',')
		}
		c.text = appendLimit(c.text, l.Name, l.Table.State(l.keyOf(c), now))
	}
	b.Add(policyField, f.policies)
	b.Add(limitField, c.text[begin:])
}

var policyField, limitField = []byte("RateLimit-Policy"), []byte("RateLimit")

// policiesOf writes limits as the value of RateLimit-Policy. The window is the time in which
// the burst comes back, in whole seconds, and the quota what the rate allows in it.
func policiesOf(limits []*BoundLimit) string {
	all := make([]string, len(limits))
	for i, l := range limits {
		rate := l.Rate.perSecond()
		window := seconds(time.Duration(float64(l.Burst) / rate * float64(time.Second)))
		quota := max(int64(rate*float64(window)+1e-6), int64(l.Burst))
		all[i] = quoted(l.Name) + ";q=" + strconv.FormatInt(quota, 10) + ";w=" + strconv.FormatInt(window, 10)
	}
	return strings.Join(all, ",")
}

// quoted writes the name of a limit as a String of RFC 9651. Names need no escapes.
func quoted(name string) string { return `"` + name + `"` }

// appendLimit appends an item of RateLimit.
func appendLimit(dst []byte, name string, s ratelimit.State) []byte {
	dst = append(append(append(append(dst, '"'), name...), '"'), ";r="...)
	dst = append(strconv.AppendInt(dst, s.Remaining, 10), ";t="...)
	next := int64(0)
	if s.Next > 0 {
		next = seconds(s.Next)
	}
	return strconv.AppendInt(dst, next, 10)
}

// seconds rounds up to whole seconds, at least one.
func seconds(d time.Duration) int64 { return max(int64((d+time.Second-1)/time.Second), 1) }
