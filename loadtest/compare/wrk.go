package compare

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"penstock/loadtest/program"
	"penstock/loadtest/results"
)

//go:embed compare.lua
var script []byte

// wrkPatience is how long wrk may take beyond the duration of its load.
const wrkPatience = 30 * time.Second

// load is what wrk sends.
type load struct {
	connections int
	kind        string // one, cycle, random, mixed: see compare.lua
	path        string
	count       int  // paths
	body        int  // bytes of a POST; zero is a GET
	close       bool // a new connection for each request
}

// words returns the arguments of compare.lua.
func (l load) words(suffix string, seed int) []string {
	all := []string{"kind=" + l.kind, "path=" + l.path, "suffix=" + suffix, "seed=" + strconv.Itoa(seed)}
	if l.count > 0 {
		all = append(all, "count="+strconv.Itoa(l.count))
	}
	if l.body > 0 {
		all = append(all, "body="+strconv.Itoa(l.body))
	}
	if l.close {
		all = append(all, "close=1")
	}
	return all
}

// wrk is the load generator: one thread and a number of connections, each of which sends
// its next request when it has the response to the last.
type wrk struct{ binary, script string }

// newWrk writes the script to dir.
func newWrk(binary, dir string) (*wrk, error) {
	w := &wrk{binary, filepath.Join(dir, "compare.lua")}
	return w, os.WriteFile(w.script, script, 0o644)
}

// order is one run of wrk.
type order struct {
	address string
	load    load
	words   []string        // of compare.lua
	long    time.Duration   // at least a second, in whole ones
	enough  <-chan struct{} // closing it ends the run early; nil means never
}

// run puts load on an address for the time of the order, or until enough is closed.
func (w *wrk) run(ctx context.Context, o order) (wrkResult, error) {
	seconds := max(1, int(o.long.Round(time.Second)/time.Second))
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second+wrkPatience)
	defer cancel()
	args := append([]string{
		"-t1", "-c" + strconv.Itoa(o.load.connections), "-d" + strconv.Itoa(seconds) + "s", "--timeout", "10s",
		"-s", w.script, "http://" + o.address + "/", "--",
	}, o.words...)
	c, err := program.Start(program.Options{Binary: w.binary, Args: args})
	if err != nil {
		return wrkResult{}, err
	}
	select {
	case <-c.Ended():
	case <-o.enough:
		err = interrupt(ctx, c)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return wrkResult{}, errors.Join(fmt.Errorf("wrk: %w", err), c.End(patience))
	}
	if c.Err() != nil {
		return wrkResult{}, fmt.Errorf("wrk: %w\n%s", c.Err(), c.Output())
	}
	return parseWrk([]byte(c.Output()))
}

// interrupt makes wrk end early and print its result. It sends the signal only when wrk has
// a handler, because a signal without one would end wrk without a result; it repeats the
// signal, because one that comes just before wrk begins to wait does not end that wait.
func interrupt(ctx context.Context, c *program.Program) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if handlesInterrupt(c.ID()) {
			_ = c.Interrupt() // it may have ended just now
		}
		select {
		case <-c.Ended():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// handlesInterrupt reports whether a process has a handler of its own for SIGINT, see
// proc(5): SigCgt in its status is a bit mask whose lowest bit is signal 1.
func handlesInterrupt(pid int) bool {
	mask, err := strconv.ParseUint(lineOf(fmt.Sprintf("/proc/%d/status", pid), "SigCgt"), 16, 64)
	return err == nil && mask>>(uint(syscall.SIGINT)-1)&1 == 1
}

// wrkResult is the line that compare.lua prints at the end.
type wrkResult struct {
	Requests int64   `json:"requests"` // with a response of any status
	Duration float64 `json:"duration_us"`
	Bytes    int64   `json:"bytes"`
	Connect  int64   `json:"connect"` // errors, by what failed
	Read     int64   `json:"read"`
	Write    int64   `json:"write"`
	Timeout  int64   `json:"timeout"`
	Status   int64   `json:"status"` // responses above 399
	P50      float64 `json:"p50_us"`
	P99      float64 `json:"p99_us"`
	P999     float64 `json:"p999_us"`
	Max      float64 `json:"max_us"`
}

// parseWrk finds the result in the output of wrk.
func parseWrk(output []byte) (wrkResult, error) {
	var r wrkResult
	for line := range bytes.Lines(output) {
		if !bytes.HasPrefix(line, []byte(`{"requests":`)) {
			continue
		}
		if err := json.Unmarshal(line, &r); err != nil {
			return r, fmt.Errorf("wrk: result %q: %w", line, err)
		}
		if r.Duration <= 0 {
			return r, fmt.Errorf("wrk: duration of %v us in %q", r.Duration, line)
		}
		return r, nil
	}
	return r, fmt.Errorf("wrk: no result in its output:\n%s", output)
}

// completed returns the number of good responses. When size is not zero they are large, of
// size bytes, and an incomplete one counts with the share that has arrived.
func (r wrkResult) completed(size int) float64 {
	if size > 0 && r.Status == 0 {
		return float64(r.Bytes) / float64(size)
	}
	return float64(r.Requests - r.Status)
}

// why describes the errors by kind.
func (r wrkResult) why() string {
	return fmt.Sprintf("%d not connected, %d reads, %d writes, %d timed out, %d with a status above 399", r.Connect, r.Read, r.Write, r.Timeout, r.Status)
}

// figures returns the figures of a target that wrk measures.
func (r wrkResult) figures(size int) results.Figures {
	const perMillisecond = 1e3
	completed := r.completed(size)
	return results.Figures{
		RPS:      completed / (r.Duration / 1e6),
		P50:      r.P50 / perMillisecond,
		P99:      r.P99 / perMillisecond,
		P999:     r.P999 / perMillisecond,
		Requests: completed,
		Errors:   float64(r.Connect + r.Read + r.Write + r.Timeout + r.Status),
	}
}
