package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// attack is one way in which a client can hold what it does not use.
type attack struct {
	name, about string
	do          func(ctx context.Context, t *target) error // until the connection has ended; nil: this one is complete
}

// Sizes of the attacks.
const (
	wholeBody  = 64 << 10 // the largest body that the gateway reads before it chooses a backend
	readAtOnce = 1 << 10
)

// attacks are those of which each must cost ordinary clients nothing.
func attacks() []attack {
	return []attack{
		{"a", "chunked upload, 1 B/s", drippedChunks},
		{"b", "1 GiB announced, stalls after 64 KiB", stalled("1073741824", wholeBody)},
		{"c", "65,535 of 65,536 bytes", stalled("65536", wholeBody-1)},
		{"d", "100 MB response never read", unread},
		{"e", "100 MB response read at 1 KiB/s", readSlowly},
		{"f", "silent WebSockets", silentWebSocket},
		{"g", "request sent, closed at once", sentAndClosed},
	}
}

// attackNamed returns the attack of a name.
func attackNamed(name string) (attack, bool) {
	for _, a := range attacks() {
		if a.name == name {
			return a, true
		}
	}
	return attack{}, false
}

// target is a connection to what is attacked.
type target struct {
	net.Conn
	note func(status string)
}

const attackHost = " HTTP/1.1\r\nHost: attacked\r\n"

// drippedChunks sends a chunk of one byte every second.
func drippedChunks(ctx context.Context, t *target) error {
	if _, err := io.WriteString(t, "POST /upload/slow"+attackHost+"Transfer-Encoding: chunked\r\n\r\n"); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := t.ended(time.Second); err != nil {
			return err
		}
		if _, err := io.WriteString(t, "1\r\nx\r\n"); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// stalled announces a body and sends only its first bytes.
func stalled(announced string, sent int) func(context.Context, *target) error {
	request := "POST /upload/slow" + attackHost + "Content-Length: " + announced + "\r\n\r\n" + strings.Repeat("x", sent)
	return func(ctx context.Context, t *target) error {
		_, err := io.WriteString(t, request)
		for err == nil && ctx.Err() == nil {
			err = t.ended(time.Minute)
		}
		return err
	}
}

// ended waits and returns an error as soon as the other side has sent a response or closed
// the connection.
func (t *target) ended(wait time.Duration) error {
	_ = t.SetReadDeadline(time.Now().Add(wait))
	err := t.status()
	switch {
	case err == nil:
		return errEndedByResponse
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	}
	return err
}

var errEndedByResponse = errors.New("the response came before the request had ended")

// status reads the beginning of a response and notes its status.
func (t *target) status() error {
	line := make([]byte, len("HTTP/1.1 200"))
	_, err := io.ReadFull(t, line)
	if err == nil {
		t.note(string(line[len("HTTP/1.1 "):]))
	}
	return err
}

// asked sends a request and reads the beginning of the response. The error is that the
// status is another one, or none.
func (t *target) asked(request, want string) error {
	if _, err := io.WriteString(t, request); err != nil {
		return err
	}
	line := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(t, line); err != nil {
		return err
	}
	got := string(line[len("HTTP/1.1 "):])
	t.note(got)
	if got != want {
		return errors.New("refused with " + got)
	}
	return nil
}

const largeResponse = "GET /?size=100000000" + attackHost + "\r\n"

// unread requests a large response and reads nothing of it but the status, to see whether
// it was refused.
func unread(ctx context.Context, t *target) error {
	if err := t.asked(largeResponse, "200"); err != nil {
		return err
	}
	raw, err := t.Conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := socketError(raw); err != nil {
			return err
		}
	}
}

// readSlowly requests a large response and reads 1 KiB of it every second.
func readSlowly(ctx context.Context, t *target) error {
	if err := t.asked(largeResponse, "200"); err != nil {
		return err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	piece := make([]byte, readAtOnce)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if _, err := t.Read(piece); err != nil {
			return err
		}
	}
}

// silentWebSocket opens a WebSocket and sends no frame.
func silentWebSocket(_ context.Context, t *target) error {
	err := t.asked("GET /ws"+attackHost+"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "101")
	if err == nil {
		_, err = io.Copy(io.Discard, t)
	}
	if err == nil {
		err = io.EOF
	}
	return err
}

// sentAndClosed leaves a request to which the backend would respond after 10 s.
func sentAndClosed(_ context.Context, t *target) error {
	_, err := io.WriteString(t, "GET /?delay=10s"+attackHost+"\r\n")
	return err
}
