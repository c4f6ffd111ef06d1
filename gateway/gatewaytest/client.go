package gatewaytest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Client is a raw connection to a gateway. Dial makes it; only the goroutine of its test uses it.
type Client struct {
	net.Conn
	In *bufio.Reader // reads from Conn
	t  testing.TB
}

// Dial opens a TCP connection that ends with the test. Reads and writes fail once Wait has passed
// since Dial. It fails the test when the connection is refused.
func Dial(t testing.TB, address string) *Client {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(Wait))
	t.Cleanup(func() { _ = c.Close() })
	return &Client{Conn: c, In: bufio.NewReader(c), t: t}
}

// Send writes raw bytes, and fails the test when that fails.
func (c *Client) Send(raw string) {
	c.t.Helper()
	if _, err := io.WriteString(c, raw); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// Response is one response with its complete body.
type Response struct {
	*http.Response
	Text string // the body
	Err  error  // why the body is not complete; nil when it is
}

// Read reads the next response to a request with this method, interim ones included. It fails the
// test when there is no complete head; of a truncated body it returns what came, with Err.
func (c *Client) Read(method string) Response {
	c.t.Helper()
	a, err := c.TryRead(method)
	if err != nil {
		c.t.Fatalf("read the response: %v", err)
	}
	return a
}

// TryRead is Read for responses that may not come: it returns an error instead of failing the test.
// A truncated body is in Response.Err, not in the error.
func (c *Client) TryRead(method string) (Response, error) {
	r, err := http.ReadResponse(c.In, &http.Request{Method: method})
	if err != nil {
		return Response{}, err
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	return Response{Response: r, Text: string(body), Err: err}, nil
}

// Head reads the raw head of the next response, with its last empty line and without its body. It
// fails the test when the connection ends or Wait is over before that.
func (c *Client) Head() string {
	c.t.Helper()
	var head strings.Builder
	for {
		line, err := c.In.ReadString('\n')
		head.WriteString(line)
		if err != nil {
			c.t.Fatalf("read the head: %v after %q", err, head.String())
		}
		if line == "\r\n" {
			return head.String()
		}
	}
}

// Closed waits for the next byte and reports whether the gateway has ended the connection instead.
// It takes that byte from In, and is false too when Wait is over.
func (c *Client) Closed() bool {
	_, err := c.In.ReadByte()
	return err != nil && !isTimeout(err)
}

func isTimeout(err error) bool {
	t, ok := err.(net.Error)
	return ok && t.Timeout()
}

// Get sends a GET over a new connection and returns the response, as Read does. The host is
// a.example; fields are whole lines, such as "Accept: */*".
func Get(t testing.TB, address, target string, fields ...string) Response {
	t.Helper()
	c := Dial(t, address)
	c.Send("GET " + target + " HTTP/1.1\r\nHost: a.example\r\n" + lines(fields) + "\r\n")
	return c.Read("GET")
}

func lines(fields []string) string {
	var all strings.Builder
	for _, f := range fields {
		all.WriteString(f + "\r\n")
	}
	return all.String()
}
