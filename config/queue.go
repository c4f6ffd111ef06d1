package config

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"penstock/options"
)

// Queue is the waiting room of all upstreams together. The zero value is not valid.
type Queue struct {
	Off  bool
	Size int           // requests that wait, of all upstreams together
	Wait time.Duration // the longest wait
	Fair Fair
}

// Fair says what the requests of one client have in common. The zero value is its address.
type Fair struct {
	Off    bool   // all requests are of one client
	Header string // a field, lower case; "" for the address
}

// Keys declares the keys of `limits.queue`.
func (q *Queue) Keys(k options.Keys) {
	k.Itself(offWord(func() { q.Off = true }, func() bool { return q.Off }))
	k.Count("size", &q.Size, 1000, "requests that wait, of all upstreams together; above it the oldest of the client with the most is refused", options.Within(1, maxCount))
	k.Duration("wait", &q.Wait, 250*time.Millisecond, "the longest wait; then 503 `queue-timeout`")
	k.Add("fair", q.Fair.phrase(), "clients take turns: by address (an IPv6 one taken as its /64), or by a field")
}

// phrase declares `fair`.
func (f *Fair) phrase() *options.Phrase {
	return &options.Phrase{
		Form:    "`ip`, `header NAME` or `off`",
		Default: func() { *f = Fair{} },
		Read: func(text string) (wrong string) {
			word, name, _ := strings.Cut(text, " ")
			switch name = strings.TrimSpace(name); {
			case options.IsOff(text):
				*f = Fair{Off: true}
			case text == "ip":
				*f = Fair{}
			case word != "header":
				return fmt.Sprintf("got %q, want ip, header NAME or off", text)
			case !options.Token(name):
				return fmt.Sprintf("got %q, want the name of a header", text)
			default:
				*f = Fair{Header: strings.ToLower(name)}
			}
			return ""
		},
		Text: func() (string, options.Style) {
			switch {
			case f.Off:
				return "off", options.Plain
			case f.Header != "":
				return "header " + f.Header, options.Plain
			}
			return "ip", options.Plain
		},
		Texts: options.Shape{Pattern: "ip|header .+", Off: true},
	}
}

// Share is the part of the waiting room that one upstream has. Zero in a field means what
// Limits.Queue says.
type Share struct {
	Off  bool
	Size int           // requests that wait for this upstream
	Wait time.Duration // the longest wait
}

// Keys declares the keys of an upstream's `queue`.
func (s *Share) Keys(k options.Keys) {
	k.Itself(offWord(func() { s.Off = true }, func() bool { return s.Off }))
	like := options.Means("as `limits.queue`")
	k.Add("size", inherited{options.CountOf(&s.Size, 0, options.Within(1, maxCount)), s.Size == 0}, "requests that wait for this upstream", like)
	k.Add("wait", inherited{options.DurationOf(&s.Wait, 0), s.Wait == 0}, "the longest wait", like)
}

// inherited is a value that is not printed while it is unset, because another key has it then.
type inherited struct {
	options.Scalar
	unset bool
}

// Get returns the stored value.
func (v inherited) Get() (string, options.Style) {
	if v.unset {
		return "", options.Absent
	}
	return v.Scalar.Get()
}

// section declares an upstream's `queue`.
func (s *Share) section() *options.Section {
	return &options.Section{Form: "mapping, or `off`", Keys: s.Keys, Hidden: *s == (Share{})}
}

// Of returns the part that an upstream has of q.
func (s Share) Of(q *Queue) Share {
	if s.Off || q.Off {
		return Share{Off: true}
	}
	return Share{Size: cmp.Or(s.Size, q.Size), Wait: cmp.Or(s.Wait, q.Wait)}
}

// warnQueues warns of keys of upstreams that have no effect.
func (d *decoder) warnQueues(c *Config) {
	standard := DefaultUpstream().Pool
	for _, u := range c.Upstreams {
		path := join("upstreams", u.Name)
		switch off := u.Queue.Of(&c.Limits.Queue).Off; {
		case off && u.Queue != (Share{}) && !u.Queue.Off:
			d.warning(path+".queue", "has no effect, because limits.queue is off")
		case !off && u.Pool.Queue != standard.Queue:
			d.warning(path+".pool.queue", "has no effect, because requests wait in the waiting room; write queue: off for the upstream, or leave it out")
		case !off && u.Pool.QueueTimeout != standard.QueueTimeout:
			d.warning(path+".pool.queue_timeout", "has no effect, because requests wait in the waiting room; write queue: off for the upstream, or leave it out")
		}
	}
}
