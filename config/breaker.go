package config

import (
	"time"

	"penstock/options"
)

// Breaker stops the requests to a backend that fails, also to the last one. The zero value is off.
type Breaker struct {
	OpenAt float64       // share of failed requests, above 0 to 1; zero means off
	Min    int           // requests within Within before OpenAt counts
	Within time.Duration // the time that is looked at
	Probe  time.Duration // how long it stays open; doubles to eight times
	Trials int           // requests in a row that close it
}

// section declares `breaker`: `off` or a mapping.
func (b *Breaker) section() *options.Section {
	return &options.Section{
		Form:    "mapping, or `off`",
		Default: func() { *b = Breaker{} },
		Begin: func(mapping bool) {
			if mapping {
				s := options.Section{Keys: b.Keys}
				s.Reset()
			}
		},
		Keys: b.Keys,
		Check: func(r options.Report) {
			if b.OpenAt == 0 && !r.Reported("open_at") {
				r.Problem("open_at", "got 0%%; write breaker: off to switch the breaker off")
			}
		},
	}
}

// Keys declares the keys of `breaker`.
func (b *Breaker) Keys(k options.Keys) {
	k.Itself(offWord(func() { *b = Breaker{} }, func() bool { return b.OpenAt == 0 }))
	k.Share("open_at", &b.OpenAt, 0.5, "of its requests of `within` failed, as `eject.when` counts them")
	k.Count("min", &b.Min, 20, "requests before `open_at` counts", options.Within(1, maxCount))
	k.Duration("within", &b.Within, 10*time.Second, "the time that `open_at` looks at")
	k.Duration("probe", &b.Probe, 10*time.Second, "how long it gets no requests, give or take 10 %; it doubles with each failed trial, up to eight times")
	k.Count("trials", &b.Trials, 3, "requests in a row that must succeed, one at a time, before it gets all again", options.Within(1, maxCount))
}
