package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"penstock/loadtest/driver"
)

// ordinary are clients that do nothing wrong. Each has an address and connections of its
// own and sends requests at even times, whatever the responses do; a latency counts from
// the time when its request was due.
type ordinary struct {
	address string // of the gateway
	clients int
	rate    float64 // requests a second of each client
	timeout time.Duration

	mu       sync.Mutex
	latency  driver.Histogram // of responses that were right
	settled  driver.Histogram // of those that were due after the first settling
	requests int64
	failures map[string]int64 // kinds, with how many
}

// settling is how long the beginning of an attack lasts, in which what attackers may have is
// still being found out.
const settling = 5 * time.Second

// ordinarySize is the length of the bodies that ordinary clients send and receive.
const ordinarySize = 1 << 10

// run sends requests until long has passed, and returns when each has its response or has
// failed. Requests of the first part, warm, do not count.
func (o *ordinary) run(ctx context.Context, warm, long time.Duration) {
	o.failures = map[string]int64{}
	begin := time.Now()
	var wg sync.WaitGroup
	for i := range o.clients {
		wg.Go(func() { o.client(ctx, i, begin, warm, long) })
	}
	wg.Wait()
}

// client is one of them. Their requests are due in turn, not at the same moment.
func (o *ordinary) client(ctx context.Context, i int, begin time.Time, warm, long time.Duration) {
	from := &net.TCPAddr{IP: net.IPv4(127, 1, 0, byte(1+i))}
	transport := &http.Transport{
		DialContext:         (&net.Dialer{LocalAddr: from, Timeout: o.timeout}).DialContext,
		MaxIdleConnsPerHost: 16, DisableCompression: true,
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: o.timeout}
	apart := time.Duration(float64(time.Second) / o.rate)
	first := apart * time.Duration(i) / time.Duration(o.clients)
	var wg sync.WaitGroup
	for n := 0; ; n++ {
		after := first + time.Duration(n)*apart
		if after >= warm+long {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(begin.Add(after))):
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			err := o.request(ctx, client, n)
			if after >= warm {
				o.record(time.Since(begin.Add(after)), after >= warm+settling, err)
			}
		})
	}
	wg.Wait()
}

// request sends request n of a client: three downloads, then a small upload, and so on.
func (o *ordinary) request(ctx context.Context, client *http.Client, n int) error {
	method, url, body := "GET", fmt.Sprintf("http://%s/?size=%d", o.address, ordinarySize), []byte(nil)
	if n%4 == 3 {
		method, url, body = "POST", "http://"+o.address+"/upload/ordinary", make([]byte, ordinarySize)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.Copy(io.Discard, response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return statusError(response.StatusCode)
	case method == "GET" && got != ordinarySize:
		return fmt.Errorf("a body of %d bytes, want %d", got, ordinarySize)
	}
	return nil
}

// statusError is a response with another status than 200.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("status %d", int(e)) }

// record counts a request that was due d ago.
func (o *ordinary) record(d time.Duration, settled bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests++
	if err == nil {
		o.latency.Record(d)
		if settled {
			o.settled.Record(d)
		}
		return
	}
	kind := "connection"
	switch status := statusError(0); {
	case errors.As(err, &status):
		kind = status.Error()
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		kind = "timeout"
	}
	o.failures[kind]++
}

// share is how many of the requests got the right response; 0 of none.
func (o *ordinary) share() float64 {
	if o.requests == 0 {
		return 0
	}
	return float64(o.latency.Count()) / float64(o.requests)
}
