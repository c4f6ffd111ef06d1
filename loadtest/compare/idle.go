package compare

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"penstock/loadtest/results"
)

const (
	// dialers is the number of goroutines that open the connections of idling.
	dialers = 32
	// settling is how long a target may take to release the memory that requests needed.
	settling = 10 * time.Second
)

// idling measures the memory of idle connections: it opens them, sends one request on each,
// waits, and compares the target's memory with that before.
func (k *kit) idling(ctx context.Context, s scenario, t *target) (results.Figures, error) {
	if err := k.warmIdle(ctx, s, t); err != nil {
		return results.Figures{}, err
	}
	before, err := k.usage(t)
	if err != nil {
		return results.Figures{}, err
	}
	held, failed := k.hold(ctx, s, t, s.idle)
	defer func() {
		for _, c := range held {
			_ = c.Close()
		}
	}()
	if err := pause(ctx, settling); err != nil {
		return results.Figures{}, err
	}
	after, err := k.usage(t)
	if err != nil {
		return results.Figures{}, err
	}
	if len(held) == 0 {
		return results.Figures{}, errors.New("not one connection could be opened")
	}
	gone := 0
	for _, c := range held {
		if ended(c) {
			gone++
		}
	}
	return results.Figures{
		RSS:      float64(after.resident) / (1 << 20),
		PerIdle:  float64(max(0, after.resident-before.resident)) / 1024 / float64(len(held)-gone),
		Requests: float64(len(held)),
		Errors:   float64(failed + gone),
	}, nil
}

// warmIdle opens and closes a few connections, so that the target has allocated what it
// allocates once.
func (k *kit) warmIdle(ctx context.Context, s scenario, t *target) error {
	few, failed := k.hold(ctx, s, t, 2*dialers)
	for _, c := range few {
		_ = c.Close()
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d first connections failed", failed, 2*dialers)
	}
	return pause(ctx, 2*time.Second)
}

// hold opens n connections and returns those on which a response came.
func (k *kit) hold(ctx context.Context, s scenario, t *target, n int) (held []net.Conn, failed int) {
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", k.sample(s), t.address)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	for range dialers {
		wg.Go(func() {
			for left.Add(-1) >= 0 && ctx.Err() == nil {
				c, err := used(t.address, request)
				mu.Lock()
				if err != nil {
					failed++
				} else {
					held = append(held, c)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return held, failed
}

// used opens a connection, sends a request and reads the complete response.
func used(address, request string) (net.Conn, error) {
	c, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, err = io.WriteString(c, request)
	if err == nil {
		err = readResponse(c)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func readResponse(c net.Conn) error {
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if _, err = io.Copy(io.Discard, r.Body); err == nil && r.StatusCode != http.StatusOK {
		err = errors.New(r.Status)
	}
	return err
}

// ended reports whether the peer has closed c. No data may be unread on c.
func ended(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// pause waits for a time; it returns the error of ctx when that ends before.
func pause(ctx context.Context, long time.Duration) error {
	select {
	case <-time.After(long):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// get sends a request on a kept connection and reads the complete response.
func get(client *http.Client, url string) error {
	r, err := client.Get(url)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if _, err = io.Copy(io.Discard, r.Body); err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, r.Status)
	}
	return err
}
