package metrics

import (
	"sync/atomic"
	"time"

	"penstock/exchange"
	"penstock/ratelimit"
)

// backendKey names a backend: the upstream's name and the address.
type backendKey struct{ upstream, address string }

// backend counts the attempts at one backend.
type backend struct {
	key      backendKey
	upstream *Upstream
	cells    []backendCell
	faults   faultCounts
	timed    [len(backendTimes)]atomic.Bool // the histogram has been written
}

// backendCell is one shard of a backend's counters.
type backendCell struct {
	ok        atomic.Uint64 // attempts without a fault
	reused    atomic.Uint64
	sent      atomic.Uint64
	received  atomic.Uint64
	firstByte durations
	connect   durations
	queue     durations
	_         [64]byte // separates the last cache line from the next shard
}

func newBackend(reg *Registry, key backendKey, u *Upstream) *backend {
	return &backend{key: key, upstream: u, cells: make([]backendCell, reg.shards), faults: newFaultCounts()}
}

func (b *backend) observe(at *exchange.Attempt, shard uint) {
	c := &b.cells[shard&uint(len(b.cells)-1)]
	if at.Fault == nil {
		c.ok.Add(1)
	} else {
		b.faults.add(at.Fault)
	}
	if at.Reused {
		c.reused.Add(1)
	}
	addBytes(&c.sent, at.Sent)
	addBytes(&c.received, at.Received)
	if at.FirstByte > 0 {
		c.firstByte.observe(at.FirstByte)
	}
	if at.Connect > 0 {
		c.connect.observe(at.Connect)
	}
	if at.Queue > 0 {
		c.queue.observe(at.Queue)
	}
}

// Upstream holds the counters of an upstream as a whole. Only Registry.Upstream makes it. It is safe
// for concurrent use.
type Upstream struct {
	name    string
	retries faultCounts   // by the fault of the attempt before
	status  atomic.Uint64 // retries because of the status of a response
	refused atomic.Uint64
	slow    atomic.Uint64 // transfers that pool.slow has ended
	waited  durations     // of requests that have left the waiting room
	timed   atomic.Bool   // that histogram has been written
	shed    [len(shedReasons)][ratelimit.Low + 1]atomic.Uint64
}

// shedReasons are why requests are refused that no backend has room for.
var shedReasons = [...]exchange.Reason{exchange.QueueFull, exchange.QueueTimeout}

// Shed counts a request that was refused because no backend had room for it. It does nothing for
// another reason than exchange.QueueFull and exchange.QueueTimeout.
func (u *Upstream) Shed(p ratelimit.Priority, why exchange.Reason) {
	for i, r := range shedReasons {
		if r == why {
			u.shed[i][p].Add(1)
		}
	}
}

// Waited counts a request that has left the waiting room after so long, with a backend or without.
func (u *Upstream) Waited(d time.Duration) { u.waited.observe(d) }

// SlowEnded counts a transfer that was ended as the slowest of too many slow ones.
func (u *Upstream) SlowEnded() { u.slow.Add(1) }

// RetryRefused counts a retry that the retry budget did not allow.
func (u *Upstream) RetryRefused() { u.refused.Add(1) }

// retried counts an attempt that followed the attempt before.
func (u *Upstream) retried(before *exchange.Attempt) {
	if before.Fault == nil {
		u.status.Add(1)
		return
	}
	u.retries.add(before.Fault)
}
