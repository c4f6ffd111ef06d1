package driver

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"
)

const (
	tick         = 20 * time.Millisecond // between two checks for time-outs
	openPatience = 10 * time.Second      // for the first connections
	noArrivals   = time.Duration(1<<63 - 1)
	maxBurst     = 32 // requests sent before the loop reads responses again
)

// loop is one run. It belongs to one goroutine, which is locked to a thread.
type loop struct {
	o      Options
	r      *Report
	poll   poller
	conns  []conn
	free   ring
	busy   int // connections with a request
	opened int // connections that were ever open
	in     []byte

	start     time.Time
	next      int64 // arrival
	warm      int64 // the first request that counts
	total     int64
	freeSince time.Duration // since when there is always a free connection
	last      time.Duration // when the last response that counts came
	looked    time.Duration // when time-outs were last checked
}

// drive is Run with valid options.
func drive(ctx context.Context, o Options) (*Report, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	sharpenTimer()
	poll, err := newPoller()
	if err != nil {
		return nil, fmt.Errorf("open loop: %w", err)
	}
	defer poll.close()
	l := &loop{
		o: o, r: new(Report), poll: poll, conns: make([]conn, o.Connections), free: newRing(o.Connections), in: make([]byte, 256<<10),
		warm: o.arrivals(o.Warmup), total: o.arrivals(o.Warmup + o.Duration), start: time.Now(),
	}
	defer l.closeAll()
	if err := l.openAll(ctx); err != nil {
		return nil, fmt.Errorf("open loop: %w", err)
	}
	if err := l.run(ctx); err != nil {
		return nil, fmt.Errorf("open loop: %w", err)
	}
	return l.r, nil
}

func (l *loop) now() time.Duration { return time.Since(l.start) }

// openAll opens the connections before anything is due.
func (l *loop) openAll(ctx context.Context) error {
	for i := range l.conns {
		l.open(i)
	}
	for l.free.count < len(l.conns) {
		if err := l.turn(l.now() + tick); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if l.now() > openPatience || l.r.Refusals > int64(len(l.conns)) {
			return fmt.Errorf("%v: %d of %d connections could be opened; the last error: %w", l.o.Address, l.free.count, len(l.conns), l.lastError())
		}
		l.look(l.now())
	}
	l.r.Refusals = 0
	return nil
}

func (l *loop) lastError() error {
	for i := range l.conns {
		if err := l.conns[i].err; err != nil {
			return err
		}
	}
	return errors.New("they take too long")
}

// run sends requests when they are due, until all have a response or are lost.
func (l *loop) run(ctx context.Context) error {
	before := processorTime()
	l.start, l.looked, l.freeSince, l.opened = time.Now(), 0, 0, 0
	end := l.o.Warmup + l.o.Duration
	for l.next < l.total || l.busy > 0 {
		until := min(l.looked+tick, l.send())
		if l.next < l.total && l.now() >= end+l.o.Grace {
			l.giveUp()
			continue
		}
		if err := l.turn(until); err != nil {
			return err
		}
		if now := l.now(); now >= l.looked+tick {
			l.look(now)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	l.r.Arrivals = l.total - l.warm
	l.r.Opened = int64(l.opened)
	l.r.Took = max(l.last, end) - l.o.Warmup
	l.r.Busy = (processorTime() - before).Seconds() / l.now().Seconds()
	return nil
}

// send sends the requests that are due while connections are free. It returns when it must
// be called again: 0 means at once, noArrivals when a connection becomes free.
func (l *loop) send() time.Duration {
	for range maxBurst {
		if l.next == l.total || l.free.count == 0 {
			return noArrivals
		}
		due, now := l.o.due(l.next), l.now()
		if due > now {
			return due
		}
		counts := l.next >= l.warm
		switch {
		case !counts:
		case due < l.freeSince:
			l.r.Waited++
		default:
			l.r.Lag.Record(now - due)
		}
		l.next++
		l.request(l.free.pop(), due, counts)
	}
	return 0
}

// giveUp counts the requests that wait for a connection as unsent.
func (l *loop) giveUp() {
	n := l.total - max(l.next, l.warm)
	l.r.Unsent += n
	l.r.Waited += n
	l.next = l.total
}

// look ends requests that have timed out and opens closed connections.
func (l *loop) look(now time.Duration) {
	l.looked = now
	for i := range l.conns {
		switch c := &l.conns[i]; {
		case c.state == busy && now-c.sent > l.o.Timeout:
			l.lost(i, &l.r.Timeouts)
		case c.state == closed:
			l.open(i)
		}
	}
}

// turn waits for events, no longer than until, and handles them.
func (l *loop) turn(until time.Duration) error {
	events, err := l.poll.wait(until - l.now())
	if err != nil {
		return err
	}
	for _, e := range events {
		i := int(e.Fd)
		c := &l.conns[i]
		if c.state == opening && !l.connected(i) {
			continue
		}
		if e.Events&syscall.EPOLLOUT != 0 && len(c.out) > 0 && !l.write(i) {
			continue
		}
		ended := e.Events&(syscall.EPOLLRDHUP|syscall.EPOLLERR|syscall.EPOLLHUP) != 0
		if ended || e.Events&syscall.EPOLLIN != 0 {
			l.read(i, ended)
		}
	}
	return nil
}
