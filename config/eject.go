package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"penstock/options"
)

// Eject takes a backend out by what its responses show. The zero value is off.
type Eject struct {
	Failures int           // attempts in a row that could not connect, ended early, timed out, or got a 502, 503 or 504 of When; zero means off, all of it
	Errors   float64       // share of failed requests above that of the other backends and not by chance, 0..1; zero means off
	Min      int           // requests within Within before Errors and Slow count
	Within   time.Duration // the time that Errors and Slow look at
	When     Statuses      // responses that count as failed; not empty unless off
	Silent   time.Duration // without a response while the others respond; zero means off
	Slow     float64       // this many times as slow as the others, and 50 ms slower, 1.5..1000; zero means off
	Base     time.Duration // the first time out; doubles each time; at most Max
	Max      time.Duration // the longest time out
	AtMost   float64       // share of the upstream that may be out at once, 0..1, rounded down; at least one backend, never the last
}

// Keys declares the keys of `eject`.
func (e *Eject) Keys(k options.Keys) {
	k.Itself(offWord(func() { *e = Eject{} }, func() bool { return e.Failures == 0 }))
	k.Count("failures", &e.Failures, 5, "in a row: connections that fail or end early, timeouts, and responses of 502, 503 and 504", options.Within(1, maxCount))
	k.Share("errors", &e.Errors, 0.2, "of its requests failed, above the share of all others together, and not by chance", options.Off)
	k.Count("min", &e.Min, 20, "requests before `errors` and `slow` count", options.Within(1, maxCount))
	k.Duration("within", &e.Within, 10*time.Second, "the time that `errors` and `slow` look at")
	k.Add("when", statusList(&e.When, Statuses{{First: 500, Last: 599}}, "write eject: off to switch ejection off"), "responses that count as failures of the backend")
	k.Duration("silent", &e.Silent, 2*time.Second,
		"no response to any of three or more requests, while other backends respond; at least 8 times what a slow response takes", options.Off)
	k.Add("slow", slowPhrase(&e.Slow), "times the median of the others, and 50ms more")
	k.Duration("base", &e.Base, time.Second, "the first time out; it doubles each time")
	k.Duration("max", &e.Max, 30*time.Second, "the longest time out")
	k.Share("at_most", &e.AtMost, 0.5, "of the backends that may be out at once")
}

// statusList declares a list of statuses that is not empty. off is what to write for none.
func statusList(p *Statuses, standard Statuses, off string) *options.Items {
	return &options.Items{
		Form:    "list of statuses",
		Empty:   func() { *p = nil },
		Default: func() { *p = slices.Clone(standard) },
		Append: func(s string) (wrong string) {
			codes, ok := options.ParseStatuses(s)
			if !ok {
				return fmt.Sprintf("got %q, want %s", s, options.StatusForm)
			}
			*p = append(*p, codes)
			return ""
		},
		End: func(written, _ int) string {
			if written == 0 {
				return "got no status; " + off
			}
			return ""
		},
		Texts: func() (all []string, _ options.Style) {
			for _, s := range *p {
				all = append(all, s.String())
			}
			return all, options.Plain
		},
		Each: options.Shape{Pattern: options.StatusPattern, Number: true, Low: 100, High: 599},
	}
}

// slowPhrase declares `slow`.
func slowPhrase(p *float64) *options.Phrase {
	return &options.Phrase{
		Form:    "factor such as `5x`, or `off`",
		Default: func() { *p = 0 },
		Read: func(text string) (wrong string) {
			if options.IsOff(text) {
				*p = 0
				return ""
			}
			digits, found := strings.CutSuffix(text, "x")
			n, err := strconv.ParseFloat(digits, 64)
			if !found || err != nil || !(n >= 1.5 && n <= 1000) || strings.ContainsAny(digits, "eE+") {
				return fmt.Sprintf("got %q, want 1.5x to 1000x, such as 5x, or off", text)
			}
			*p = n
			return ""
		},
		Text: func() (string, options.Style) {
			if *p == 0 {
				return "off", options.Plain
			}
			return strconv.FormatFloat(*p, 'f', -1, 64) + "x", options.Plain
		},
		Texts: options.Shape{Pattern: `[0-9]+(\.[0-9]+)?x`, Off: true},
	}
}

// Check reports a Base above Max, at the key base. It checks nothing else.
func (e *Eject) Check(r options.Report) {
	if e.Base > e.Max {
		r.Problem("base", "got %s, which is above max %s", options.FormatDuration(e.Base), options.FormatDuration(e.Max))
	}
}
