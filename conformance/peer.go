package conformance

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Peer is another gateway that runs as a child process. Only StartPeer makes it, and Stop must be
// called.
type Peer struct {
	Address string // where it listens: "127.0.0.1:port"

	cmd  *exec.Cmd
	said bytes.Buffer
	done chan struct{}
}

// PeerOptions says how to start a Peer. All fields are required.
type PeerOptions struct {
	Command []string      // program and arguments; "@CONFIG@" in these is replaced by the name of the configuration file
	Config  string        // text of that file, with @LISTEN@, @ORIGIN@ and @DIR@ to be replaced
	Origin  string        // address that it forwards to
	Dir     string        // existing temporary folder that it may write to; the configuration file is in it
	Wait    time.Duration // longest time until it listens
}

// StartPeer fills in the configuration, starts the program and waits until it
// accepts connections. It returns nil and an error when no port is free, the file cannot be written,
// the program does not start, ends, or does not accept within Wait; it has been stopped then, and in
// the last two cases the error has its output. It panics when Command is empty.
func StartPeer(o PeerOptions) (*Peer, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Peer{Address: ln.Addr().String(), done: make(chan struct{})}
	_ = ln.Close() // the system does not reuse a port so soon, so the peer can take it
	text := strings.NewReplacer("@LISTEN@", p.Address, "@ORIGIN@", o.Origin, "@DIR@", o.Dir).Replace(o.Config)
	file := filepath.Join(o.Dir, "peer.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	var args []string
	for _, a := range o.Command[1:] {
		args = append(args, strings.ReplaceAll(a, "@CONFIG@", file))
	}
	p.cmd = exec.Command(o.Command[0], args...)
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", o.Command[0], err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // it is killed in the end
	}()
	if err := p.await(o.Wait); err != nil {
		p.Stop()
		return nil, fmt.Errorf("%s: %w: %s", o.Command[0], err, p.said.String())
	}
	return p, nil
}

// await returns once the peer accepts a connection.
func (p *Peer) await(limit time.Duration) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); time.Now().Before(end); {
		select {
		case <-p.done:
			return fmt.Errorf("ended at once")
		case <-tick.C:
		}
		if c, err := net.Dial("tcp", p.Address); err == nil {
			return c.Close()
		}
	}
	return fmt.Errorf("does not listen after %v", limit)
}

// Stop kills the process and waits for its end. It may be called again, and after the process has
// ended by itself.
func (p *Peer) Stop() {
	_ = p.cmd.Process.Kill() // fails when it has ended already
	<-p.done
}
