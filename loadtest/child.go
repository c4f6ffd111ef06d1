package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"

	"penstock/loadtest/program"
)

// ending is what a child writes, one JSON object a line: every second, and a last time
// when it ends well.
type ending interface{ final() bool }

// child is this program, run again as one of its commands in a process of its own. It
// ends when its standard input does.
type child[R ending] struct {
	*program.Program
	hold   io.Closer // its standard input
	latest atomic.Pointer[R]
	in     *io.PipeReader
	read   sync.WaitGroup
}

// startChild runs this program again with args, with the lowest priority and on one
// processor at a time. Attackers have machines of their own, so they should take little
// processor time from the gateway.
func startChild[R ending](args ...string) (*child[R], error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	in, out := io.Pipe()
	input, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c := &child[R]{hold: hold, in: in}
	args = append([]string{self}, args...)
	if nice, err := exec.LookPath("nice"); err == nil {
		args = append([]string{nice, "-n", "19"}, args...)
	}
	c.Program, err = program.Start(program.Options{Binary: args[0], Args: args[1:], In: input, Out: out})
	_ = input.Close() // the child has its own
	if err != nil {
		return nil, errors.Join(err, hold.Close())
	}
	go func() {
		<-c.Ended()
		_ = out.Close()
	}()
	c.latest.Store(new(R))
	c.read.Go(c.follow)
	return c, nil
}

func (c *child[R]) follow() {
	lines := json.NewDecoder(c.in)
	for {
		r := new(R)
		if lines.Decode(r) != nil {
			_, _ = io.Copy(io.Discard, c.in)
			return
		}
		c.latest.Store(r)
	}
}

// finish ends the process and returns its last report.
func (c *child[R]) finish() (R, error) {
	err := c.hold.Close()
	<-c.Ended()
	c.read.Wait()
	last := *c.latest.Load()
	if !last.final() {
		err = errors.Join(err, fmt.Errorf("a process of the attackers ended badly: %v\n%s", c.Err(), c.Output()))
	}
	return last, err
}
