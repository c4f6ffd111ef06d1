package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// posts stores responses, sends unsafe requests to other URLs of the host, and counts the
// responses that are still served from the cache.
func posts(ctx context.Context, shop *workshop) (r trialResult, err error) {
	origin, address, err := shop.origin(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, origin.stop()) }()
	gateway, admin, err := shop.gateway(ctx, fmt.Sprintf(
		"cache: { memory: 128MiB }\nroutes: [{ path: \"/*\", upstream: \"http://%s\", cache: on }]\n", address))
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, gateway.stop()) }()
	get := func(n int) string { return fmt.Sprintf("GET /object/%d?size=512&cache=max-age=3600", n) }
	if _, err = many(ctx, admin.public, cachedObjects, get); err != nil {
		return r, err
	}
	before, err := many(ctx, admin.public, cachedObjects, get)
	if err != nil {
		return r, err
	}
	began := time.Now()
	if _, err = many(ctx, admin.public, unsafePosts, func(n int) string { return fmt.Sprintf("POST /?%d", n) }); err != nil {
		return r, err
	}
	took := time.Since(began)
	left, err := many(ctx, admin.public, cachedObjects, get)
	return trialResult{
		Figure: float64(left), Bound: cachedObjects, Missed: left < cachedObjects || before < cachedObjects,
		Text: fmt.Sprintf("%d responses were stored, %d were left after %d POSTs in %.0f s", before, left, unsafePosts, took.Seconds()),
	}, err
}

// many sends requests over a few connections and returns how many of the responses came
// from the cache. An error is a response without status 200, or none.
func many(ctx context.Context, address string, n int, line func(n int) string) (hits int64, err error) {
	var next, stored atomic.Int64
	var wg sync.WaitGroup
	failed := make([]error, 16)
	for i := range failed {
		wg.Go(func() {
			c, err := net.Dial("tcp", address)
			if err != nil {
				failed[i] = err
				return
			}
			defer func() { _ = c.Close() }()
			defer context.AfterFunc(ctx, func() { _ = c.Close() })()
			in := bufio.NewReader(c)
			for k := next.Add(1) - 1; k < int64(n) && failed[i] == nil; k = next.Add(1) - 1 {
				hit, err := exchanged(c, in, line(int(k)))
				if failed[i] = err; hit {
					stored.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return stored.Load(), errors.Join(failed...)
}

// exchanged sends one request without a body and reports whether its response came from
// the cache.
func exchanged(c net.Conn, in *bufio.Reader, line string) (hit bool, err error) {
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	length := ""
	if strings.HasPrefix(line, "POST") {
		length = "Content-Length: 0\r\n"
	}
	if _, err = io.WriteString(c, line+" HTTP/1.1\r\nHost: posts\r\n"+length+"\r\n"); err != nil {
		return false, err
	}
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		return false, err
	}
	_, err = io.Copy(io.Discard, r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %d", line, r.StatusCode)
	}
	return strings.Contains(r.Header.Get("Cache-Status"), "; hit"), err
}
