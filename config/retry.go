package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"penstock/options"
)

// maxRetries is the largest number of further attempts.
const maxRetries = 10

// Retry says when a failed attempt is repeated, on another backend while one is left. One of the
// conditions must fit, and, except for Connect, the method too, and the whole body must be there to
// be sent again. The zero value never retries; beside any setting a request that may be repeated
// gets one more attempt when a pooled connection breaks.
type Retry struct {
	Times    int      // further attempts after the first, 0..10; 0 means off
	Connect  bool     // nothing was sent: no connection was made; for any method
	Reset    bool     // the connection ended before any response byte
	Timeout  bool     // an attempt ran into its connect or first_byte timeout, or the backend was found silent
	Statuses Statuses // the response of the backend has one of these; nil means none
	Backoff  Backoff
	Methods  []string // methods that may be repeated, upper case; nil means none
	// Need is the name of a field, as written; a method that is not idempotent is
	// repeated only when the request carries it. Empty when Methods has none.
	Need string
}

// Backoff bounds the wait before a retry: it doubles from Min to Max, with full jitter.
// The zero value (`off`) retries without a wait.
type Backoff struct {
	Min, Max time.Duration // both above zero, Min at most Max; or both zero
}

// section declares `retry`: `off`, `on`, a number of attempts, or a mapping.
func (r *Retry) section() *options.Section {
	return &options.Section{
		Form:    "`off`, `on`, a number for `times`, or a mapping",
		Default: func() { *r = DefaultRetry() },
		Check:   r.check,
		Keys: func(k options.Keys) {
			k.Itself(&options.Phrase{
				Form: "`off`, `on` or a number", Read: r.setTimes,
				Text: func() (string, options.Style) {
					if r.Times == 0 {
						return "off", options.Plain
					}
					return "", options.Absent
				},
				Texts: options.Shape{Number: true, High: maxRetries, On: true, Off: true},
			})
			r.Keys(k)
		},
	}
}

// setTimes reads the short form, which is not a mapping.
func (r *Retry) setTimes(s string) (wrong string) {
	switch {
	case options.IsOff(s):
		*r = Retry{}
	case options.IsOn(s):
	case options.Digits(s):
		wrong = options.CountOf(&r.Times, 1, options.Within(0, maxRetries)).Set(s)
		if r.Times == 0 {
			*r = Retry{}
		}
	default:
		return fmt.Sprintf("got %q, want off, a number of further attempts, or a mapping", s)
	}
	return wrong
}

// Keys declares the keys of `retry`.
func (r *Retry) Keys(k options.Keys) {
	k.Count("times", &r.Times, 1, "further attempts, on another backend while one is left; one more, not counted, follows "+
		"when a connection that was kept idle breaks", options.Within(0, maxRetries))
	k.Add("when", r.when(), "what is repeated")
	k.Add("backoff", r.Backoff.phrase(), "doubling, with full jitter")
	k.Names("methods", &r.Methods, "of methods that may be repeated", options.Checked(methodName), options.Default(idempotentMethods()...))
	k.Text("need", &r.Need, "name of a field without which a method that is not idempotent is not repeated; required when `methods` has one, "+
		"such as `Idempotency-Key` for POST", options.Checked(func(s string) (shaped, wrong string) {
		if !options.Token(s) {
			wrong = "want the name of a header field"
		}
		return s, wrong
	}))
}

// conditions are the words of `retry.when`, each with the field that it sets.
func (r *Retry) conditions() []struct {
	word string
	on   *bool
} {
	return []struct {
		word string
		on   *bool
	}{{"connect", &r.Connect}, {"reset", &r.Reset}, {"timeout", &r.Timeout}}
}

