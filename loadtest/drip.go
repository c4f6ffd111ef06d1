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
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"penstock/loadtest/program"
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

// dripProcess is the command drip, run as another process.
type dripProcess struct {
	*program.Program
	hold   io.Closer // its standard input
	latest atomic.Pointer[dripReport]
	in     *io.PipeReader
	read   sync.WaitGroup
}

// startDrip runs this program again as drip, with the lowest priority and on one processor
// at a time. Attackers have machines of their own, so the slow connections should take
// little processor time from the gateway.
func startDrip(address string, connections int, ramp time.Duration) (*dripProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	in, out := io.Pipe()
	input, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	d := &dripProcess{hold: hold, in: in}
	args := []string{self, "drip", "-address", address, "-connections", fmt.Sprint(connections), "-ramp", ramp.String()}
	if nice, err := exec.LookPath("nice"); err == nil {
		args = append([]string{nice, "-n", "19"}, args...)
	}
	d.Program, err = program.Start(program.Options{Binary: args[0], Args: args[1:], In: input, Out: out})
	_ = input.Close() // the child has its own
	if err != nil {
		return nil, errors.Join(err, hold.Close())
	}
	go func() {
		<-d.Ended()
		_ = out.Close()
	}()
	d.latest.Store(new(dripReport))
	d.read.Go(d.follow)
	return d, nil
}

func (d *dripProcess) follow() {
	lines := json.NewDecoder(d.in)
	for {
		r := new(dripReport)
		if lines.Decode(r) != nil {
			_, _ = io.Copy(io.Discard, d.in)
			return
		}
		d.latest.Store(r)
	}
}

// finish ends the process and returns its last report.
func (d *dripProcess) finish() (dripReport, error) {
	err := d.hold.Close()
	<-d.Ended()
	d.read.Wait()
	last := *d.latest.Load()
	if !last.Final {
		err = errors.Join(err, fmt.Errorf("the slow connections' process ended badly: %v\n%s", d.Err(), d.Output()))
	}
	return last, err
}
