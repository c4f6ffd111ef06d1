//go:build linux

package conn

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// signalled waits for the signal of d, for long enough that a busy machine does not matter.
func signalled(t *testing.T, d *Departure) {
	t.Helper()
	select {
	case <-d.Signal():
	case <-time.After(20 * time.Second):
		t.Fatal("the departure was not noticed")
	}
	if !d.Left() {
		t.Error("Left is false after the signal")
	}
}

func TestDepartureIsNoticed(t *testing.T) {
	for name, leave := range map[string]func(peer net.Conn){
		"end of its direction": func(peer net.Conn) { _ = peer.(*net.TCPConn).CloseWrite() },
		"end after bytes that nobody reads": func(peer net.Conn) {
			_, _ = io.WriteString(peer, "unread")
			_ = peer.(*net.TCPConn).CloseWrite()
		},
		"close": func(peer net.Conn) { _ = peer.Close() },
		"reset": func(peer net.Conn) {
			_ = peer.(*net.TCPConn).SetLinger(0)
			_ = peer.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewSweeper(time.Millisecond)
			s.Start()
			defer s.Shutdown(t.Context())
			l := tcpLink(t, s)
			d := NewDeparture()
			d.Watch(l.src, nil, false)
			defer d.Unwatch()
			ended := make(chan error, 1)
			d.Interrupt(l.dst)
			go func() {
				_, err := l.dst.Read(make([]byte, 1))
				ended <- err
			}()
			leave(l.from)
			signalled(t, d)
			if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the read beside ended with %v", err)
			}
		})
	}
}

// step drives the sweeper by hand, so that what it does not notice is certain.
func TestDepartureThatDoesNotCount(t *testing.T) {
	s := NewSweeper(time.Hour)
	l := tcpLink(t, s)
	var wanted atomic.Bool
	d := NewDeparture()
	sweep := func() {
		s.step(time.Second)
		s.step(time.Second)
	}

	_, _ = io.WriteString(l.from, "a request of its own")
	d.Watch(l.src, wanted.Load, false)
	sweep()
	if d.Left() {
		t.Error("bytes were taken for a departure")
	}
	_ = l.from.(*net.TCPConn).CloseWrite()
	wanted.Store(true)
	for !peerLeft(l.src.sys) { // until the FIN has come
	}
	if sweep(); d.Left() {
		t.Error("a departure counts although what is done is wanted")
	}
	d.Unwatch()
	wanted.Store(false)
	if sweep(); d.Left() {
		t.Error("a departure counts after Unwatch")
	}
	d.Watch(l.src, wanted.Load, false)
	if sweep(); !d.Left() {
		t.Error("a departure before Watch does not count")
	}
	d.Unwatch()
	other := tcpLink(t, s)
	d.Watch(other.src, wanted.Load, false)
	if d.Left() || len(d.Signal()) != 0 {
		t.Error("the departure of an earlier peer counts for the next one")
	}
	d.Interrupt(l.dst)
	d.Release()
	if sweep(); d.Left() {
		t.Error("the other peer has not left")
	}
}

func TestNoDepartureWithoutAPeer(t *testing.T) {
	var d *Departure
	d.Interrupt(nil)
	d.Release()
	if d.Left() || d.Signal() != nil {
		t.Error("nobody has left")
	}
}

// A quiet departure looks at the peer only while one and the same read waits for long.
func TestQuietDepartureNeedsAReadThatWaitsForLong(t *testing.T) {
	s := stillSweeper(t)
	l := tcpLink(t, s)
	d := NewDeparture()
	d.Watch(l.src, nil, true)
	defer d.Unwatch()
	d.Interrupt(l.dst)
	_ = l.from.(*net.TCPConn).CloseWrite()
	until(t, "the FIN has come", func() bool { return peerLeft(l.src.sys) })
	looks := func(n int) {
		for range n {
			s.sweep(time.Duration(s.now.Load()) + s.tick)
		}
	}
	looks(5 * quietLooks) // no read waits
	for range 5 {
		l.dst.in.calls.Add(oneCall) // a read waits, but not for long
		looks(quietLooks)
		l.dst.in.leave(0)
	}
	if d.Left() {
		t.Fatal("the departure counted although no read waited for long")
	}
	l.dst.in.calls.Add(oneCall)
	looks(quietLooks + 1)
	signalled(t, d)
	if got := l.dst.in.deadline.Load(); got != expired {
		t.Errorf("the read's deadline is %d", got)
	}
	l.dst.in.leave(0)
}
