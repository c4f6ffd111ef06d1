package caching

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// judge returns the first way in which an outcome differs from what is expected.
func (p *play) judge(a *Ask, got *outcome) error {
	if err := judgeAsked(a, got); err != nil {
		return err
	}
	if err := p.judgeResponse(a, got); err != nil {
		return err
	}
	if err := judgeExplained(a, got.final); err != nil {
		return err
	}
	for _, c := range a.Client {
		if err := c.judge(&p.stage, got.final, got.interim, a.Client); err != nil {
			return fmt.Errorf("the client's response: %w", err)
		}
	}
	for _, c := range a.Origin {
		if len(got.asked) == 0 {
			return fmt.Errorf("the origin was not asked")
		}
		if err := c.judge(&p.stage, got.asked[len(got.asked)-1].request, nil, a.Origin); err != nil {
			return fmt.Errorf("the origin's request: %w", err)
		}
	}
	return nil
}

// judgeAsked compares the requests that the origin got with the verb.
func judgeAsked(a *Ask, got *outcome) error {
	n := len(got.asked)
	conditional := n > 0 && got.asked[n-1].request.conditional()
	switch a.Verb {
	case Hit, Own:
		if n > 0 {
			return fmt.Errorf("want %s, but the origin was asked", a.Verb)
		}
	case Stale, Failed:
		if n == 0 {
			return fmt.Errorf("want %s, but the origin was not asked", a.Verb)
		}
	case Refetched:
		if n != 2 || !got.asked[0].request.conditional() || conditional {
			return fmt.Errorf("want the origin asked with a condition and then without, got %d requests", n)
		}
	default:
		again := a.Verb == Background && n > 1 && got.asked[0].lost // the gateway repeats a request whose response was lost
		if n != 1 && !again {
			return fmt.Errorf("want %s, but the origin was asked %d times, got %s", a.Verb, n, got.final.Start)
		}
	}
	switch {
	case a.Verb == New && conditional:
		return fmt.Errorf("the origin was asked with a condition")
	case a.Verb == Validated && !conditional:
		return fmt.Errorf("the origin was asked without a condition")
	}
	return nil
}

// judgeResponse compares status and body with the response of the origin that the client
// must get.
func (p *play) judgeResponse(a *Ask, got *outcome) error {
	status, number := a.Status, a.Number
	all := p.Origin.asked(p.c.id(), 0)
	switch {
	case number > 0:
	case a.Verb == New || a.Verb == Passed:
		number = got.asked[0].number
	case a.Verb == Refetched:
		number = got.asked[1].number
	case a.Verb.stored():
		number = lastStored(all, got, a.Verb)
	}
	if number > len(all) {
		return fmt.Errorf("the origin sent no response %d", number)
	}
	want, compare := "", false
	if number > 0 {
		e := all[number-1]
		compare = status == 0 || status == e.status
		want = p.stage.expand(e.body)
		if status == 0 {
			status = e.status
		}
	}
	m := got.final
	if status != 0 && m.Status != status {
		return fmt.Errorf("got status %d, want %d", m.Status, status)
	}
	bodyless := a.Method == "HEAD" || status == 204 || status == 304
	if bodyless && m.Body != "" {
		return fmt.Errorf("got a body where none may be: %.80q", m.Body)
	}
	cut := slices.ContainsFunc(a.Client, func(c Check) bool { return c.Kind == IsCut })
	if m.cut && !cut {
		return fmt.Errorf("the response is cut")
	}
	if compare && !bodyless && !cut && m.Body != want {
		return fmt.Errorf("got body %.80q, want that of response %d, %.80q", m.Body, number, want)
	}
	return nil
}

// lastStored returns the number of the last response that can be the stored one: not a 304,
// not a truncated one, and, unless the verb is Hit, not one to this request.
func lastStored(all []*exchange, got *outcome, v Verb) int {
	for _, e := range slices.Backward(all) {
		now := v != Hit && slices.Contains(got.asked, e)
		if !now && !e.lost && e.status != 304 && e.request.Method == "GET" {
			return e.number
		}
	}
	return 0
}

