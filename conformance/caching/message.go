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

// cutOr makes a message of which only the head is whole one that is cut.
func cutOr(m *scripted.Message, err error) (*message, error) {
	switch {
	case m == nil || !m.HeadComplete:
		return nil, err
	case errors.Is(err, scripted.ErrCut), m.UntilClose && err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
		return &message{m, true}, nil
	}
	return &message{m, false}, err
}

// id is what the gateway numbers its requests with: the response to a client and all
// that the origin is asked for it have the same. It is empty where there is none.
func (m *message) id() string { return strings.Join(m.Values("X-Request-Id"), ",") }

// conditional reports whether a request asks for a 304.
func (m *message) conditional() bool {
	return len(m.Values("If-None-Match"))+len(m.Values("If-Modified-Since")) > 0
}

// String shows the head and the beginning of the body.
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
