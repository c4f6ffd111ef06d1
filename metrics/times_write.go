package metrics

// backendTimes are the histograms of a backend.
var backendTimes = [...]struct {
	family family
	of     func(*backendCell) *durations
}{
	{queueTime, func(c *backendCell) *durations { return &c.queue }},
	{connectTime, func(c *backendCell) *durations { return &c.connect }},
	{firstByteTime, func(c *backendCell) *durations { return &c.firstByte }},
}

// times writes the histograms: those without an observation not at all, and of the
// others as many as fit.
func (p *page) times(s *snapshot) {
	p.open(duration)
	for _, r := range s.routes {
		var t total
		for i := range r.cells {
			t.add(&r.cells[i].duration)
		}
		p.durations(duration, &t, &r.timed, "route", r.name)
	}
	for i, h := range backendTimes {
		p.open(h.family)
		for _, b := range s.backends {
			var t total
			for j := range b.cells {
				t.add(h.of(&b.cells[j]))
			}
			p.durations(h.family, &t, &b.timed[i], b.key.labels()...)
		}
	}
	p.open(queueDuration)
	for _, u := range s.upstreams {
		var t total
		t.add(&u.waited)
		p.durations(queueDuration, &t, &u.timed, "upstream", u.name)
	}
	opened := false
	for _, r := range s.routes {
		if c := r.cached; c != nil {
			if !opened {
				opened = true
				p.open(cacheFill)
			}
			var t total
			t.add(&c.fills)
			p.durations(cacheFill, &t, &c.timed, "route", r.name)
		}
	}
}

// written returns how many histograms have been written before.
func (s *snapshot) written() (n int) {
	count := func(is bool) {
		if is {
			n++
		}
	}
	for _, r := range s.routes {
		count(r.timed.Load())
		count(r.cached != nil && r.cached.timed.Load())
	}
	for _, u := range s.upstreams {
		count(u.timed.Load())
	}
	for _, b := range s.backends {
		for i := range b.timed {
			count(b.timed[i].Load())
		}
	}
	return n
}
