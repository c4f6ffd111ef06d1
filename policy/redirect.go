package policy

import (
	"fmt"
	"slices"
)

// RedirectOptions describe a redirect.
type RedirectOptions struct {
	To     string   // template of the Location; see Template
	Code   int      // 301, 302, 303, 307 or 308
	Params []string // what the route's path captures
}

// Redirect answers every request with another place (RFC 9110 §15.4). Location is
// what the template says: a path stays a path, and nothing is ever built from the
// Host that the client sent. The request's query is kept when the template has none.
type Redirect struct {
	to   *Template
	code int
}

// NewRedirect compiles a redirect.
func NewRedirect(o RedirectOptions) (*Redirect, error) {
	if !slices.Contains([]int{301, 302, 303, 307, 308}, o.Code) {
		return nil, fmt.Errorf("code: got %d, want 301, 302, 303, 307 or 308", o.Code)
	}
	to, err := NewTemplate(o.To, o.Params)
	if err != nil {
		return nil, err
	}
	return &Redirect{to: to, code: o.Code}, nil
}

// Place returns Redirecting.
func (r *Redirect) Place() Place { return Redirecting }

// OnRequest answers.
func (r *Redirect) OnRequest(c *Call) Verdict {
	var room [512]byte
	location := r.to.Append(room[:0], nil, c.X)
	if len(c.Query) > 0 && !r.to.HasQuery() {
		location = appendEncoded(append(location, '?'), c.Query, tailSafe)
	}
	c.answer(r.code, nil, nil)
	c.Response.AddField(locationName, location)
	return Answered
}

var locationName = []byte("Location")
