package scripted

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

func started(t *testing.T, o Options) *Origin {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func dialed(t *testing.T, o *Origin) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", o.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestScriptSpeaksOnEachConnection(t *testing.T) {
	o := started(t, Options{Script: InTurn(func(p *Peer) { p.Say("first") }, Always(OK("later")))})
	if all, err := io.ReadAll(dialed(t, o)); string(all) != "first" || err != nil {
		t.Errorf("first connection: %q, %v", all, err)
	}
	for range 2 {
		r, err := http.Get("http://" + o.Address + "/x")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if _ = r.Body.Close(); string(body) != "later" || err != nil {
			t.Errorf("got %q, %v", body, err)
		}
	}
	if n := o.Connections(); n < 2 || n > 3 {
		t.Errorf("%d connections", n)
	}
}

func TestHeadIsRaw(t *testing.T) {
	type result struct {
		head string
		err  error
	}
	got := make(chan result, 2)
	o := started(t, Options{Patience: time.Minute, Script: func(p *Peer) {
		for range 2 {
			head, err := p.Head()
			got <- result{head, err}
		}
	}})
	c := dialed(t, o)
	_, _ = io.WriteString(c, "GET  / odd\r\nName : x\r\n\r\nhalf of")
	if r := <-got; r.head != "GET  / odd\r\nName : x\r\n\r\n" || r.err != nil {
		t.Errorf("got %+v", r)
	}
	_ = c.Close()
	if r := <-got; r.head != "half of" || !errors.Is(r.err, io.EOF) {
		t.Errorf("got %+v", r)
	}
}

func TestPatienceEndsTheWaitForARequest(t *testing.T) {
	got := make(chan error, 1)
	o := started(t, Options{Patience: time.Millisecond, Script: func(p *Peer) {
		_, err := p.Request()
		got <- err
	}})
	dialed(t, o)
	if err := <-got; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestCutAndCloseWaitForTheScripts(t *testing.T) {
	var seen int // guarded by nothing but that Cut and Close wait
	o := started(t, Options{Script: func(p *Peer) {
		_, err := p.Head()
		select {
		case <-p.Over:
			seen += 10
		default:
			seen++
		}
		if !errors.Is(err, net.ErrClosed) {
			seen = 1000
		}
	}})
	for n := 1; n <= 2; n++ { // Cut accepts others afterwards
		dialed(t, o)
		o.state.Wait(0, func() bool { return o.accepted == n })
		if o.Cut(); seen != n {
			t.Fatalf("%d scripts have ended, want %d", seen, n)
		}
	}
	dialed(t, o)
	o.state.Wait(0, func() bool { return o.accepted == 3 })
	o.Close()
	if o.Close(); seen != 12 {
		t.Errorf("got %d, want two that were cut and one that was closed", seen)
	}
	if c, err := net.Dial("tcp", o.Address); err == nil {
		_ = c.Close()
		t.Error("it still listens")
	}
}

func TestResetIsSeenAsOne(t *testing.T) {
	o := started(t, Options{Script: func(p *Peer) { _, _ = p.Head(); p.Reset() }})
	c := dialed(t, o)
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\n\r\n")
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "reset") {
		t.Errorf("got %v", err)
	}
}

func TestStateWakesThoseWhoWait(t *testing.T) {
	s, n := NewState(), 0
	done := make(chan bool)
	for want := 1; want <= 3; want++ {
		go func() { done <- s.Wait(time.Minute, func() bool { return n >= want }) }()
	}
	for range 3 {
		s.Change(func() { n++ })
		if !<-done {
			t.Error("waited in vain")
		}
	}
	if s.Wait(time.Millisecond, func() bool { return n == 4 }) {
		t.Error("what never came was seen")
	}
	s.Look(func() {
		if n != 3 {
			t.Errorf("got %d", n)
		}
	})
}

func TestPartsThatAreNoneCloseEachConnection(t *testing.T) {
	o := started(t, Options{Script: InTurn()})
	for range 2 {
		if all, err := io.ReadAll(dialed(t, o)); len(all) > 0 || err != nil {
			t.Errorf("got %q, %v; want the end", all, err)
		}
	}
}
