package ratelimit

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// goodWithin is the time after which a response is of no use.
const goodWithin = int64(300 * time.Millisecond)

// simulation sends requests at random times through gateways to one backend, in virtual time.
// The backend serves as many requests at a time as it has workers and lets the others wait in
// a queue without end. Service times have a mean of 20 ms and a standard deviation of 10 ms.
type simulation struct {
	loads    []load
	gateways []*simGateway
	workers  func(now int64) int
	slow     float64                 // share of the requests that take 13 times as long
	stretch  func(now int64) float64 // of the service time; nil is 1
	measured int64                   // requests before this time are not counted
	length   int64

	random *rand.Rand
	now    int64
	events eventHeap
	busy   int
	queue  []*simRequest
	done   []*simRequest
}

// load is one client's requests.
type load struct {
	rate     float64 // a second
	client   uint64
	priority Priority
	gateway  int
	paced    bool // with equal pauses, not at random times
}

// simGateway is a limiter, nil for none, with a room.
type simGateway struct {
	limiter *Limiter
	room    *Room
	limits  []float64 // every 100 ms of the measured time
}

type simRequest struct {
	Entry
	load       *load
	due, begun int64
	took       int64 // -1 is refused
}

type event struct {
	at int64
	do func()
}

type eventHeap []event

func (h eventHeap) Len() int           { return len(h) }
func (h eventHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h eventHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(e any)        { *h = append(*h, e.(event)) }
func (h *eventHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	*h = (*h)[:last]
	return e
}

func (s *simulation) at(at int64, do func()) { heap.Push(&s.events, event{at, do}) }

// run simulates the whole length.
func (s *simulation) run(seed uint64) {
	s.random = rand.New(rand.NewPCG(seed, 1))
	s.now = noon
	for i := range s.loads {
		s.next(&s.loads[i])
	}
	for _, g := range s.gateways {
		s.sweep(g)
	}
	for len(s.events) > 0 {
		e := heap.Pop(&s.events).(event)
		if e.at >= noon+s.length {
			return
		}
		s.now = e.at
		e.do()
	}
}

// next lets the next request of l arrive.
func (s *simulation) next(l *load) {
	pause := 1 / l.rate
	if !l.paced {
		pause *= s.random.ExpFloat64()
	}
	s.at(s.now+int64(pause*1e9), func() {
		s.next(l)
		r := &simRequest{load: l, due: s.now}
		r.Owner = r
		r.Priority, r.Client = l.priority, l.client
		s.done = append(s.done, r)
		s.arrive(s.gateways[l.gateway], r)
	})
}

func (s *simulation) arrive(g *simGateway, r *simRequest) {
	switch {
	case g.limiter == nil || g.room.Waiting() == 0 && g.limiter.TryBegin(r.Priority):
		s.begin(g, r)
		return
	}
	verdict, dropped := g.room.Join(&r.Entry, s.now, g.limiter.Base())
	if dropped != nil {
		s.refuse(dropped)
	}
	if verdict != Joined {
		r.took = -1
		return
	}
	s.dispatch(g)
}

func (s *simulation) refuse(e *Entry) { s.request(e).took = -1 }

// request returns the request that e is part of.
func (s *simulation) request(e *Entry) *simRequest {
	return e.Owner.(*simRequest)
}

// limited is a limiter as what admits the requests of a room.
type limited struct{ *Limiter }

func (l limited) TryBegin(e *Entry) bool { return l.Limiter.TryBegin(e.Priority) }

func (s *simulation) dispatch(g *simGateway) {
	for {
		e := g.room.Next(s.now, limited{g.limiter})
		if e == nil {
			return
		}
		s.begin(g, s.request(e))
	}
}

// sweep looks for expired entries every 10 ms.
func (s *simulation) sweep(g *simGateway) {
	s.at(s.now+int64(10*time.Millisecond), func() {
		for e := g.room.Expired(s.now); e != nil; e = g.room.Expired(s.now) {
			s.refuse(e)
		}
		if s.now%int64(100*time.Millisecond) == 0 && s.now-noon >= s.measured && g.limiter != nil {
			g.limits = append(g.limits, g.limiter.Limit())
		}
		s.sweep(g)
	})
}

// begin sends r to the backend.
func (s *simulation) begin(g *simGateway, r *simRequest) {
	r.begun = s.now
	s.queue = append(s.queue, r)
	s.serve()
}

// serve gives requests in the backend's queue to its workers.
func (s *simulation) serve() {
	for len(s.queue) > 0 && s.busy < s.workers(s.now-noon) {
		r := s.queue[0]
		s.queue = s.queue[1:]
		s.busy++
		s.at(s.now+s.service(), func() {
			s.busy--
			s.end(r)
			s.serve()
		})
	}
}

func (s *simulation) end(r *simRequest) {
	r.took = s.now - r.due
	g := s.gateways[r.load.gateway]
	if g.limiter != nil {
		g.limiter.End(r.begun, s.now, true)
		s.dispatch(g)
	}
}

// service draws a service time: the sum of four exponential ones.
func (s *simulation) service() int64 {
	sum := 0.0
	for range 4 {
		sum += s.random.ExpFloat64()
	}
	took := sum / 4 * float64(20*time.Millisecond)
	took /= 1 + 12*s.slow
	if s.slow > 0 && s.random.Float64() < s.slow {
		took *= 13
	}
	if s.stretch != nil {
		took *= s.stretch(s.now - noon)
	}
	return int64(took)
}

// outcome sums up some requests.
type outcome struct {
	offered, good, refused int
	p50, p99               time.Duration // of the good responses
}

// outcome sums up the measured requests that are of interest; nil is all.
func (s *simulation) outcome(of func(*simRequest) bool) outcome {
	var o outcome
	var took []int64
	for _, r := range s.done {
		if r.due-noon < s.measured || r.due-noon > s.length-int64(time.Second) || of != nil && !of(r) {
			continue
		}
		o.offered++
		switch {
		case r.took < 0:
			o.refused++
		case r.took > 0 && r.took <= goodWithin:
			o.good++
			took = append(took, r.took)
		}
	}
	slices.Sort(took)
	if n := len(took); n > 0 {
		o.p50, o.p99 = time.Duration(took[n/2]), time.Duration(took[min(n*99/100, n-1)])
	}
	return o
}

// share returns the part of o's requests that were good.
func (o outcome) share() float64 { return float64(o.good) / float64(o.offered) }

// throughput returns the good responses a second.
func (s *simulation) throughput(o outcome) float64 {
	return float64(o.good) / (float64(s.length-s.measured)/1e9 - 1)
}

// limitsOf returns the lowest and the highest limit of the measured time, without the lowest
// and highest twentieth.
func limitsOf(g *simGateway) (lo, hi float64) {
	if len(g.limits) == 0 {
		return math.NaN(), math.NaN()
	}
	sorted := slices.Sorted(slices.Values(g.limits))
	return sorted[len(sorted)/20], sorted[len(sorted)-1-len(sorted)/20]
}

func newSimGateway(seed uint64) *simGateway {
	return &simGateway{
		limiter: NewLimiter(LimiterOptions{Seed: seed}),
		room:    NewRoom(RoomOptions{Seats: NewSeats(1000), Wait: 250 * time.Millisecond}),
	}
}

func constant(n int) func(int64) int { return func(int64) int { return n } }
