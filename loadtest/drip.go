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
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// dripReport is what a drip process prints, one JSON object a line: every second, and once
// at its end with Final set. Times are in milliseconds.
type dripReport struct {
	Final    bool  `json:"final"`
	Open     int64 `json:"open"`     // connections at this moment
	Cut      int   `json:"cut"`      // connections that the gateway has ended
	Failed   int64 `json:"failed"`   // connections that could not be opened
	Shortest int64 `json:"shortest"` // lives of those that were cut, from the first byte
	Median   int64 `json:"median"`
	Longest  int64 `json:"longest"`
	Oldest   int64 `json:"oldest"` // of those that are open
	Burst    int   `json:"burst"`  // the largest number that was cut in one tenth of a second
}

func (r dripReport) final() bool { return r.Final }

// dripper keeps slow connections open.
type dripper struct {
	address string
	open    atomic.Int64
	failed  atomic.Int64

	mu    sync.Mutex
	lives []time.Duration
	born  map[net.Conn]time.Time
	tenth time.Time // in which the latest was cut
	now   int       // number of connections that were cut in it
	burst int       // the largest such number
}

// drip keeps slow connections open until its standard input ends. Each sends a byte of a
// request head every second and is opened again when the gateway closes it.
func drip(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("drip", flag.ContinueOnError)
	set.SetOutput(os.Stderr)
	address := set.String("address", "127.0.0.1:8080", "the gateway")
	connections := set.Int("connections", 1000, "how many")
	ramp := set.Duration("ramp", 10*time.Second, "over which time they are opened")
	if err := parse(set, args); err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // the parent has ended, or has closed the pipe so that this process ends
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	d := &dripper{address: *address, born: map[net.Conn]time.Time{}}
	var wg sync.WaitGroup
	for i := range *connections {
		wg.Go(func() { d.keep(ctx, *ramp*time.Duration(i)/time.Duration(*connections)) })
	}
	reports := json.NewEncoder(out)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			_ = reports.Encode(d.report()) // fails when the parent has ended, which ends the input too
		}
	}
	last := d.report()
	last.Final = true
	d.mu.Lock()
	for c := range d.born {
		_ = c.Close()
	}
	d.mu.Unlock()
	wg.Wait()
	return reports.Encode(last)
}

// keep opens one connection after the other, the first one after delay.
func (d *dripper) keep(ctx context.Context, delay time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(delay):
		}
		delay = 0
		if err := d.hold(ctx); err != nil {
			d.failed.Add(1)
			delay = 100 * time.Millisecond
		}
	}
}

// hold opens a connection and sends bytes until the gateway closes it. An error means that
// it could not be opened.
func (d *dripper) hold(ctx context.Context) error {
	c, err := net.Dial("tcp", d.address)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if _, err = io.WriteString(c, "GET / HTTP/1.1\r\nX-Slow: "); err != nil {
		return err
	}
	born := time.Now()
	d.open.Add(1)
	defer d.open.Add(-1)
	d.mu.Lock()
	d.born[c] = born
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		delete(d.born, c)
		d.mu.Unlock()
	}()
	response := make([]byte, 512)
	for ctx.Err() == nil {
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_, err := c.Read(response)
		switch {
		case err == nil: // a response; the gateway closes the connection after it
		case errors.Is(err, os.ErrDeadlineExceeded):
			_, _ = c.Write([]byte("x")) // the next Read returns the error of a connection that has ended
		case ctx.Err() == nil:
			d.cut(born)
			return nil
		}
	}
	return nil
}

// cut records that the gateway has closed a connection.
func (d *dripper) cut(born time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lives = append(d.lives, time.Since(born))
	if tenth := time.Now().Truncate(100 * time.Millisecond); tenth != d.tenth {
		d.tenth, d.now = tenth, 0
	}
	d.now++
	d.burst = max(d.burst, d.now)
}

func (d *dripper) report() dripReport {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := dripReport{Open: d.open.Load(), Failed: d.failed.Load(), Cut: len(d.lives), Burst: d.burst}
	for _, born := range d.born {
		r.Oldest = max(r.Oldest, time.Since(born).Milliseconds())
	}
	if len(d.lives) > 0 {
		slices.Sort(d.lives)
		r.Shortest = d.lives[0].Milliseconds()
		r.Median = d.lives[len(d.lives)/2].Milliseconds()
		r.Longest = d.lives[len(d.lives)-1].Milliseconds()
	}
	return r
}

// startDrip runs drip as a process of its own.
func startDrip(address string, connections int, ramp time.Duration) (*child[dripReport], error) {
	return startChild[dripReport]("drip", "-address", address, "-connections", fmt.Sprint(connections), "-ramp", ramp.String())
}
