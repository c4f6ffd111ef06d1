package metrics

import (
	"maps"
	"slices"

	"penstock/ratelimit"
)

// queues writes how many requests wait for each upstream, and how many were refused.
func (p *page) queues(s *snapshot) {
	if len(s.queues) > 0 {
		p.open(queueWaiting)
	}
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		for class := ratelimit.Critical; class <= ratelimit.Low; class++ {
			p.level(queueWaiting, float64(s.queues[name].Waiting[class.String()]), "upstream", name, "priority", class.String())
		}
	}
	p.open(shed)
	for _, u := range s.upstreams {
		for i := range u.shed {
			for class := range u.shed[i] {
				if n := u.shed[i][class].Load(); n > 0 {
					p.count(shed, n, "upstream", u.name, "priority", ratelimit.Priority(class).String(), "reason", shedReasons[i].String())
				}
			}
		}
	}
}

// limiters writes what is known of the limits of backends.
func (p *page) limiters(gauges []backendView) {
	for _, of := range []struct {
		family family
		value  func(backendView) float64
	}{
		{concurrencyLimit, func(g backendView) float64 { return g.Concurrency.Limit }},
		{concurrencyBase, func(g backendView) float64 { return g.Concurrency.Base }},
		{concurrencyMedian, func(g backendView) float64 { return g.Concurrency.Median }},
	} {
		opened := false
		for _, g := range gauges {
			if g.Concurrency == nil {
				continue
			}
			if !opened {
				opened = true
				p.open(of.family)
			}
			p.level(of.family, of.value(g), g.key.labels()...)
		}
	}
}
