package origin

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// frame is one WebSocket frame with its payload unmasked (RFC 6455 §5.2).
type frame struct {
	final   bool
	opcode  byte
	payload []byte
}

// Opcodes of control frames (RFC 6455 §11.8); all others are data.
const (
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

// maxFrame bounds the payload of one frame that the echo accepts.
const maxFrame = 1 << 20

// errTooBig is the error of a frame above maxFrame.
var errTooBig = errors.New("frame above 1 MiB")

// errProtocol is the error of a frame that breaks RFC 6455 §5.
var errProtocol = errors.New("frame breaks the protocol")

// serveWebSocket upgrades the connection (RFC 6455 §4.2) and sends every data
// frame back as it came, fragments included.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Sec-WebSocket-Key")
	switch {
	case !hasToken(r.Header, "Upgrade", "websocket") || !hasToken(r.Header, "Connection", "upgrade"):
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "this page is a WebSocket", http.StatusUpgradeRequired)
		return
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		w.Header().Set("Sec-WebSocket-Version", "13")
		http.Error(w, "WebSocket version 13 is wanted", http.StatusUpgradeRequired)
		return
	case r.Method != http.MethodGet || !validKey(key):
		http.Error(w, "the WebSocket handshake is incomplete", http.StatusBadRequest)
		return
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = conn.Close() }()
	if !s.keep(conn) {
		return
	}
	defer s.drop(conn)
	_, _ = fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"X-Origin: %s\r\nSec-WebSocket-Accept: %s\r\n\r\n", s.name, acceptKey(key))
	if rw.Flush() == nil {
		echoFrames(rw)
	}
}

// echoFrames sends every data frame back until a close, an error or the end of the stream.
func echoFrames(rw *bufio.ReadWriter) {
	for {
		f, err := readFrame(rw.Reader)
		switch {
		case errors.Is(err, errTooBig):
			f = closing(1009)
		case errors.Is(err, errProtocol):
			f = closing(1002)
		case err != nil:
			return
		case f.opcode == opPong:
			continue
		case f.opcode == opPing:
			f.opcode = opPong
		}
		if writeFrame(rw.Writer, f) != nil || f.opcode == opClose {
			return
		}
	}
}

// closing returns a close frame with a status code (RFC 6455 §7.4.1).
func closing(code uint16) frame {
	return frame{final: true, opcode: opClose, payload: binary.BigEndian.AppendUint16(nil, code)}
}

// readFrame reads one client frame, which must be masked (RFC 6455 §5.1).
func readFrame(r *bufio.Reader) (frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	f := frame{final: head[0]&0x80 != 0, opcode: head[0] & 0x0f}
	size := uint64(head[1] & 0x7f)
	control := f.opcode >= opClose
	if head[1]&0x80 == 0 || head[0]&0x70 != 0 || control && (size > 125 || !f.final) {
		return f, errProtocol
	}
	var ext [8]byte
	switch size {
	case 126:
		if _, err := io.ReadFull(r, ext[6:]); err != nil {
			return f, err
		}
		size = binary.BigEndian.Uint64(ext[:])
	case 127:
		if _, err := io.ReadFull(r, ext[:]); err != nil {
			return f, err
		}
		size = binary.BigEndian.Uint64(ext[:])
	}
	if size > maxFrame {
		return f, errTooBig
	}
	var mask [4]byte
	if _, err := io.ReadFull(r, mask[:]); err != nil {
		return f, err
	}
	f.payload = make([]byte, size)
	_, err := io.ReadFull(r, f.payload)
	for i := range f.payload {
		f.payload[i] ^= mask[i%4]
	}
	return f, err
}

// writeFrame sends f unmasked, as a server does.
func writeFrame(w *bufio.Writer, f frame) error {
	first := f.opcode
	if f.final {
		first |= 0x80
	}
	head := []byte{first}
	switch n := len(f.payload); {
	case n < 126:
		head = append(head, byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
	}
	_, _ = w.Write(head) // Flush reports the error of every write before it
	_, _ = w.Write(f.payload)
	return w.Flush()
}

// acceptKey returns the value that confirms a handshake (RFC 6455 §4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// validKey reports whether key is the base64 of 16 bytes.
func validKey(key string) bool {
	raw, err := base64.StdEncoding.DecodeString(key)
	return err == nil && len(raw) == 16
}

// hasToken reports whether a list field holds the token, in any case.
func hasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}
