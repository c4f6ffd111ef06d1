package gateway

// What a read of a head brings beyond it stays where it is, in the part of fasthttp's
// buffer that it has been offered and not been given. There it is safe until fasthttp
// reads the next head: it keeps the buffer for the whole request. So a body that comes
// together with its head is not copied before it is sent on.

// heldMemory is how much is read ahead of a chunked body, and how much memory for held
// bytes an idle connection keeps.
const heldMemory = 4 << 10

// take moves bytes to p: held ones, or else new ones.
func (w *wire) take(p []byte) (int, error) {
	if len(w.held) == 0 {
		return w.Conn.Read(p)
	}
	n := copy(p, w.held)
	w.drop(n)
	return n, nil
}

// drop forgets the first n bytes that are held.
func (w *wire) drop(n int) {
	if w.held = w.held[n:]; len(w.held) > 0 {
		return
	}
	w.lent = false
	if cap(w.memory) > heldMemory {
		w.memory = nil
	}
}

// own moves held bytes out of fasthttp's buffer, before that is written to.
func (w *wire) own() {
	if w.lent {
		w.memory, w.lent = append(w.memory[:0], w.held...), false
		w.held = w.memory
	}
}

// wholeBody takes the body of a request, or the rest of it, if it is a sized one and all
// of it has come, and else returns nil. It stays as it is until the next head is read.
func (w *wire) wholeBody() []byte {
	n := w.left
	if w.part != inSized || n > int64(len(w.held)) {
		return nil
	}
	body := w.held[:n:n]
	w.left = 0
	w.drop(int(n))
	return body
}
