package compare

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"penstock/loadtest/program"
)

// The calls of so many requests are counted, where longestCount suffices for them: how often
// the scheduler sleeps and wakes differs from second to second.
const (
	countedRequests = 2000
	longestCount    = 20 * time.Second
)

// countCalls counts the system calls of every target during a second of load or more. strace
// slows the targets down so much that nothing else is measured meanwhile.
func (k *kit) countCalls(ctx context.Context, s scenario, targets []*target) {
	for _, t := range targets {
		if t.failed {
			continue
		}
		calls, err := k.calls(ctx, s, t)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			k.wrong("%s: system calls of %s: %v", s.name, t.Name, err)
			continue
		}
		for i := range t.Rounds { // every round gets the same figure, because it was counted once
			t.Rounds[i].Syscalls = calls
		}
	}
}

// calls returns the number of system calls per request.
func (k *kit) calls(ctx context.Context, s scenario, t *target) (float64, error) {
	u, err := k.usage(t)
	if err != nil {
		return 0, err
	}
	// The target's connections to the origin have ended since its last turn. This load opens
	// them again; otherwise opening them would be most of the calls.
	first, err := k.wrk.run(ctx, k.order(s, t, time.Second))
	if err != nil {
		return 0, err
	}
	file := filepath.Join(k.dir, "strace.txt")
	args := []string{"-c", "-f", "-qq", "-o", file}
	for _, pid := range u.pids {
		args = append(args, "-p", strconv.Itoa(pid))
	}
	c, err := program.Start(program.Options{Binary: k.strace, Args: args})
	if err != nil {
		return 0, err
	}
	if err := c.Await(ctx, func() error { return traced(u.pids) }); err != nil {
		return 0, errors.Join(err, c.End(patience))
	}
	r, err := k.wrk.run(ctx, k.order(s, t, max(time.Second, s.least, timeFor(countedRequests, first.completed(s.size), longestCount))))
	if err = errors.Join(err, c.End(patience)); err != nil { // strace writes its table at its end
		return 0, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	total, err := parseStrace(string(text))
	if err == nil && r.completed(s.size) == 0 {
		err = errors.New("no request succeeded")
	}
	if err != nil {
		return 0, err
	}
	return total / r.completed(s.size), nil
}

// traced returns nil when every thread of the processes has a tracer.
func traced(pids []int) error {
	for _, pid := range pids {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
		if err != nil {
			return err
		}
		for _, file := range threads {
			text, err := os.ReadFile(file)
			if err == nil && strings.Contains(string(text), "\nTracerPid:\t0\n") {
				return fmt.Errorf("process %d is not traced yet", pid)
			}
		}
	}
	return nil
}

// parseStrace returns the number of calls in the last line of the table of strace -c:
//
//	100.00    1.234567           3    411522      1021 total
func parseStrace(text string) (float64, error) {
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if n := len(fields); n >= 5 && fields[n-1] == "total" {
			return strconv.ParseFloat(fields[3], 64)
		}
	}
	return 0, fmt.Errorf("no total in %q", text)
}
