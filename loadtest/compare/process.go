package compare

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// child is a program that was started. It and all that it starts form a group of
// their own; end must be called unless it is known to have ended.
type child struct {
	name   string
	cmd    *exec.Cmd
	ended  chan struct{} // closed once it has ended
	err    error         // how it ended; read it behind ended
	output tail
}

// tail keeps the first bytes of what a child says.
type tail struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

const maxKeptOutput = 64 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := maxKeptOutput - t.kept.Len(); room > 0 {
		t.kept.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept.String()
}

// begin starts a program; without environment it has ours.
func begin(binary string, environment []string, args ...string) (*child, error) {
	c := &child{name: filepath.Base(binary), ended: make(chan struct{})}
	c.cmd = exec.Command(binary, args...)
	c.cmd.Env = environment
	c.cmd.Stdout, c.cmd.Stderr = &c.output, &c.output
	c.cmd.SysProcAttr = ownGroup()
	c.cmd.WaitDelay = time.Second // a grandchild may hold the output open
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.ended)
	}()
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// await asks until check is content, at most 15 s and no longer than c lives.
func (c *child) await(ctx context.Context, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-c.ended:
			return fmt.Errorf("%s ended: %v\n%s", c.name, c.err, c.output.String())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", c.name, err, c.output.String())
		case <-tick.C:
		}
	}
}

// end asks the child's group to end, and kills what is left after some seconds. It
// returns an error only when the child cannot be got rid of.
func (c *child) end() error {
	const patience = 5 * time.Second
	signalGroup(c.cmd.Process, false)
	select {
	case <-c.ended:
		signalGroup(c.cmd.Process, true) // nobody should be left
		return nil
	case <-time.After(patience):
	}
	signalGroup(c.cmd.Process, true)
	select {
	case <-c.ended:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("%s (process %d) cannot be ended", c.name, c.pid())
	}
}

// freeAddresses returns loopback addresses that nobody listens on. They are below
// the ports that the system gives to clients, so that no client takes one.
func freeAddresses(n int) ([]string, error) {
	const first, last = 10000, 32000
	var all []string
	at := rand.IntN(last - first) // another run beside this one looks elsewhere
	for i := 0; i < last-first && len(all) < n; i++ {
		port := first + (at+i)%(last-first)
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		ln, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		defer func() { _ = ln.Close() }() // all are held until all are found
		all = append(all, address)
	}
	if len(all) < n {
		return nil, fmt.Errorf("only %d of %d ports from %d to %d are free", len(all), n, first, last)
	}
	return all, nil
}
