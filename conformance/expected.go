package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// wanted is a request as the backend must get it: as the case says, or as the
// client sent it.
type wanted struct {
	Expect
	sent *Message // nil when the case says it
}

// expected returns the requests that go on when all do.
func (c *Case) expected() (list []wanted) {
	if len(c.Got) > 0 {
		for _, e := range c.Got {
			list = append(list, wanted{Expect: e})
		}
		return list
	}
	for i, m := range c.requests() {
		w := wanted{Expect: Expect{Method: m.Start[0], Target: m.Start[1]}, sent: &m}
		if i == 0 {
			w.Checks = c.Checks
		}
		list = append(list, w)
	}
	return list
}

// compare returns why the backend's message is not the one that it should be.
func (w *wanted) compare(m *Message) string {
	if m.Start[0] != w.Method || m.Start[1] != w.Target {
		return fmt.Sprintf("%.80q %.80q, want %.80q %.80q", m.Start[0], m.Start[1], w.Method, w.Target)
	}
	if why := check(m, w.Checks); why != "" {
		return why
	}
	if w.sent == nil {
		return ""
	}
	if m.Body != w.sent.Body {
		return fmt.Sprintf("body %.80q, want %.80q", m.Body, w.sent.Body)
	}
	if sent, got := w.sent.all("Host"), m.all("Host"); len(sent) == 1 && (len(got) != 1 || !strings.EqualFold(sent[0], got[0])) {
		return fmt.Sprintf("Host %q, want %q", got, sent)
	}
	return compareFields(w.sent, m)
}

// compareFields wants every end-to-end field that was sent, with its values in
// order, and no other.
func compareFields(sent, got *Message) string {
	for _, f := range append(slices.Clone(sent.Fields), got.Fields...) {
		if perHop(f.Name) || sent.lists(f.Name) {
			continue
		}
		was, is := sent.all(f.Name), got.all(f.Name)
		if !slices.Equal(was, is) {
			return fmt.Sprintf("%s is %.80q, want %.80q", f.Name, is, was)
		}
	}
	return ""
}

// perHop reports whether a gateway may add, change or take the field away
// without being asked.
func perHop(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "host", "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
		"content-length", "expect", "proxy-authenticate", "proxy-authorization", "proxy-authentication-info",
		"http2-settings", "via", "forwarded", "x-real-ip", "cdn-loop", "x-request-id":
		return true
	}
	return strings.HasPrefix(name, "x-forwarded-")
}
