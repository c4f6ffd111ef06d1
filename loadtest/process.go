package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"penstock/loadtest/program"
)

// process is a Penstock that runs beside loadtest. It must be stopped.
type process struct{ *program.Program }

// workshop is a folder with the binary and the configuration of a run.
type workshop struct {
	dir, binary string
	race        bool   // the binary has the race detector in it
	group       *group // in which gateways run; nil is that of this process
	heap        int64  // GOMEMLIMIT of gateways; 0 leaves it alone
}

// newWorkshop builds Penstock from the module in the working directory, with the
// race detector when race is set. remove must be called.
func newWorkshop(ctx context.Context, race bool) (w *workshop, remove func(), err error) {
	dir, err := os.MkdirTemp("", "penstock-loadtest-")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	w = &workshop{dir: dir, binary: filepath.Join(dir, "penstock.exe"), race: race} // the ending does no harm elsewhere
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
	return w.startProgram(append([]string{w.binary}, args...))
}

// startProgram runs a command line until stop; env is added to the environment.
func (w *workshop) startProgram(line []string, env ...string) (*process, error) {
	env = append(append(os.Environ(), "GORACE=halt_on_error=0 exitcode=66"), env...)
	p, err := program.Start(program.Options{Binary: line[0], Args: line[1:], Env: env})
	return &process{p}, err
}

// gateway writes the configuration and runs a gateway on it. It returns once the
// gateway is ready.
func (w *workshop) gateway(ctx context.Context, yaml string) (*process, *admin, error) {
	free, err := program.FreeAddresses(2)
	if err != nil {
		return nil, nil, err
	}
	public, listen := free[0], free[1]
	file := filepath.Join(w.dir, "config.yaml")
	yaml = fmt.Sprintf("listen: %q\nadmin: %q\nlog: { access: off, level: warn }\n%s", public, listen, yaml)
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		return nil, nil, err
	}
	line, env := []string{w.binary, "run", "-config", file}, []string(nil)
	if w.group != nil {
		line = w.group.command(line...)
	}
	if w.heap > 0 {
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", w.heap))
	}
	p, err := w.startProgram(line, env...)
	if err != nil {
		return nil, nil, err
	}
	a := &admin{address: listen, public: public, race: w.race}
	if err := p.Await(ctx, a.ready); err != nil {
		return nil, nil, errors.Join(err, p.stop())
	}
	return p, a, nil
}

// origin runs an embedded origin and returns its address once it accepts.
func (w *workshop) origin(ctx context.Context) (*process, string, error) {
	free, err := program.FreeAddresses(1)
	if err != nil {
		return nil, "", err
	}
	address := free[0]
	p, err := w.start("origin", "-listen", address)
	if err != nil {
		return nil, "", err
	}
	if err := p.Await(ctx, func() error {
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

// stop ends p and returns an error when it had ended by itself, does not end, ends
// badly, or when the race detector said anything.
func (p *process) stop() error {
	const patience = 40 * time.Second
	early := false
	select {
	case <-p.Ended():
		early = true
	default:
	}
	if err := p.End(patience); err != nil {
		return err
	}
	text := p.Output()
	switch {
	case strings.Contains(text, "DATA RACE"):
		return fmt.Errorf("the race detector found\n%s", text)
	case strings.Contains(text, "panic"):
		return fmt.Errorf("a panic\n%s", text)
	case early || p.Err() != nil:
		return fmt.Errorf("the gateway or its origin ended too early (%t) or badly, in %v at most: %v\n%s", early, patience, p.Err(), text)
	}
	return nil
}
