package caching

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"penstock/origin/scripted"
)

// message is a request or a response as it was on the wire.
type message struct {
	*scripted.Message
	cut bool // the stream ended inside of its body
}

// readRequest reads the next request to the origin.
func readRequest(in *scripted.Reader) (*message, error) {
	m, err := in.Request()
	return cutOr(m, err)
}

// readResponse reads the next response, interim or final, to a request with this method.
func readResponse(in *scripted.Reader, method string) (*message, error) {
	m, err := in.Response(method)
	return cutOr(m, err)
}

// cutOr returns a message whose head is complete, marked as cut when its body is truncated,
// and an error for all others.
func cutOr(m *scripted.Message, err error) (*message, error) {
	switch {
	case m == nil || !m.HeadComplete:
		return nil, err
	case errors.Is(err, scripted.ErrCut), m.UntilClose && err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
		return &message{m, true}, nil
	}
	return &message{m, false}, err
}

// id returns the X-Request-Id: the response to a client and the requests that the gateway
// sends for it have the same. It is empty when there is none.
func (m *message) id() string { return strings.Join(m.Values("X-Request-Id"), ",") }

// conditional reports whether the response to a request may be a 304.
func (m *message) conditional() bool {
	return len(m.Values("If-None-Match"))+len(m.Values("If-Modified-Since")) > 0
}

// String returns the head and the beginning of the body.
func (m *message) String() string {
	var out strings.Builder
	out.WriteString(m.Start)
	for _, f := range m.Fields {
		out.WriteString("\n    " + f[0] + ": " + f[1])
	}
	fmt.Fprintf(&out, "\n    (body of %d bytes) %.60q", len(m.Body), m.Body)
	if m.cut {
		out.WriteString(" and then cut")
	}
	return out.String()
}
