package origin

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// handshake is a good one; its key and the accept value for it are those of RFC 6455 §1.3.
const handshake = "GET /ws HTTP/1.1\r\nHost: o\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// upgrade opens a WebSocket.
func upgrade(t *testing.T, s *Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, r := dial(t, s, handshake)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: got %d, want 101", resp.StatusCode)
	}
	if got := resp.Header.Get("Sec-WebSocket-Accept"); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("Sec-WebSocket-Accept: got %q (RFC 6455 §1.3)", got)
	}
	return conn, r
}

// masked encodes a client frame.
func masked(first byte, payload []byte) []byte {
	out := []byte{first}
	switch n := len(payload); {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	mask := [4]byte{1, 2, 3, 4}
	out = append(out, mask[:]...)
	for i, c := range payload {
		out = append(out, c^mask[i%4])
	}
	return out
}

func TestWebSocketEchoes(t *testing.T) {
	conn, r := upgrade(t, start(t))
	long, huge := bytes.Repeat([]byte("x"), 300), bytes.Repeat([]byte("y"), 70_000)
	for _, tc := range []struct {
		name        string
		sent        []byte
		first       byte
		wantPayload []byte
	}{
		{"text", masked(0x81, []byte("hello")), 0x81, []byte("hello")},
		{"16-bit length", masked(0x82, long), 0x82, long},
		{"64-bit length", masked(0x82, huge), 0x82, huge},
		{"a fragment stays one", masked(0x01, []byte("he")), 0x01, []byte("he")},
		{"its continuation too", masked(0x80, []byte("llo")), 0x80, []byte("llo")},
		{"ping becomes pong", masked(0x89, []byte("p")), 0x8A, []byte("p")},
		{"pong is silent, what follows is answered", append(masked(0x8A, nil), masked(0x81, nil)...), 0x81, nil},
		{"close is answered", masked(0x88, []byte{3, 232}), 0x88, []byte{3, 232}},
	} {
		if _, err := conn.Write(tc.sent); err != nil {
			t.Fatal(err)
		}
		first, payload := readServerFrame(t, r)
		if first != tc.first || !bytes.Equal(payload, tc.wantPayload) {
			t.Errorf("%s: got %#x with %d bytes, want %#x with %d", tc.name, first, len(payload), tc.first, len(tc.wantPayload))
		}
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("after the close: got %v, want EOF", err)
	}
}

// readServerFrame reads one frame that must not be masked.
func readServerFrame(t *testing.T, r *bufio.Reader) (first byte, payload []byte) {
	t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	size := uint64(head[1])
	ext := make([]byte, 8)
	switch size {
	case 126:
		_, _ = io.ReadFull(r, ext[6:])
		size = binary.BigEndian.Uint64(ext)
	case 127:
		_, _ = io.ReadFull(r, ext)
		size = binary.BigEndian.Uint64(ext)
	}
	if size > 1<<20 {
		t.Fatalf("frame of %d bytes (masked?)", size)
	}
	payload = make([]byte, size)
	if _, err := io.ReadFull(r, payload); err != nil {
		t.Fatal(err)
	}
	return head[0], payload
}

func TestWebSocketEndsOnBadFrames(t *testing.T) {
	s := start(t)
	for _, tc := range []struct {
		name string
		sent []byte
		code uint16
	}{
		{"unmasked frame (RFC 6455 §5.1)", []byte{0x81, 1, 'x'}, 1002},
		{"reserved bit (§5.2)", masked(0xC1, nil), 1002},
		{"fragmented ping (§5.4)", masked(0x09, nil), 1002},
		{"long ping (§5.5)", masked(0x89, make([]byte, 126)), 1002},
		{"frame above 1 MiB", masked(0x82, make([]byte, maxFrame+1))[:10], 1009},
	} {
		conn, r := upgrade(t, s)
		if _, err := conn.Write(tc.sent); err != nil {
			t.Fatal(err)
		}
		first, payload := readServerFrame(t, r)
		if first != 0x88 || len(payload) != 2 || binary.BigEndian.Uint16(payload) != tc.code {
			t.Errorf("%s: got %#x %v, want a close with %d", tc.name, first, payload, tc.code)
		}
	}
}

func TestWebSocketHandshakeIsChecked(t *testing.T) {
	s := start(t)
	for _, tc := range []struct {
		name, from, to string
		status         int
	}{
		{"no upgrade asked", "Upgrade: websocket\r\n", "", 426},
		{"connection does not name it", "keep-alive, Upgrade", "keep-alive", 426},
		{"old version", "Version: 13", "Version: 8", 426},
		{"short key", "dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", 400},
		{"not a GET", "GET /ws", "POST /ws", 400},
	} {
		_, r := dial(t, s, strings.Replace(handshake, tc.from, tc.to, 1))
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != tc.status {
			t.Errorf("%s: got %d, want %d", tc.name, resp.StatusCode, tc.status)
		}
	}
}

func TestShutdownEndsWebSockets(t *testing.T) {
	s := New(Options{})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, r := upgrade(t, s)
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := r.ReadByte(); err == nil {
		t.Error("the WebSocket outlived its origin")
	}
}
