package gateway

import (
	"net/netip"
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/lb"
	"penstock/metrics"
	"penstock/ratelimit"
	"penstock/upstream"
)

// place is where the requests of a route get a backend of one upstream.
type place struct {
	view    *upstream.View
	queue   *queue // nil when no request waits
	room    *room  // the part of queue in which they wait before the first attempt
	again   *room  // and before further attempts, when a backend that has room may not be wanted
	limited bool   // attempts count for the limiters of the backends
	metrics *metrics.Upstream
}

// noBackend is the fault of a request for which no backend is left: when the breakers of all
// are open, until when they are. It contains why names of the upstream have no address.
func (p *place) noBackend(now time.Time) *exchange.Fault {
	if until, open := p.view.BreakerOpen(now.UnixNano()); open {
		return exchange.Refuse(exchange.BreakerOpen).RetryIn(time.Duration(until - now.UnixNano()))
	}
	f := exchange.Refuse(exchange.NoBackend)
	if err := p.view.LookupError(); err != nil {
		f = f.Because(err)
	}
	return f
}

// turn is what a request has of a place: its entry in the waiting room, and then a backend for
// the next attempt. While it waits in the room, only the room changes it.
type turn struct {
	*place
	in       *room // where it waits
	safe     bool  // sending the request twice does no harm
	ask      upstream.Ask
	from     netip.Addr         // the client, for sharing slots fairly
	at       time.Time          // when the backend was picked
	member   *upstream.Member   // the backend of the next attempt, and then of the latest
	limiter  *ratelimit.Limiter // that counts the attempt, until its response head; nil for none
	slot     bool               // a slot of member is held, until the attempt begins
	reserved bool               // the slots that are left are not for this client
	yielded  bool               // a slow transfer was ended

	entry ratelimit.Entry
	leave chan departure // how it has left the room; made at the first wait
	bound struct{ arriving, waiting func(*upstream.Member) bool }
}

// departure is how a request has left a waiting room.
type departure uint8

const (
	admitted departure = iota // it has a backend
	pushed                    // its entry was needed for another request
	late
)

// search is the outcome of turn.next.
type search uint8

const (
	found  search = iota
	busy          // no backend has room: the request has to wait
	full          // no backend has room, and the request may not wait
	nobody        // no backend can be used
)

// begin makes p the place of the request. Backends in tried are not picked while there are others.
func (w *turn) begin(p *place, key uint64, tried *lb.Set) {
	w.place = p
	w.ask.Key, w.ask.Tried = key, tried
}

// reset forgets the request. A panic may have left what it holds: that is given back.
func (w *turn) reset() {
	w.release()
	*w = turn{leave: w.leave, bound: w.bound}
}

// next finds the backend of the next attempt: one that was not tried yet while there is one, else
// any again. Only with found anything is held.
func (w *turn) next(now time.Time) search {
	w.at, w.member, w.reserved, w.yielded = now, nil, false, false
	w.ask.Now, w.ask.Room = now.UnixNano(), w.bound.arriving
	if w.in = w.room; w.ask.Tried.Len() > 0 {
		w.in = w.again
	}
	if w.trial() {
		return found
	}
	for {
		all := w.pick()
		switch {
		case w.member != nil:
			return found
		case all && (w.in == nil || w.reserved):
			return full
		case all:
			return busy
		case w.ask.Tried.Len() == 0:
			return nobody
		}
		w.ask.Tried.Reset()
	}
}

// pick picks a backend that has room; all means that there are some, and all of them are full.
// While requests wait it picks none, so that the request does not overtake them.
func (w *turn) pick() (all bool) {
	if w.in == nil || w.in.Waiting() == 0 {
		w.member, all = w.view.PickAdmitted(&w.ask)
		return all
	}
	m := w.view.Pick(w.ask.Key, w.ask.Tried, w.ask.Now)
	if m == nil {
		return false
	}
	w.in.learn(m)
	w.reserved = m.Client.Reserved(w.from, w.at)
	return true
}