// judgeExplained compares Cache-Status and Age with the verb: a response must report what
// happened (RFC 9211 §2, RFC 9111 §5.1).
func judgeExplained(a *Ask, m *message) error {
	status := ""
	if lines := m.Values("Cache-Status"); len(lines) > 0 {
		status = lines[len(lines)-1] // of several caches the last line is the gateway's
	}
	hit, forwarded := strings.Contains(status, "; hit"), strings.Contains(status, "; fwd=")
	switch {
	case status == "":
		return fmt.Errorf("the response has no Cache-Status")
	case hit && forwarded:
		return fmt.Errorf("Cache-Status says hit and fwd: %s", status)
	case a.Verb == Hit && a.Until && strings.Contains(status, "; ttl=-"):
		return fmt.Errorf("the stale response is still served: %s", status)
	case (a.Verb == Hit || a.Verb == Background) && !hit:
		return fmt.Errorf("Cache-Status does not say hit: %s", status)
	case (a.Verb == New || a.Verb == Passed || a.Verb == Validated || a.Verb == Refetched || a.Verb == Stale) && !forwarded:
		return fmt.Errorf("Cache-Status does not say fwd: %s", status)
	}
	if a.Verb != Hit && a.Verb != Stale && a.Verb != Background {
		return nil
	}
	age := m.Values("Age")
	if len(age) == 1 {
		if n, err := strconv.Atoi(age[0]); err == nil && n >= 0 {
			return nil
		}
	}
	return fmt.Errorf("a response from the store has Age %q", age)
}

// judge returns why a message does not fulfil the check. It compares all checks Is of one
// name at once, because they are the lines of that field.
func (c *Check) judge(st *stage, m *message, interim []*message, all []Check) error {
	values := m.Values(c.Name)
	text := strings.Join(values, "\n")
	switch c.Kind {
	case Is:
		var want []string
		for _, other := range all {
			if other.Kind == Is && strings.EqualFold(other.Name, c.Name) {
				want = append(want, strings.Trim(st.expand(other.Value), " \t"))
			}
		}
		if !slices.Equal(values, want) {
			return fmt.Errorf("%s is %q, want %q", c.Name, values, want)
		}
	case No:
		if len(values) > 0 {
			return fmt.Errorf("%s is there: %q", c.Name, values)
		}
	case Has:
		if !strings.Contains(text, st.expand(c.Value)) {
			return fmt.Errorf("%s is %q, want %q in it", c.Name, values, c.Value)
		}
	case HasNot:
		if strings.Contains(text, st.expand(c.Value)) {
			return fmt.Errorf("%s is %q, want no %q in it", c.Name, values, c.Value)
		}
	case Body:
		if m.Body != c.Value {
			return fmt.Errorf("the body is %.200q, want %.200q", m.Body, c.Value)
		}
	case Word:
		got := m.Method
		if c.Name == "target" {
			got = m.Target
		}
		if want := st.expand(c.Value); got != want {
			return fmt.Errorf("the %s is %q, want %q", c.Name, got, want)
		}
	case IsCut:
		if !m.cut {
			return fmt.Errorf("it is complete")
		}
	default:
		return c.judgeInterim(interim)
	}
	return nil
}

func (c *Check) judgeInterim(interim []*message) error {
	if c.Kind == NotTold {
		if len(interim) > 0 {
			return fmt.Errorf("it came after an interim response: %s", interim[0])
		}
		return nil
	}
	for _, m := range interim {
		name, value, _ := strings.Cut(c.Value, ": ")
		if strconv.Itoa(m.Status) == c.Name && slices.Equal(m.Values(name), []string{value}) {
			return nil
		}
	}
	return fmt.Errorf("no interim response %s with %q came before it: %v", c.Name, c.Value, interim)
}
