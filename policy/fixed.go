package policy

import (
	"fmt"
	"slices"
	"strings"

	"penstock/headers"
)

// FixedOptions describe an answer that the gateway gives itself.
type FixedOptions struct {
	Status int // 200 to 599
	Fields []headers.Pair
	Body   string // empty for none; 204, 205 and 304 have none
}

// Fixed answers every request alike.
type Fixed struct {
	status int
	fields []headers.Pair
	body   []byte
}

// NewFixed compiles a fixed answer. Without a Content-Type a body is plain text.
func NewFixed(o FixedOptions) (*Fixed, error) {
	if o.Status < 200 || o.Status > 599 {
		return nil, fmt.Errorf("status: got %d, want 200..599", o.Status)
	}
	if o.Body != "" && (o.Status == 204 || o.Status == 205 || o.Status == 304) {
		return nil, fmt.Errorf("body: an answer with status %d has none (RFC 9110 §15)", o.Status)
	}
	if _, err := headers.NewEdits(nil, o.Fields, nil); err != nil {
		return nil, err
	}
	fields := o.Fields
	if o.Body != "" && !slices.ContainsFunc(fields, isContentType) {
		fields = append([]headers.Pair{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}}, fields...)
	}
	return &Fixed{status: o.Status, fields: fields, body: []byte(o.Body)}, nil
}

// Place returns Answering.
func (f *Fixed) Place() Place { return Answering }

// OnRequest answers.
func (f *Fixed) OnRequest(c *Call) Verdict {
	c.answer(f.status, f.fields, f.body)
	return Answered
}

func isContentType(p headers.Pair) bool { return strings.EqualFold(p.Name, "Content-Type") }
