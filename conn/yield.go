package conn

import (
	"net/netip"
	"time"
)

// A transfer may be ended by Yield when its peer was waited for during yieldTicks at least, and
// for half of the time since the last slowTime began, in which it moved less than slowBytes a
// second.
const yieldTicks = 2

// yieldLook is how long a number of bytes is kept to which later ones are compared.
const yieldLook = time.Second

// holders are the transfers that count for a limit, by client. All of it is guarded by
// SlowLimit.mu.
type holders struct {
	all   []holder
	count map[netip.Addr]int // no entry is zero
}

// holder is one transfer. place is that of the limit in Pace.held.
type holder struct {
	pace   *Pace
	place  int
	client netip.Addr
}

// heaviest returns the client with the most transfers, and their number.
func (h *holders) heaviest() (client netip.Addr, most int) {
	for a, n := range h.count {
		if n > most {
			client, most = a, n
		}
	}
	return client, most
}

// enter adds a transfer of client, which is valid.
func (l *SlowLimit) enter(p *Pace, place int, client netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := &l.holders
	if h.count == nil {
		h.count = make(map[netip.Addr]int)
	}
	h.count[client]++
	p.at[place] = len(h.all)
	h.all = append(h.all, holder{p, place, client})
}

// exit removes the transfer that enter added.
func (l *SlowLimit) exit(p *Pace, place int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, at, end := &l.holders, p.at[place], len(l.holders.all)-1
	client := h.all[at].client
	if h.count[client]--; h.count[client] == 0 {
		delete(h.count, client)
	}
	moved := h.all[end]
	h.all[at], moved.pace.at[moved.place], h.all[end] = moved, at, holder{}
	h.all = h.all[:end]
}

// Heavy reports whether client has two transfers or more that HoldFor has counted, and at least
// half as many as the client with the most. It is false for the zero address.
func (l *SlowLimit) Heavy(client netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.holders.count[client]
	if own < 2 {
		return false
	}
	_, most := l.holders.heaviest()
	return 2*own >= most
}

// Yield ends one transfer, so that client can have its place: the slowest of the client with
// the most transfers, as HoldFor counts them, if these are more than twice as many as client
// has. A transfer whose peer is not waited for, or that moves 64 KiB a second, is never ended.
// Yield does not wait; it is false when it has ended none.
func (l *SlowLimit) Yield(client netip.Addr) bool {
	var slowest *Pace
	least := 0.0
	for _, p := range l.ofHeaviest(client) {
		if rate, may := p.mayYield(); may && (slowest == nil || rate < least) {
			slowest, least = p, rate
		}
	}
	return slowest != nil && condemned{slowest, l}.end()
}

// ofHeaviest returns transfers of the client with the most, if these are more than twice as
// many as client has.
func (l *SlowLimit) ofHeaviest(client netip.Addr) []*Pace {
	const enough = 64 // to find a slow one among them
	l.mu.Lock()
	defer l.mu.Unlock()
	heaviest, most := l.holders.heaviest()
	if most <= 2*l.holders.count[client] {
		return nil
	}
	all := make([]*Pace, 0, min(most, enough))
	for i := range l.holders.all {
		if h := &l.holders.all[i]; h.client == heaviest && len(all) < enough {
			all = append(all, h.pace)
		}
	}
	return all
}

// mayYield reports whether Yield may end p, and how many bytes a second it has moved since it
// began. A peer that has taken much at first, as much as fits into its socket, is found by what
// it has moved since Yield last looked.
func (p *Pace) mayYield() (rate float64, may bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	tick, now := p.conn.sweeper.tick, time.Duration(p.conn.sweeper.now.Load())
	if !p.holds() || p.ended.Load() != nil {
		return 0, false
	}
	if !p.begun && p.total >= yieldTicks*tick {
		p.begin(now)
	}
	if p.waited < yieldTicks*tick || p.waited < (now-p.since)/2 || !p.begun {
		return 0, false
	}
	moved := p.movedBytes()
	may = below(moved-p.moved, now-p.since) || now-p.lookedAt >= yieldTicks*tick && p.lookedAt > p.since && below(moved-p.seen, now-p.lookedAt)
	if now-p.lookedAt > yieldLook {
		p.lookedAt, p.seen = now, moved
	}
	return float64(moved-p.first+1) / p.total.Seconds(), may
}

// below reports whether so many bytes in a time are less than slowBytes a second.
func below(bytes int64, in time.Duration) bool { return float64(bytes) < slowBytes*in.Seconds() }
