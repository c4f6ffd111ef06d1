package conformance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Judge returns "" when what happened is one of the acceptable outcomes. Otherwise it
// returns for each of them how the observed outcome differs. It returns "" too for a case without
// an acceptable outcome, which Load refuses. It does not change c or s.
func (c *Case) Judge(s *Observed) string {
	var why []string
	for _, o := range c.Want {
		complaint := o.judge(c, s)
		if complaint == "" {
			complaint = c.demands(o, s)
		}
		if complaint == "" {
			return ""
		}
		why = append(why, fmt.Sprintf("not %s %v: %s", o.Kind, o.Status, complaint))
	}
	return strings.Join(why, "; ")
}

// judge returns why s is not this outcome; "" when it is.
func (o *Outcome) judge(c *Case, s *Observed) string {
	if s.TailErr != nil {
		return fmt.Sprintf("the client got bytes that are no response: %v", s.TailErr)
	}
	if s.Seen.Err != nil {
		return fmt.Sprintf("the backend got bytes that are no request: %v", s.Seen.Err)
	}
	if s.Silent {
		return "the gateway waits"
	}
	if s.Seen.Partial != "" && o.Kind != Cut && o.Kind != Gateway {
		return fmt.Sprintf("the backend got a cut request: %.80q", s.Seen.Partial)
	}
	finals, expected := s.finals(), c.expected()
	requests, responses := o.After, o.After+1
	switch o.Kind {
	case Closed:
		responses = o.After
	case Forwarded, Aborted:
		requests, responses = len(expected), len(expected)
	case Gateway:
		requests = o.After + 1
		if s.Seen.Partial != "" {
			requests = o.After
		}
	case Cut:
		if len(finals) == o.After && len(o.Status) == 0 {
			responses = o.After
		}
	}
	if len(s.Seen.Requests) != requests {
		return fmt.Sprintf("the backend got %d requests, want %d", len(s.Seen.Requests), requests)
	}
	if o.Kind == Aborted && len(finals) == responses-1 {
		responses-- // cut before the first byte
	}
	if len(finals) != responses {
		return fmt.Sprintf("the client got %d responses, want %d", len(finals), responses)
	}
	if why := o.judgeConn(s); why != "" {
		return why
	}
	for i, m := range s.Seen.Requests[:min(requests, len(expected))] {
		if why := expected[i].compare(&m); why != "" {
			return fmt.Sprintf("request %d: %s", i+1, why)
		}
	}
	return o.judgeResponses(c, s)
}

func (o *Outcome) judgeConn(s *Observed) string {
	closes := o.Conn == "close" || o.Kind == Refused || o.Kind == Closed || o.Kind == Cut || o.Kind == Aborted
	switch {
	case closes && !s.Closed:
		return "the connection stays open"
	case o.Conn == "keep" && s.Closed:
		return "the connection is closed"
	}
	return ""
}

// judgeResponses compares the responses that the client got with the script.
func (o *Outcome) judgeResponses(c *Case, s *Observed) string {
	finals := s.finals()
	for i, m := range finals {
		last := i == len(finals)-1
		ours := i >= o.After && (o.Kind == Refused || o.Kind == Answered || o.Kind == Cut || o.Kind == Gateway)
		if last && o.Kind == Aborted && len(finals) == len(s.Seen.Requests) {
			if m.Complete {
				return fmt.Sprintf("response %d is complete: %s %q", i+1, m.Start[1], m.Body)
			}
			continue
		}
		if !m.Complete {
			return fmt.Sprintf("response %d is cut", i+1)
		}
		status, body := o.Status, o.Body
		check := o.HasBody
		if !ours && (!last || len(o.Status) == 0 && !o.HasBody) {
			want, ok := c.scripted(i)
			if !ok {
				continue
			}
			status, body, check = []int{want.status()}, want.Body, true
		}
		if len(status) > 0 && !slices.Contains(status, m.status()) {
			return fmt.Sprintf("response %d has status %d", i+1, m.status())
		}
		if check && m.Body != body {
			return fmt.Sprintf("response %d has body %.80q, want %.80q", i+1, m.Body, body)
		}
	}
	return ""
}

// scripted returns the origin's final response to the i-th request; ok is false when the
// script has no valid one.
func (c *Case) scripted(i int) (m Message, ok bool) {
	r := scriptedAt(c.Script, i)
	rest := r.Bytes
	method := c.method(i)
	if method == "HEAD" && i >= len(c.Script) {
		rest = rest[:len(rest)-3]
	}
	for {
		m, n, err := readResponse(rest, method, r.Close)
		if err != nil || !m.Complete {
			return m, false
		}
		if st := m.status(); st >= 200 || st == 101 {
			return m, true
		}
		rest = rest[n:]
	}
}

// demands returns why the responses do not fulfil the "see" lines of the case; "" when they do.
func (c *Case) demands(o Outcome, s *Observed) string {
	if o.Kind != Forwarded {
		return ""
	}
	if c.Order != "" {
		var codes []string
		for _, m := range s.Responses {
			codes = append(codes, strconv.Itoa(m.status()))
		}
		if got := strings.Join(codes, " "); got != c.Order {
			return fmt.Sprintf("the client got %s, want %s", got, c.Order)
		}
	}
	if len(c.See) == 0 {
		return ""
	}
	finals := s.finals()
	return check(&finals[len(finals)-1], c.See)
}

// check compares a message with lines such as "Name: value", "no Name", "body text" and
// "raw bytes", and returns the first difference. Several lines of one name are its values
// in order.
func check(m *Message, lines []string) string {
	want := map[string][]string{}
	for _, line := range lines {
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case word == "no":
			if v := append(m.all(rest), valuesOf(m.Trailers, rest)...); len(v) > 0 {
				return fmt.Sprintf("%s is there: %q", rest, v)
			}
		case word == "body":
			if m.Body != rest {
				return fmt.Sprintf("body %.80q, want %.80q", m.Body, rest)
			}
		case word == "raw":
			if !strings.Contains(m.Raw, rest) {
				return fmt.Sprintf("%q is not in %.400q", rest, m.Raw)
			}
		default:
			name := strings.TrimSuffix(word, ":")
			want[name] = append(want[name], rest)
		}
	}
	for name, values := range want {
		got := append(m.all(name), valuesOf(m.Trailers, name)...)
		if !slices.Equal(got, values) {
			return fmt.Sprintf("%s is %q, want %q", name, got, values)
		}
	}
	return ""
}
