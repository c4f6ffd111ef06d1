package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
)

// Fields of the soak. The first names the exchange, the second the checksum of the
// body that it comes with.
const (
	numberField   = "X-Number"
	checksumField = "X-Checksum"
)

// soakBackend is an origin that checks each upload and responds with content that is
// computed from the exchange's number. The query has the size of the response (size), its
// framing (chunked) and where it breaks off (cut: a number of body bytes, or "head" for a
// reset before the response).
type soakBackend struct {
	violation func(string)
	server    http.Server
	serving   sync.WaitGroup
}

// start serves on a loopback address, which it returns.
func (b *soakBackend) start() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	b.server.Handler = http.HandlerFunc(b.serve)
	b.serving.Go(func() { _ = b.server.Serve(ln) })
	return ln.Addr().String(), nil
}

func (b *soakBackend) stop() {
	_ = b.server.Close()
	b.serving.Wait()
}

func (b *soakBackend) serve(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.ParseUint(r.Header.Get(numberField), 10, 64)
	query := r.URL.Query()
	if err != nil || r.URL.Path != "/"+r.Header.Get(numberField) {
		b.violation(fmt.Sprintf("origin: target %s came with number %q", r.URL, r.Header.Get(numberField)))
	}
	_, sum, err := checksum(r.Body)
	switch {
	case err != nil:
		return // the client broke off, and so must the gateway
	case r.Header.Get(checksumField) != sum:
		b.violation(fmt.Sprintf("origin: body of request %d has checksum %s, sent was %s", number, sum, r.Header.Get(checksumField)))
	}
	if query.Get("cut") == "head" {
		hangUp(w)
		return
	}
	size, _ := strconv.ParseInt(query.Get("size"), 10, 64)
	_, sum, _ = checksum(&content{number: number, size: size}) // cannot fail
	w.Header().Set(numberField, strconv.FormatUint(number, 10))
	w.Header().Set(checksumField, sum)
	if query.Get("chunked") == "" {
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	}
	body := io.Reader(&content{number: number, size: size})
	cut, err := strconv.ParseInt(query.Get("cut"), 10, 64)
	if err == nil {
		body = io.LimitReader(body, cut)
	}
	_, copied := io.Copy(w, body)
	if flush := http.NewResponseController(w).Flush(); err == nil || flush != nil || copied != nil {
		panic(http.ErrAbortHandler) // net/http closes the connection without ending the message
	}
}

// hangUp ends the connection with a reset.
func hangUp(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
