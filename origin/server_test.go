package origin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// start returns a listening origin named a that ends with the test.
func start(t *testing.T) *Server {
	t.Helper()
	s := New(Options{Name: "a"})
	run(t, s)
	return s
}

func run(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
}

// get fetches a target and returns the response with its whole body.
func get(t *testing.T, s *Server, target string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr().String()+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("GET %s: %v", target, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("GET %s: body: %v", target, err)
	}
	return resp, string(body)
}

// dial opens a raw connection that sends head as it is.
func dial(t *testing.T, s *Server, head string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// raw sends one GET and returns everything until the connection ends.
func raw(t *testing.T, s *Server, target string) (string, error) {
	t.Helper()
	_, r := dial(t, s, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: o\r\nConnection: close\r\n\r\n", target))
	all, err := io.ReadAll(r)
	return string(all), err
}

func TestAddressInUseIsNamed(t *testing.T) {
	s := start(t)
	err := New(Options{Name: "b", Address: s.Addr().String()}).Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), s.Addr().String()) {
		t.Errorf("second origin on %s: got %v, want an error that names the address", s.Addr(), err)
	}
}

func TestAddrIsNilBeforeStart(t *testing.T) {
	s := New(Options{})
	if got := s.Addr(); got != nil {
		t.Errorf("Addr before Start: got %v, want nil", got)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown before Start: %v", err)
	}
}

func TestShutdownLetsAnswersFinish(t *testing.T) {
	s := New(Options{Name: "a"})
	entered, leave := make(chan struct{}), make(chan struct{})
	s.wait = func(context.Context, time.Duration) error {
		close(entered)
		<-leave
		return nil
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	answer := make(chan string, 1)
	go func() {
		text, _ := raw(t, s, "/?delay=1s&size=3")
		answer <- text
	}()
	<-entered
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(context.Background()) }()
	<-s.life.Done()
	close(leave)
	if err := <-done; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if got := <-answer; !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("answer begun before the shutdown: got %q, want a 200", got)
	}
}

func TestShutdownCutsWhatItsContextDoesNotWaitFor(t *testing.T) {
	s := New(Options{Name: "a"})
	entered := make(chan struct{})
	s.wait = func(ctx context.Context, _ time.Duration) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = raw(t, s, "/?delay=1h")
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown with an ended context: got %v, want context canceled", err)
	}
	<-ended
}

// recordWaits makes the origin's pauses instant and returns what they summed up to.
func recordWaits(s *Server) *atomic.Int64 {
	var total atomic.Int64
	s.wait = func(ctx context.Context, d time.Duration) error {
		total.Add(int64(d))
		return ctx.Err()
	}
	return &total
}

func TestAStartAfterTheShutdownIsAnError(t *testing.T) {
	s := New(Options{Name: "a"})
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil || s.Addr() != nil {
		t.Errorf("got %v and the address %v, want an error and none", err, s.Addr())
	}
}
