package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// attackReport is what the attackers' process reports.
type attackReport struct {
	Final    bool             `json:"final"`
	Open     int64            `json:"open"`     // connections at this moment
	Most     int64            `json:"most"`     // the most that were open at once
	Opened   int64            `json:"opened"`   // connections since the beginning
	Failed   int64            `json:"failed"`   // connections that could not be opened
	Ended    int64            `json:"ended"`    // connections that the other side has closed
	Statuses map[string]int64 `json:"statuses"` // status lines that were received
}

func (r attackReport) final() bool { return r.Final }

// attackers hold connections of which each attacks in the same way. A connection that has
// ended is opened again.
type attackers struct {
	attack  attack
	address string
	again   time.Duration // from the end of a connection to the next one
	wave    time.Duration // all connections end and begin anew this often; 0 is never
	began   time.Time

	open, most, opened, failed, ended atomic.Int64

	mu       sync.Mutex
	statuses map[string]int64
}

// attackerHosts is how many addresses the connections come from.
const attackerHosts = 50

// runAttackers holds attacking connections until its standard input ends.
func runAttackers(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("attackers", flag.ContinueOnError)
	set.SetOutput(os.Stderr)
	a := &attackers{statuses: map[string]int64{}}
	name := set.String("attack", "a", "which attack: a to g")
	set.StringVar(&a.address, "address", "127.0.0.1:8080", "the gateway")
	connections := set.Int("connections", 2000, "how many")
	ramp := set.Duration("ramp", time.Second, "over which time they are opened")
	set.DurationVar(&a.again, "again", time.Second, "pause before a connection that has ended is opened again")
	set.DurationVar(&a.wave, "wave", 0, "end all connections and begin anew this often; 0 is never")
	if err := parse(set, args); err != nil {
		return err
	}
	var known bool
	if a.attack, known = attackNamed(*name); !known {
		return fmt.Errorf("-attack: %q is not known", *name)
	}
	runtime.GOMAXPROCS(1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // the process that started this one has ended, or wants this one to end
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	a.began = time.Now()
	var wg sync.WaitGroup
	for i := range *connections {
		wg.Go(func() { a.keep(ctx, i, *ramp*time.Duration(i)/time.Duration(*connections)) })
	}
	lines := json.NewEncoder(out)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			_ = lines.Encode(a.report()) // when nobody reads them, the input ends too
		}
	}
	wg.Wait()
	last := a.report()
	last.Final = true
	return lines.Encode(last)
}

// keep holds connection i, the first time after delay.
func (a *attackers) keep(ctx context.Context, i int, delay time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(delay):
		}
		delay = a.again
		life, end := context.WithCancel(ctx)
		if a.wave > 0 {
			next := time.Since(a.began).Truncate(a.wave) + a.wave
			end()
			life, end = context.WithDeadline(ctx, a.began.Add(next))
			delay = 0
		}
		err := a.hold(life, i)
		waved := life.Err() != nil
		end()
		switch {
		case err == nil || ctx.Err() != nil:
		case errors.Is(err, errNotOpened):
			a.failed.Add(1)
			delay = a.again
		case !waved:
			a.ended.Add(1)
			delay = a.again
		}
	}
}

var errNotOpened = errors.New("the connection could not be opened")

// hold opens a connection from one of the attackers' addresses and attacks until it has
// ended, ctx has, or the attack of one connection is complete.
func (a *attackers) hold(ctx context.Context, i int) error {
	from := &net.TCPAddr{IP: net.IPv4(127, 2, 0, byte(1+i%attackerHosts))}
	c, err := (&net.Dialer{LocalAddr: from, Timeout: 10 * time.Second}).DialContext(ctx, "tcp", a.address)
	if err != nil {
		return errors.Join(errNotOpened, err)
	}
	a.opened.Add(1)
	now := a.open.Add(1)
	for most := a.most.Load(); now > most && !a.most.CompareAndSwap(most, now); most = a.most.Load() {
	}
	defer a.open.Add(-1)
	closed := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer func() {
		closed()
		_ = c.Close()
	}()
	return a.attack.do(ctx, &target{Conn: c, note: a.note})
}

// note counts a status line.
func (a *attackers) note(status string) {
	a.mu.Lock()
	a.statuses[status]++
	a.mu.Unlock()
}

func (a *attackers) report() attackReport {
	a.mu.Lock()
	defer a.mu.Unlock()
	statuses := map[string]int64{}
	for status, n := range a.statuses {
		statuses[status] = n
	}
	return attackReport{
		Open: a.open.Load(), Most: a.most.Load(), Opened: a.opened.Load(), Failed: a.failed.Load(),
		Ended: a.ended.Load(), Statuses: statuses,
	}
}

// startAttackers runs attackers as a process of its own.
func startAttackers(name, address string, connections int, more ...string) (*child[attackReport], error) {
	args := []string{"attackers", "-attack", name, "-address", address, "-connections", fmt.Sprint(connections)}
	return startChild[attackReport](append(args, more...)...)
}

// runSink accepts connections, reads what they send and does nothing with it.
func runSink(ctx context.Context, args []string, _ io.Writer) error {
	set := flag.NewFlagSet("sink", flag.ContinueOnError)
	set.SetOutput(os.Stderr)
	address := set.String("listen", "127.0.0.1:8081", "where")
	if err := parse(set, args); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", *address)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = ln.Close() })()
	for {
		c, err := ln.Accept()
		if err != nil {
			return nil
		}
		go func() {
			_, _ = io.Copy(onlyWriter{}, c)
			_ = c.Close()
		}()
	}
}

// onlyWriter discards and, unlike io.Discard, uses the buffer of io.Copy.
type onlyWriter struct{}

func (onlyWriter) Write(p []byte) (int, error) { return len(p), nil }
