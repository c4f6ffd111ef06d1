package upstream

import (
	"errors"
	"fmt"
	"time"

	"penstock/health"
	"penstock/lb"
)

// CheckKind is how the backends of an upstream are checked.
type CheckKind uint8

// The kinds of checks.
const (
	NoCheck   CheckKind = iota // not at all
	CheckHTTP                  // by a request over HTTP/1.1
	CheckTCP                   // by a connection, TLS handshake included
)

// processChecks is how many checks all clusters that share a CheckSlots make at the same time.
const processChecks = 64

// CheckOptions says how backends are checked. The zero value checks none. NewPlan checks
// nothing in it but that the durations and counts are 1 or more; Method, Path and Fields must be
// valid as they go on the wire.
type CheckOptions struct {
	Kind    CheckKind
	Port    uint16          // to connect to; 0: that of the backend. Without meaning for a Unix socket
	Every   time.Duration   // pause between two checks, give or take 20 %
	Timeout time.Duration   // for all of one check
	Fast    time.Duration   // the pause while a verdict changes, at most Every
	Up      int             // checks in a row that must succeed before a backend that is down is up
	Down    int             // checks in a row that must fail before a backend is down
	Start   lb.Health       // verdict on a new backend before its first check
	Method  string          // CheckHTTP: GET, HEAD or OPTIONS
	Path    string          // CheckHTTP: the request target
	Host    string          // CheckHTTP: value of Host; empty: the backend's own name
	Fields  string          // CheckHTTP: further field lines, each with CRLF
	Text    string          // CheckHTTP: must be in the first 4 KiB of the body; empty: anything
	Expect  health.Statuses // CheckHTTP: what is a success
}

func (o *CheckOptions) check() error {
	if o.Kind != NoCheck && (o.Every <= 0 || o.Timeout <= 0 || o.Fast <= 0 || o.Up < 1 || o.Down < 1) {
		return errors.New("health: a duration or a count is missing")
	}
	return nil
}

// rule returns how results are counted; nil without checks.
func (o *CheckOptions) rule() *health.Rule {
	if o.Kind == NoCheck {
		return nil
	}
	return &health.Rule{
		Target: fmt.Sprintf("%d %d %s %q %q %q %q %v", o.Kind, o.Port, o.Method, o.Path, o.Host, o.Fields, o.Text, o.Expect),
		Every:  o.Every, Fast: o.Fast, Up: o.Up, Down: o.Down, Start: o.Start, Replies: o.Kind == CheckHTTP,
	}
}

// CheckSlots bounds the checks that clusters make at the same time, to 64 together. It is made by
// NewCheckSlots.
type CheckSlots struct{ used chan struct{} }

// NewCheckSlots returns the bound for the clusters of a process.
func NewCheckSlots() *CheckSlots { return &CheckSlots{make(chan struct{}, processChecks)} }
