package gateway

import (
	"context"
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"penstock/ops"
	"penstock/options"
	"penstock/ratelimit"
	"penstock/upstream"
)

// queue is the waiting room of one upstream: the requests that no backend has room for. It is a
// resource of the generations that configure it in the same way.
//
// It consists of several parts where some requests may begin although others have to wait: those
// of a route with weights of its own, those that do not count for the limiter, and retries.
type queue struct {
	keeper *roomKeeper
	o      ratelimit.RoomOptions
	rooms  atomic.Pointer[[]*room] // replaced whole
	turn   atomic.Uint32           // which of several parts is served first

	mu sync.Mutex // held to add a room
}

// room is a part of a queue.
type room struct {
	*ratelimit.Room
	name string
	base atomic.Int64 // ns: how long a response takes without a queue, as of the last request that came
}

func newQueue(k *roomKeeper, o ratelimit.RoomOptions) *queue {
	q := &queue{keeper: k, o: o}
	q.rooms.Store(new([]*room))
	k.add(q)
	return q
}

// room returns the room of that name, which it makes at the first call.
func (q *queue) room(name string) *room {
	q.mu.Lock()
	defer q.mu.Unlock()
	old := *q.rooms.Load()
	for _, r := range old {
		if r.name == name {
			return r
		}
	}
	r := &room{Room: ratelimit.NewRoom(q.o), name: name}
	all := append(append([]*room(nil), old...), r)
	q.rooms.Store(&all)
	return r
}

// Retire implements resource.Resource.
func (q *queue) Retire() {}

// Shutdown implements resource.Resource.
func (q *queue) Shutdown(context.Context) error {
	q.keeper.remove(q)
	return nil
}

// waiting reports whether a request waits. It is what a request costs while none does.
func (q *queue) waiting() bool {
	for _, r := range *q.rooms.Load() {
		if r.Waiting() > 0 {
			return true
		}
	}
	return false
}

// view describes the queue for operators.
func (q *queue) view() *ops.Queue {
	v := &ops.Queue{Size: q.o.Size, Wait: options.FormatDuration(q.o.Wait), Waiting: map[string]int{}}
	q.each(func(r *room) {
		for p, n := range r.Waits() {
			if n > 0 {
				v.Waiting[ratelimit.Priority(p).String()] += n
			}
		}
	})
	return v
}

// each calls f with every room, beginning with another one each time.
func (q *queue) each(f func(*room)) {
	rooms := *q.rooms.Load()
	first := 0
	if len(rooms) > 1 {
		first = int(q.turn.Add(1) % uint32(len(rooms)))
	}
	for i := range rooms {
		f(rooms[(first+i)%len(rooms)])
	}
}

// passOn lets requests begin that wait for what an attempt at m has left. Without a queue, or when
// none waits, it does nothing.
func (q *queue) passOn(m *upstream.Member, now func() time.Time) {
	if q == nil || !q.waiting() {
		return
	}
	at := now().UnixNano()
	q.each(func(r *room) { r.serve(at, (*freedBackend)(m)) })
}

// learn notes how long a response of m takes without a queue.
func (r *room) learn(m *upstream.Member) {
	if m.Limiter != nil {
		r.base.Store(int64(m.Limiter.Base()))
	}
}

// serve lets requests begin as far as slots admits them.
func (r *room) serve(now int64, slots ratelimit.Slots) {
	for e := r.Next(now, slots); e != nil; e = r.Next(now, slots) {
		e.Owner.(*turn).leave <- admitted
	}
}

// freedBackend admits requests at one backend.
type freedBackend upstream.Member

// TryBegin implements ratelimit.Slots.
func (b *freedBackend) TryBegin(e *ratelimit.Entry) bool {
	t := e.Owner.(*turn)
	m := t.view.Offer((*upstream.Member)(b), t.ask.Tried)
	if m == nil || !t.admit(m) {
		return false
	}
	t.member = m
	return true
}

// Base implements ratelimit.Slots.
func (b *freedBackend) Base() time.Duration {
	if b.Limiter == nil {
		return 0
	}
	return b.Limiter.Base()
}

// anyBackend admits requests at every backend of their upstream.
type anyBackend room

// TryBegin implements ratelimit.Slots.
func (r *anyBackend) TryBegin(e *ratelimit.Entry) bool {
	t := e.Owner.(*turn)
	t.member, _ = t.view.PickAdmitted(&t.ask)
	return t.member != nil
}

// Base implements ratelimit.Slots.
func (r *anyBackend) Base() time.Duration { return time.Duration(r.base.Load()) }

// Times of a roomKeeper.
const (
	roomTick   = 10 * time.Millisecond
	yieldTicks = 5  // how often slow transfers are ended for requests that wait
	yieldsFor  = 16 // requests at most
)

// patient is a request that waits, for the time in which slow transfers are ended.
type patient struct {
	view *upstream.View
	from netip.Addr
}

// roomKeeper looks after the queues of all upstreams every 10 ms, while a request waits. So a
// request that waits needs neither a timer nor a goroutine of its own.
type roomKeeper struct {
	seed maphash.Seed
	wake chan struct{} // holds one element

	mu     sync.Mutex
	queues []*queue
}

func newRoomKeeper() *roomKeeper {
	return &roomKeeper{seed: maphash.MakeSeed(), wake: make(chan struct{}, 1)}
}

func (k *roomKeeper) add(q *queue) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.queues = append(append([]*queue(nil), k.queues...), q)
}

func (k *roomKeeper) remove(q *queue) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var left []*queue
	for _, other := range k.queues {
		if other != q {
			left = append(left, other)
		}
	}
	k.queues = left
}

// rouse has the keeper look, because a request waits.
func (k *roomKeeper) rouse() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// run looks until stop is closed.
func (k *roomKeeper) run(stop <-chan struct{}, now func() time.Time) {
	ticks := time.NewTicker(roomTick)
	defer ticks.Stop()
	for {
		ticks.Stop()
		select {
		case <-stop:
			return
		case <-k.wake:
		}
		ticks.Reset(roomTick)
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			case <-ticks.C:
			}
			if !k.tick(now(), n%yieldTicks == 0) {
				break
			}
		}
	}
}

// tick refuses the requests that have waited too long and lets others begin: it finds room that
// nothing else reports, such as that of a backend that came back. It reports whether a request
// waited.
func (k *roomKeeper) tick(now time.Time, yields bool) (busy bool) {
	k.mu.Lock()
	queues := k.queues
	k.mu.Unlock()
	var waits []patient
	for _, q := range queues {
		q.each(func(r *room) {
			busy = r.Waiting() > 0 || busy // before Expired: what it finds is not among them
			for e := r.Expired(now.UnixNano()); e != nil; e = r.Expired(now.UnixNano()) {
				busy = true
				e.Owner.(*turn).leave <- late
			}
			r.serve(now.UnixNano(), (*anyBackend)(r))
			if yields {
				r.Oldest(yieldsFor, func(e *ratelimit.Entry) {
					t := e.Owner.(*turn)
					waits = append(waits, patient{t.view, t.from})
				})
			}
		})
	}
	for _, w := range waits {
		w.view.Yield(w.from, now)
	}
	return busy
}
