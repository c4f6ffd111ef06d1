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
	// dialers open the connections of idling: as many requests are under way at once.
	dialers = 32
	// settling is how long a target may take to give back what requests needed.
	settling = 10 * time.Second
)

// idling opens connections, asks for one answer on each, lets them be, and looks at
// what the target holds for them.
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

// warmIdle makes the target take what it needs for a few connections.
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

// hold opens n connections and returns those on which an answer came.
func (k *kit) hold(ctx context.Context, s scenario, t *target, n int) (held []net.Conn, failed int) {
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", k.sample(s), t.address)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	for range dialers {
		wg.Go(func() {
			for left.Add(-1) >= 0 && ctx.Err() == nil {
				c, err := answered(t.address, request)
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

// answered opens a connection and reads one whole answer.
func answered(address, request string) (net.Conn, error) {
	c, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, err = io.WriteString(c, request)
	if err == nil {
		err = readAnswer(c)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func readAnswer(c net.Conn) error {
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

// ended reports whether the other side has closed c, on which nothing is to be read.
func ended(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// pause waits, or returns the error of a ctx that ends before.
func pause(ctx context.Context, long time.Duration) error {
	select {
	case <-time.After(long):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// get asks for a page on a kept connection and reads it whole.
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
