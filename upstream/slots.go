package upstream

import (
	"net/netip"
	"sync/atomic"
	"time"

	"penstock/conn"
	"penstock/exchange"
)

// slots are the rights to use a connection to one backend, and the queue of requests that wait
// for one.
type slots struct {
	used    chan struct{} // one element for each slot in use
	queue   int           // requests that may wait
	wait    time.Duration // for so long at most
	waiting atomic.Int64
	slow    *conn.SlowLimit
	crowded atomic.Int64  // until when some slots are reserved, in Unix nanoseconds; 0 is never
	owed    atomic.Int64  // slots that requests claim for which a transfer was ended
	handed  chan struct{} // slots that such requests may take
}

func newSlots(o PoolOptions, slow *conn.SlowLimit) *slots {
	return &slots{
		used: make(chan struct{}, o.Max), handed: make(chan struct{}, o.Max),
		queue: o.Queue, wait: o.QueueTimeout, slow: slow,
	}
}

// count returns how many slots are in use.
func (s *slots) count() int { return len(s.used) }

// scarce reports whether so many slots are in use that a client which does not read its response
// may be one of many.
func (s *slots) scarce() bool { return len(s.used) > cap(s.used)/reservedShare }

// yieldPause is how often a waiting request looks anew for a slow transfer that may be ended.
const yieldPause = 50 * time.Millisecond

// crowdedTime is how long clients with many slow transfers leave some slots alone after such a
// transfer had to be ended.
const crowdedTime = 10 * time.Second

// reservedShare of the slots, as a divisor, are those which they leave alone.
const reservedShare = 16

// enter takes a slot. When none is free, a slow transfer of a client that has many more is ended
// for it, or else it waits its turn, at most for the queue's time and never beyond deadline
// (zero: none), nor when its client has left.
func (s *slots) enter(now, deadline time.Time, client *conn.Departure, from netip.Addr) (waited bool, f *exchange.Fault) {
	if s.reserved(now, from) {
		return false, exchange.Refuse(exchange.QueueFull)
	}
	if s.take() {
		return false, nil
	}
	yielded := s.yield(now, from)
	if !yielded {
		if s.waiting.Add(1) > int64(s.queue) {
			s.waiting.Add(-1)
			return false, exchange.Refuse(exchange.QueueFull)
		}
		defer s.waiting.Add(-1)
	}
	wait, reason := s.wait, exchange.QueueTimeout
	if !deadline.IsZero() && deadline.Sub(now) < wait {
		wait, reason = deadline.Sub(now), exchange.OutOfTime
	}
	timer, again := time.NewTimer(wait), time.NewTicker(yieldPause)
	defer timer.Stop()
	defer again.Stop()
	for {
		used, handed := s.used, (chan struct{})(nil)
		if yielded {
			used, handed = nil, s.handed
		}
		select {
		case used <- struct{}{}: // in the order of arrival
			return true, nil
		case <-handed:
			return true, nil
		case <-again.C:
			yielded = yielded || s.yield(now, from)
		case <-client.Signal():
			s.decline(yielded)
			return true, exchange.Refuse(exchange.ClientGone)
		case <-timer.C:
			s.decline(yielded)
			return true, exchange.Refuse(reason)
		}
	}
}

// take takes a slot when one is free, and never waits.
func (s *slots) take() bool {
	select {
	case s.used <- struct{}{}:
		return true
	default:
		return false
	}
}

// reserved reports whether the slots that are left are not for this client: it has many slow
// transfers, and one had to be ended lately for somebody else.
func (s *slots) reserved(now time.Time, from netip.Addr) bool {
	until := s.crowded.Load()
	return until != 0 && now.UnixNano() < until && len(s.used) >= cap(s.used)-cap(s.used)/reservedShare && s.slow.Heavy(from)
}

// yield has a slow transfer ended. True means that the caller is handed a slot.
func (s *slots) yield(now time.Time, from netip.Addr) bool {
	s.owed.Add(1) // before, because the transfer may end at once
	if s.slow.Yield(from) {
		s.crowded.Store(now.Add(crowdedTime).UnixNano())
		return true
	}
	return !s.renounce()
}

// decline ends the wait for the slot of an ended transfer, if there is one.
func (s *slots) decline(yielded bool) {
	if yielded && !s.renounce() {
		<-s.handed
		s.leave()
	}
}

// renounce takes back the claim on one slot; false: the slot is in s.handed.
func (s *slots) renounce() bool {
	for {
		owed := s.owed.Load()
		if owed == 0 {
			return false
		}
		if s.owed.CompareAndSwap(owed, owed-1) {
			return true
		}
	}
}

// leave gives a slot back, or passes it to the request for which a transfer was ended.
func (s *slots) leave() {
	if s.owed.Load() > 0 && s.renounce() {
		s.handed <- struct{}{}
		return
	}
	<-s.used
}