// trial takes the trial of a backend after its ejection, if one is due.
func (w *turn) trial() bool {
	m := w.view.PickTrial(w.ask.Tried, w.safe, w.ask.Now)
	if m == nil {
		return false
	}
	if w.arrive(m) {
		w.member = m
		return true
	}
	m.Health.Begin()
	m.Health.End(exchange.Refuse(exchange.QueueFull), 0, 0, w.at) // no verdict: another request may be the trial
	return false
}

// arrive admits the request at m if there is room, before it waits.
func (w *turn) arrive(m *upstream.Member) bool {
	if !w.count(m) {
		return false
	}
	if w.in == nil {
		return true // the round trip waits for a slot
	}
	if w.reserved = m.Client.Reserved(w.from, w.at); !w.reserved && m.Client.TakeSlot() {
		w.slot = true
		return true
	}
	w.release()
	if !w.reserved && !w.yielded {
		w.yielded = m.Client.Yield(w.from, w.at)
	}
	return false
}

// admit admits the request, which waits, at m.
func (w *turn) admit(m *upstream.Member) bool {
	if !w.count(m) {
		return false
	}
	if m.Client.TakeSlot() {
		w.slot = true
		return true
	}
	w.release()
	return false
}

// count counts the next attempt for the limiter of m; false when that has no room.
func (w *turn) count(m *upstream.Member) bool {
	l := m.Limiter
	if l == nil || !w.limited {
		return true
	}
	if !l.TryBegin(w.entry.Priority) {
		if w.in != nil {
			w.in.learn(m)
		}
		return false
	}
	w.limiter = l
	return true
}

// release gives back what an attempt would have used.
func (w *turn) release() {
	w.end(0, 0, false)
	if w.slot {
		w.slot = false
		w.member.Client.GiveSlot()
	}
}

// end ends what the limiter counts of an attempt, see ratelimit.Limiter.End.
func (w *turn) end(began, now int64, sample bool) {
	if l := w.limiter; l != nil {
		w.limiter = nil
		l.End(began, now, sample)
	}
}

// passOn lets requests begin that wait for what an attempt at the backend has left.
func (w *turn) passOn(now func() time.Time) { w.queue.passOn(w.member, now) }

// shed refuses the request.
func (w *turn) shed(why exchange.Reason) *exchange.Fault {
	w.metrics.Shed(w.entry.Priority, why)
	return exchange.Refuse(why)
}

// enter has the request wait in the room; client is a hash, see fairness. With a fault it does not.
func (w *turn) enter(client uint64, deadline time.Time) *exchange.Fault {
	if w.leave == nil {
		w.leave = make(chan departure, 1)
	}
	r := w.in
	w.ask.Room = w.bound.waiting
	w.entry.Client, w.entry.Deadline, w.entry.Owner = client, 0, w
	if !deadline.IsZero() {
		w.entry.Deadline = deadline.UnixNano()
	}
	verdict, dropped := r.Join(&w.entry, w.ask.Now, time.Duration(r.base.Load()))
	if dropped != nil {
		dropped.Owner.(*turn).leave <- pushed
	}
	switch verdict {
	case ratelimit.Full:
		return w.shed(exchange.QueueFull)
	case ratelimit.TooLate:
		return w.shed(exchange.QueueTimeout)
	}
	w.queue.keeper.rouse()
	r.serve(w.ask.Now, (*anyBackend)(r))
	return nil
}

// await waits in the room for a backend, until the request has waited for too long, its client has
// left or stop is closed.
func (w *turn) await(client *conn.Departure, stop <-chan struct{}, now func() time.Time) *exchange.Fault {
	why := exchange.ClientGone
	select {
	case how := <-w.leave:
		switch how {
		case pushed:
			return w.shed(exchange.QueueFull)
		case late:
			return w.shed(exchange.QueueTimeout)
		}
		return nil
	case <-client.Signal():
	case <-stop:
		why = exchange.QueueTimeout
	}
	if !w.in.Leave(&w.entry, now().UnixNano()) && <-w.leave == admitted {
		w.release()
		w.passOn(now)
	}
	return exchange.Refuse(why)
}
