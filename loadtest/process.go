package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// process is a Penstock that runs beside loadtest. It must be stopped.
type process struct {
	name   string
	cmd    *exec.Cmd
	ended  chan struct{} // closed once the process has ended
	err    error         // how it ended; read it behind ended
	output tail
}

// tail keeps the first bytes of what a process says, which is where races are told.
type tail struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

const maxKeptOutput = 256 << 10

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

// workshop is a folder with the binary and the configuration of a run.
type workshop struct {
	dir, binary string
	race        bool // the binary has the race detector in it
}

// newWorkshop builds Penstock from the module in the working directory, with the
// race detector when race is set. remove must be called.
func newWorkshop(ctx context.Context, race bool) (w *workshop, remove func(), err error) {
	dir, err := os.MkdirTemp("", "penstock-loadtest-")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	w = &workshop{dir, filepath.Join(dir, "penstock.exe"), race} // the ending does no harm elsewhere
	args := []string{"build", "-o", w.binary}
	if race {
		args = append(args, "-race")
	}
	text, err := exec.CommandContext(ctx, "go", append(args, "penstock")...).CombinedOutput()
	if err != nil {
		remove()
		return nil, nil, fmt.Errorf("go build penstock: %w\n%s", err, text)
	}
	return w, remove, nil
}

// start runs the binary until stop.
func (w *workshop) start(args ...string) (*process, error) {
	return begin(w.binary, nil, nil, args...)
}

// begin runs a program. in is its standard input; what it prints goes to out, or
// is kept when that is nil.
func begin(binary string, in *os.File, out io.Writer, args ...string) (*process, error) {
	p := &process{name: filepath.Base(binary) + " " + args[0], ended: make(chan struct{})}
	p.cmd = exec.Command(binary, args...)
	p.cmd.Env = append(os.Environ(), "GORACE=halt_on_error=0 exitcode=66")
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if in != nil {
		p.cmd.Stdin = in
	}
	if out != nil {
		p.cmd.Stdout = out
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// gateway writes the configuration and runs a gateway on it. It returns once the
// gateway is ready.
func (w *workshop) gateway(ctx context.Context, yaml string) (*process, *admin, error) {
	public, err := freeAddress()
	if err != nil {
		return nil, nil, err
	}
	listen, err := freeAddress()
	if err != nil {
		return nil, nil, err
	}
	file := filepath.Join(w.dir, "config.yaml")
	yaml = fmt.Sprintf("listen: %q\nadmin: %q\nlog: { access: off, level: warn }\n%s", public, listen, yaml)
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		return nil, nil, err
	}
	p, err := w.start("run", "-config", file)
	if err != nil {
		return nil, nil, err
	}
	a := &admin{address: listen, public: public, race: w.race}
	if err := p.await(ctx, a.ready); err != nil {
		return nil, nil, errors.Join(err, p.stop())
	}
	return p, a, nil
}

// origin runs an embedded origin and returns its address once it accepts.
func (w *workshop) origin(ctx context.Context) (*process, string, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	p, err := w.start("origin", "-listen", address)
	if err != nil {
		return nil, "", err
	}
	if err := p.await(ctx, func() error {
		c, err := net.Dial("tcp", address)
		if err == nil {
			err = c.Close()
		}
		return err
	}); err != nil {
		return nil, "", errors.Join(err, p.stop())
	}
	return p, address, nil
}

// await asks until check is content, at most 10 s and no longer than p lives.
func (p *process) await(ctx context.Context, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
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
			return fmt.Errorf("%s ended: %v\n%s", p.name, p.err, p.output.String())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", p.name, err)
		case <-tick.C:
		}
	}
}

// stop ends p and returns an error when it had ended by itself, does not end, ends
// badly, or when the race detector said anything.
func (p *process) stop() error {
	early := false
	select {
	case <-p.ended:
		early = true
	default:
		if p.cmd.Process.Signal(os.Interrupt) != nil {
			_ = p.cmd.Process.Kill()
		}
	}
	const patience = 40 * time.Second
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("%s was still there after %v", p.name, patience)
	}
	text := p.output.String()
	switch {
	case strings.Contains(text, "DATA RACE"):
		return fmt.Errorf("%s: the race detector found\n%s", p.name, text)
	case strings.Contains(text, "panic"):
		return fmt.Errorf("%s: a panic\n%s", p.name, text)
	case early || p.err != nil:
		return fmt.Errorf("%s ended too early (%t) or badly: %v\n%s", p.name, early, p.err, text)
	}
	return nil
}

// freeAddress returns a loopback address that nobody listens on.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}
