package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Figures of the trials, see trials.
const (
	abortedRequests = 600
	mostBusy        = time.Second // until the backend is free again

	cachedObjects = 5_000
	unsafePosts   = 200_000

	manyReloads = 20
	mostGrowth  = 2.5 // of the heap in use
)

// trial is one more measurement, with a figure and a bound of its own.
type trial struct {
	name, about string
	run         func(ctx context.Context, shop *workshop) (trialResult, error)
}

// trialResult is what a trial has measured, with its bound.
type trialResult struct {
	Trial  string  `json:"trial"`
	About  string  `json:"about"`
	Figure float64 `json:"figure"`
	Bound  float64 `json:"bound"`
	Text   string  `json:"text"`
	Missed bool    `json:"missed,omitempty"`
}

func trials() []trial {
	return []trial{
		{"aborts", "600 requests to a backend that does not respond, all closed at once", aborts},
		{"posts", "200,000 POSTs to other URLs of a host with 5,000 stored responses", posts},
		{"reloads", "20 reloads of 10,000 routes and 1,000 upstreams in 25 s", reloads},
	}
}

// hangingBackend responds to "/" and to nothing else.
type hangingBackend struct {
	server  http.Server
	serving sync.WaitGroup
}

func (b *hangingBackend) start() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	b.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			<-r.Context().Done()
		}
	})
	b.serving.Go(func() { _ = b.server.Serve(ln) })
	return ln.Addr().String(), nil
}

func (b *hangingBackend) stop() {
	_ = b.server.Close()
	b.serving.Wait()
}

// aborts measures how long a backend is not free after clients have left it.
func aborts(ctx context.Context, shop *workshop) (r trialResult, err error) {
	backend := new(hangingBackend)
	address, err := backend.start()
	if err != nil {
		return r, err
	}
	defer backend.stop()
	gateway, admin, err := shop.gateway(ctx, fmt.Sprintf("routes: [{ path: \"/*\", upstream: \"http://%s\" }]\n", address))
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, gateway.stop()) }()
	var all []net.Conn
	defer func() { // those that were not closed below
		for _, c := range all {
			_ = c.Close()
		}
	}()
	for i := range abortedRequests {
		from := &net.TCPAddr{IP: net.IPv4(127, 2, 0, byte(1+i%attackerHosts))}
		c, err := (&net.Dialer{LocalAddr: from}).DialContext(ctx, "tcp", admin.public)
		if err != nil {
			return r, err
		}
		all = append(all, c)
		if _, err := io.WriteString(c, "GET /hang"+attackHost+"\r\n"); err != nil {
			return r, err
		}
	}
	held := 0.0
	for began := time.Now(); held < 500 && time.Since(began) < 5*time.Second; {
		s, err := admin.state()
		if err != nil {
			return r, err
		}
		held = max(held, s.atBackends)
	}
	began := time.Now()
	for _, c := range all {
		_ = c.Close()
	}
	all = nil
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	status := 0
	for status != http.StatusOK && time.Since(began) < time.Minute && ctx.Err() == nil {
		response, err := client.Get("http://" + admin.public + "/")
		if err != nil {
			return r, err
		}
		_ = response.Body.Close()
		status = response.StatusCode
	}
	served := time.Since(began)
	free, err := freeAfter(ctx, admin)
	all0 := served.Seconds() + free
	r = trialResult{Figure: all0, Bound: mostBusy.Seconds(), Missed: free < 0 || all0 > mostBusy.Seconds() || held < 500,
		Text: fmt.Sprintf("%.0f were at the backend at once; the next request got 200 after %.2f s, none was left after %.2f s", held, served.Seconds(), all0)}
	return r, errors.Join(err, ctx.Err())
}
