package h1

// Read-ahead, the bytes that a read returned after the end of a head, stays in the memory of
// the head until they are taken or the next head is received to the same place. So a body that
// arrives together with its head is not copied before it is sent on.

// keptMemory is how much is read ahead of a chunked body.
const keptMemory = 4 << 10

// take moves bytes to p: those that were read ahead, or else new ones.
func (g *gate) take(p []byte) (int, error) {
	if len(g.readAhead) == 0 {
		return g.conn.Read(p)
	}
	n := copy(p, g.readAhead)
	g.drop(n)
	return n, nil
}

// drop forgets the first n bytes that were read ahead.
func (g *gate) drop(n int) { g.readAhead = g.readAhead[n:] }

// wholeBody takes the body of a request, or the rest of it, if it is a sized one and all of
// it has come, and else returns nil. It stays as it is until the next head is read.
func (g *gate) wholeBody() []byte {
	n := g.left
	if g.part != inSized || n > int64(len(g.readAhead)) {
		return nil
	}
	body := g.readAhead[:n:n]
	g.left = 0
	g.drop(int(n))
	return body
}
