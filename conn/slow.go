package conn

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// ErrSlowest is the error of a read or write on a connection whose transfer a SlowLimit has
// ended as the slowest, because too many were slow or by Yield. The connection can still be
// written if a read waited and no write at that time, else it was aborted.
var ErrSlowest = errors.New("too many transfers are slow, and this one is the slowest")

// A transfer is slow when it moved less than slowBytes in the last slowTime, for at least half
// of which the peer was waited for.
const (
	slowBytes = 64 << 10
	slowTime  = 10 * time.Second
)

// maxHeld is how many limits one transfer can count for.
const maxHeld = 2

// SlowLimit bounds how many transfers that occupy the same scarce places may be slow at once.
// When one more becomes slow, the slowest of them is ended: the one that has moved the fewest
// bytes for the time in which its peer was waited for, since it began. Slow is less than 64 KiB
// in 10 s, with the peer waited for during half of them. The zero value allows none. It is safe
// for concurrent use.
type SlowLimit struct {
	max   atomic.Int64
	named atomic.Int64 // how many holders there are
	ended func()

	mu      sync.Mutex
	slow    []slowTransfer
	holders holders
}

// slowTransfer is one that is slow, and how slow: bytes a second, as of its last slowTime.
type slowTransfer struct {
	pace *Pace
	rate float64
}

// NewSlowLimit returns a limit of n transfers; zero or less allows none. ended, when not nil,
// is called for each transfer that the limit has ended, by a sweeper or by Yield; it must not block.
func NewSlowLimit(n int, ended func()) *SlowLimit {
	l := &SlowLimit{ended: ended}
	l.SetMax(n)
	return l
}

// SetMax changes the limit; zero or less allows none. Transfers that are above a lower one are
// ended as others become, or still are, slow.
func (l *SlowLimit) SetMax(n int) { l.max.Store(int64(n)) }

// add notes that the transfer of p is slow. It returns the slowest one when that is one too
// many, and counts it no longer.
func (l *SlowLimit) add(p *Pace, rate float64) (slowest *Pace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, last := -1, 0
	for i := range l.slow {
		if l.slow[i].pace == p {
			l.slow[i].rate, at = rate, i
		}
	}
	if at < 0 {
		l.slow = append(l.slow, slowTransfer{p, rate})
	}
	if int64(len(l.slow)) <= l.max.Load() {
		return nil
	}
	for i := range l.slow {
		if l.slow[i].rate < l.slow[last].rate {
			last = i
		}
	}
	slowest = l.slow[last].pace
	l.cut(last)
	return slowest
}

// remove notes that the transfer of p is not slow any more, or has ended.
func (l *SlowLimit) remove(p *Pace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.slow {
		if l.slow[i].pace == p {
			l.cut(i)
			return
		}
	}
}

func (l *SlowLimit) cut(i int) {
	end := len(l.slow) - 1
	l.slow[i], l.slow[end] = l.slow[end], slowTransfer{}
	l.slow = l.slow[:end]
}

// slowness is the part of a Pace that finds slow transfers; nil before the first Hold, so that
// most connections are smaller. Pace.mu guards it.
type slowness struct {
	held   [maxHeld]*SlowLimit
	named  [maxHeld]bool // the transfer is in SlowLimit.holders
	at     [maxHeld]int  // index there; guarded by that limit
	begun  bool          // what follows is set
	since  time.Duration // on the sweeper's clock: when the last slowTime began
	waited time.Duration // for the peer, since then
	moved  int64         // bytes of the connection then
	total  time.Duration // for which the peer was waited for since the transfer began
	first  int64         // bytes of the connection then

	lookedAt time.Duration // on the sweeper's clock: when Yield has last noted seen
	seen     int64         // bytes of the connection then
}

func (s *slowness) holds() bool { return s != nil && s.held != [maxHeld]*SlowLimit{} }

// Hold counts the transfer of p for l, until Release. A transfer begins with the first Hold
// and ends with the last Release. It can count for two limits at once; a third Hold does
// nothing. A second Hold for l takes the other place, and one Release ends both. With a nil p or
// l nothing is counted.
func (p *Pace) Hold(l *SlowLimit) { p.HoldFor(l, netip.Addr{}) }

// HoldFor is Hold for a transfer of which l knows the client, see SlowLimit.Yield. With the zero
// address it is the same as Hold.
func (p *Pace) HoldFor(l *SlowLimit, client netip.Addr) {
	if p == nil || l == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slowness == nil {
		p.slowness = new(slowness)
	} else if !p.holds() {
		*p.slowness = slowness{}
	}
	for i := range p.held {
		if p.held[i] == nil {
			p.held[i] = l
			if p.named[i] = client.IsValid(); p.named[i] {
				l.enter(p, i, client)
			}
			break
		}
	}
	p.watch()
}

// Release ends what Hold began. It does nothing when p does not count for l, or one of them is nil.
func (p *Pace) Release(l *SlowLimit) {
	if p == nil || l == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.holds() {
		return
	}
	for i := range p.held {
		if p.held[i] == l {
			p.held[i] = nil
			if p.named[i] {
				l.exit(p, i)
			}
		}
	}
	if p.marked.Load() {
		l.remove(p)
		p.marked.Store(p.holds())
	}
	p.watch()
}

// judgeSlowness counts one tick of a transfer, and at the end of each slowTime what was moved
// in it. It returns transfers that are to be ended, at most one for each limit. p.mu is held.
func (p *Pace) judgeSlowness(tick time.Duration) (slowest []condemned) {
	c, now := p.conn, time.Duration(p.conn.sweeper.now.Load())
	if !p.holds() {
		return nil
	}
	if p.ended.Load() != nil {
		p.wake() // again: a read may have begun just when it was woken
		return nil
	}
	if c.in.busy() || c.out.busy() {
		p.waited, p.total = p.waited+tick, p.total+tick
	}
	if !p.begun {
		if p.total >= firstLook || p.crowded() {
			p.begin(now)
		}
		return nil
	}
	if now-p.since < slowTime {
		return nil
	}
	moved := p.movedBytes()
	slow := moved-p.moved < slowBytes && p.waited >= slowTime/2
	p.since, p.moved, p.waited = now, moved, 0
	if !slow {
		p.unmark()
		return nil
	}
	p.marked.Store(true)
	rate := float64(moved-p.first+1) / p.total.Seconds() // of those that moved nothing the one that waited longest is the slowest
	for _, l := range p.held {
		if l == nil {
			continue
		}
		if s := l.add(p, rate); s != nil {
			slowest = append(slowest, condemned{s, l})
		}
	}
	return slowest
}

// begin begins the first slowTime. p.mu is held.
func (p *Pace) begin(now time.Duration) {
	p.begun, p.since, p.waited, p.moved = true, now, 0, p.movedBytes()
	p.first = p.moved
}

// crowded reports whether a limit may soon need to know who is slow: transfers take more than an
// eighth of it. p.mu is held.
func (p *Pace) crowded() bool {
	for _, l := range p.held {
		if l != nil && l.named.Load() > l.max.Load()/8 {
			return true
		}
	}
	return false
}

// unmark takes the transfer out of the slow ones. p.mu is held.
func (p *Pace) unmark() {
	if !p.marked.Load() {
		return
	}
	for _, l := range p.held {
		if l != nil {
			l.remove(p)
		}
	}
	p.marked.Store(false)
}

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
	l.named.Store(int64(len(h.all)))
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
	l.named.Store(int64(end))
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
// has; no more than 64 of them are looked at. A transfer whose peer is not waited for, or that
// moves 64 KiB a second, is never ended. Yield does not wait; it is false when it has ended none.
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
