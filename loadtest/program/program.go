// Package program runs other programs beside our own: it starts them, waits until they
// are ready, keeps what they say and ends them with all that they have started.
package program

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// Options say what runs. All but Binary may be zero.
type Options struct {
	Binary string    // a path, or a name that is looked up on PATH
	Args   []string  // without the name of the program
	Env    []string  // nil is our own
	In     io.Reader // standard input; nil is an empty one
	Out    io.Writer // for standard output; nil keeps it beside the errors, for Output
	CPUs   []int     // the only processors that it may use, by number, on Linux; nil is those of this process; elsewhere Start fails unless it is nil
}

// Program is one that was started; only Start makes it. It is safe for concurrent use. Where the
// system has groups of processes, it and all that it starts form one of their own; on Linux it gets
// SIGTERM when this process ends. End must be called, unless Ended is closed.
type Program struct {
	name   string
	cmd    *exec.Cmd
	ended  chan struct{}
	err    error
	output beginning
}

// beginning keeps the first bytes of a program's output, which contain errors and race
// reports.
type beginning struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

const maxKeptOutput = 256 << 10

// Write implements io.Writer. It takes everything and keeps what there is room for.
func (b *beginning) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if room := maxKeptOutput - b.kept.Len(); room > 0 {
		b.kept.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// Start starts a program and returns without waiting for it. It returns nil and an error when it
// cannot be started, or not on Options.CPUs.
func Start(o Options) (*Program, error) {
	p := &Program{name: filepath.Base(o.Binary), ended: make(chan struct{})}
	p.cmd = exec.Command(o.Binary, o.Args...)
	p.cmd.Env, p.cmd.Stdin = o.Env, o.In
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if o.Out != nil {
		p.cmd.Stdout = o.Out
	}
	p.cmd.SysProcAttr = ownGroup()
	p.cmd.WaitDelay = time.Second // a grandchild may hold the output open
	if err := startOn(o.CPUs, p.cmd.Start); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// ID returns the number of the process, also once it has ended.
func (p *Program) ID() int { return p.cmd.Process.Pid }

// Ended returns a channel that is closed once the program has ended and all that it
// said is kept.
func (p *Program) Ended() <-chan struct{} { return p.ended }

// Err returns how the program ended: nil for status 0, an *exec.ExitError for another status or a
// signal, exec.ErrWaitDelay when status 0 came while a process that it had started held its output.
// It may be called only once Ended is closed.
func (p *Program) Err() error { return p.err }

// Output returns what the program has written until now to standard error and, without Options.Out,
// to standard output: at most the first 256 KiB.
func (p *Program) Output() string {
	p.output.mu.Lock()
	defer p.output.mu.Unlock()
	return p.output.kept.String()
}

// Await calls check, at once and then every 20 ms, until it returns nil, at most for 15 s and no
// longer than the program runs or ctx allows; it does not interrupt check. It leaves the program
// running. The error contains the last error of check, or how the program ended,
// and its output.
func (p *Program) Await(ctx context.Context, check func() error) error {
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
		case <-p.ended:
			return fmt.Errorf("%s ended: %v\n%s", p.name, p.err, p.Output())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.name, err, p.Output())
		case <-tick.C:
		}
	}
}

// Interrupt sends SIGINT to the program, and not to processes that it has started. It returns
// an error when the program has ended, or when the system has no such signal.
func (p *Program) Interrupt() error { return p.cmd.Process.Signal(os.Interrupt) }

// End terminates the program and all processes that it has started, and kills them after
// patience; zero or less kills almost at once. It returns once the program has ended, also when it
// had before, and an error only when it has not ended 5 s after it was killed. Err reports how it
// ended.
func (p *Program) End(patience time.Duration) error {
	const last = 5 * time.Second
	signalGroup(p.cmd.Process, false)
	select {
	case <-p.ended:
		signalGroup(p.cmd.Process, true) // nobody should be left
		return nil
	case <-time.After(patience):
	}
	signalGroup(p.cmd.Process, true)
	select {
	case <-p.ended:
		return nil
	case <-time.After(last):
		return fmt.Errorf("%s (process %d) cannot be ended", p.name, p.ID())
	}
}
