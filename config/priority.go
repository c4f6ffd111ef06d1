package config

import (
	"fmt"

	"penstock/options"
)

// PriorityClass is how important a request is. The zero value is normal.
type PriorityClass uint8

// The classes.
const (
	PriorityNormal PriorityClass = iota
	PriorityCritical
	PriorityHigh
	PriorityLow
)

func priorityWords() []string { return []string{"normal", "critical", "high", "low"} }

func priorityClasses() []PriorityClass {
	return []PriorityClass{PriorityNormal, PriorityCritical, PriorityHigh, PriorityLow}
}

// Priority is how important the requests of a route are.
type Priority struct {
	Class  PriorityClass // of those without Header
	Header string        // the field in which a trusted proxy says it; "" for none
}

// section declares `priority`.
func (p *Priority) section() *options.Section {
	return &options.Section{
		Form:    "`critical`, `high`, `normal`, `low`, or a mapping",
		Keys:    p.Keys,
		Hidden:  *p == (Priority{}),
		Default: func() { *p = Priority{} },
	}
}

// trusted declares a key that has one value.
func trusted() *options.Phrase {
	return &options.Phrase{
		Form: "`trusted`",
		Read: func(text string) (wrong string) {
			if text != "trusted" {
				return fmt.Sprintf("got %q, want trusted", text)
			}
			return ""
		},
		Text:  func() (string, options.Style) { return "trusted", options.Plain },
		Texts: options.Shape{Words: []string{"trusted"}},
	}
}

// Keys declares the keys of `priority`.
func (p *Priority) Keys(k options.Keys) {
	class := options.OneOf(&p.Class, priorityWords(), priorityClasses())
	k.Itself(&options.Phrase{
		Form: class.Takes(), Read: class.Set, Texts: class.Shape(),
		Text: func() (string, options.Style) {
			if p.Header != "" {
				return "", options.Absent
			}
			return class.Get()
		},
	})
	k.Text("header", &p.Header, "the field that names the priority; `Priority` is read by RFC 9218: `u=0` and `u=1` are high, `u=5` to `u=7` low",
		options.Required, options.Checked(func(s string) (shaped, wrong string) {
			if !options.Token(s) {
				return s, "want the name of a header"
			}
			return s, ""
		}))
	k.Add("from", trusted(), "only requests that `trusted_proxies` forward may name it")
	k.Add("default", class, "the priority of all others")
}