// when declares the conditions under which an attempt is repeated.
func (r *Retry) when() *options.Items {
	return &options.Items{
		Form:    "list of `connect`, `reset`, `timeout` and statuses",
		Empty:   func() { r.Connect, r.Reset, r.Timeout, r.Statuses = false, false, false, nil },
		Default: func() { r.Connect, r.Reset, r.Timeout, r.Statuses = true, true, false, nil },
		Append:  r.addWhen,
		End: func(written, _ int) string {
			if written == 0 {
				return "got no condition; write retry: off to switch retries off"
			}
			return ""
		},
		Texts: func() (all []string, _ options.Style) {
			for _, c := range r.conditions() {
				if *c.on {
					all = append(all, c.word)
				}
			}
			for _, s := range r.Statuses {
				all = append(all, s.String())
			}
			return all, options.Plain
		},
		Each: options.Shape{Pattern: "connect|reset|timeout|" + options.StatusPattern, Number: true, Low: 100, High: 599},
	}
}

func (r *Retry) addWhen(s string) (wrong string) {
	var words []string
	for _, c := range r.conditions() {
		if c.word == s {
			*c.on = true
			return ""
		}
		words = append(words, c.word)
	}
	codes, ok := options.ParseStatuses(s)
	if !ok {
		return fmt.Sprintf("got %q, want connect, reset, timeout, or %s%s", s, options.StatusForm, options.DidYouMean(s, words))
	}
	r.Statuses = append(r.Statuses, codes)
	return ""
}

// phrase declares `retry.backoff`.
func (b *Backoff) phrase() *options.Phrase {
	return &options.Phrase{
		Form:    "shortest and longest wait, such as `25ms..1s`, or `off`",
		Default: func() { *b = Backoff{Min: 25 * time.Millisecond, Max: time.Second} },
		Read:    b.set,
		Text: func() (string, options.Style) {
			if b.Max == 0 {
				return "off", options.Plain
			}
			return options.FormatDuration(b.Min) + ".." + options.FormatDuration(b.Max), options.Plain
		},
		Texts: options.Shape{Pattern: options.DurationPattern + ` *(\.\. *` + options.DurationPattern + ")", Off: true},
	}
}

func (b *Backoff) set(s string) (wrong string) {
	if options.IsOff(s) {
		*b = Backoff{}
		return ""
	}
	from, to, _ := strings.Cut(s, "..")
	low, okLow := options.ParseDuration(strings.TrimSpace(from))
	high, okHigh := options.ParseDuration(strings.TrimSpace(to))
	switch {
	case !okLow || !okHigh:
		return fmt.Sprintf("got %q, want %s, or off", s, options.RangeForm)
	case low > high || low == 0 || high > options.MaxDuration:
		return fmt.Sprintf("got %q, want the shorter duration first and both above 0s", s)
	}
	*b = Backoff{Min: low, Max: high}
	return ""
}

// check reports problems between the keys of a retry. Without a further attempt it resets the
// other keys.
func (r *Retry) check(at options.Report) {
	var risky string
	for _, m := range r.Methods {
		if !slices.Contains(idempotentMethods(), m) {
			risky = m
		}
	}
	switch {
	case at.Has("methods") && len(r.Methods) == 0:
		at.Problem("methods", "names no method; write retry: off to switch retries off")
	case risky != "" && r.Need == "" && !at.Has("need"):
		at.Problem("methods", "%s is not idempotent: add need: Idempotency-Key, so that it is repeated only when the backend can tell", risky)
	case risky == "" && r.Need != "":
		at.Problem("need", "does nothing: every method here is idempotent")
	}
	if r.Times == 0 {
		*r = Retry{}
	}
}

// DefaultRetry returns the retry rules of a route that names none: one further attempt after a
// connection that failed or ended early, for idempotent methods.
func DefaultRetry() Retry {
	var r Retry
	keys := options.Section{Keys: r.Keys}
	keys.Reset()
	return r
}

// idempotentMethods returns the methods that RFC 9110 §9.2.2 calls idempotent.
func idempotentMethods() []string {
	return []string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"}
}
