package metrics

import (
	"sync/atomic"

	"penstock/exchange"
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
}

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
