package lb

// Gate decides which backends have room for one more attempt.
type Gate interface {
	// Admit reports whether an attempt at b may begin, and counts it if so. It must not call the
	// pool.
	Admit(b *Backend) bool
}

// fewPicks is how often the method of a pool chooses before each backend is tried in turn.
const fewPicks = 3

// PickAdmitted is Pick among the backends that gate admits: the first that it admits of those
// that the method chooses one after the other, then any. A backend that is full is still usable:
// it does not make way for a backup or for one that is ejected. nil with full false means that
// Pick would have returned nil, with full true that gate has admitted none. The caller must
// still call Begin. It does not block, and does not allocate unless tried is a large set.
func (p *Pool) PickAdmitted(key uint64, tried *Set, now int64, gate Gate) (b *Backend, full bool) {
	b = p.Pick(key, tried, now)
	if b == nil || gate.Admit(b) {
		return b, false
	}
	t, a := p.level(tried)
	if len(t.members) == 1 {
		return nil, true
	}
	var asked Set
	asked.addAll(tried)
	asked.Add(b)
	a.key, a.now, a.tried = key, now, &asked
	for range fewPicks {
		if b = t.pick(a); b == nil {
			return nil, true
		}
		if gate.Admit(b) {
			return b, false
		}
		asked.Add(b)
	}
	first := int(t.random.below(uint64(len(t.members))))
	for i := range t.members {
		if b := t.members[(first+i)%len(t.members)].Backend; a.allows(b) && gate.Admit(b) {
			return b, false
		}
	}
	return nil, true
}

// Offers reports whether Pick may return b: it has a weight, is not in tried, and is one of those
// that Pick prefers to all others. It allocates nothing.
func (p *Pool) Offers(b *Backend, tried *Set) bool {
	t, a := p.level(tried)
	a.tried = tried
	for i := range t.members {
		if t.members[i].Backend == b {
			return a.allows(b)
		}
	}
	return false
}

// level returns where Pick looks for a backend, and whether ejected ones are among them.
func (p *Pool) level(tried *Set) (*tier, ask) {
	a := ask{tried: tried}
	if p.panics > 0 && !p.group.quiet() {
		a.open = p.inPanic()
	}
	switch {
	case p.primary.usable(a) > 0:
		return &p.primary, a
	case p.backup.usable(a) > 0:
		return &p.backup, a
	}
	if a.open = true; p.primary.usable(a) > 0 {
		return &p.primary, a
	}
	return &p.backup, a
}

// addAll adds the members of o.
func (s *Set) addAll(o *Set) {
	if o.Len() == 0 {
		return
	}
	for _, b := range o.inline[:min(o.n, len(o.inline))] {
		s.Add(b)
	}
	for _, b := range o.more {
		s.Add(b)
	}
}
