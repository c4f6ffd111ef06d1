package conformance

import (
	"fmt"
	"strings"
)

// Describe returns what happened in a few words, such as "400 refused close" or "200 passed-1",
// whether it is acceptable or not: the status codes of the final responses, what reached the
// backend, and "close" when the gateway closed the client's connection.
func Describe(c *Case, s *Observed) string {
	finals, got := s.finals(), len(s.Seen.Requests)
	var codes []string
	for _, m := range finals {
		code := m.Start[1]
		if !m.Complete {
			code += "(cut)"
		}
		codes = append(codes, code)
	}
	if s.TailErr != nil {
		codes = append(codes, "garbage")
	}
	if s.Silent {
		codes = append(codes, "waits")
	}
	what := "no response"
	if len(codes) > 0 {
		what = strings.Join(codes, ",")
	}
	switch {
	case s.Seen.Err != nil:
		what += " passed-garbage"
	case got > 0:
		what += fmt.Sprintf(" passed-%d", got)
		if c.altered(s) {
			what += "-altered"
		}
	case s.Seen.Partial != "":
		what += " cut"
	default:
		what += " refused"
	}
	if s.Closed {
		what += " close"
	}
	return what
}

// altered reports whether the backend got requests other than the expected ones.
func (c *Case) altered(s *Observed) bool {
	expected := c.expected()
	for i := range s.Seen.Requests {
		if i >= len(expected) || expected[i].compare(&s.Seen.Requests[i]) != "" {
			return len(expected) > 0
		}
	}
	return false
}

// Passed reports whether the gateway let something through: bytes that are no HTTP reached the
// backend or the client, or at least as many requests, one or more, reached the backend whole as
// there are final responses, and the last of these is complete and none of 502 and 504. When the client got no response at all, it is true only for a
// case without a script.
func Passed(c *Case, s *Observed) bool {
	if s.Seen.Err != nil || s.TailErr != nil {
		return true
	}
	finals := s.finals()
	if len(s.Seen.Requests) == 0 {
		return false
	}
	if len(finals) == 0 {
		return len(c.Script) == 0 // a case about a response: the client is safe when it gets none
	}
	last := finals[len(finals)-1]
	return len(s.Seen.Requests) >= len(finals) && last.Complete && last.status() != 502 && last.status() != 504
}
