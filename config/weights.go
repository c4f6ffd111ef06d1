package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"penstock/options"
)

// weights is the mapping of the addresses of backends, or their URLs, to weights of
// this route.
type weights struct{ *draft }

// Reset makes the map empty.
func (m *weights) Reset() { m.Clear() }

// Takes returns the form in the words of the documentation.
func (m *weights) Takes() string {
	return "mapping of a backend's `host:port` (or URL) to its weight on this route"
}

// Names returns which names are taken.
func (m *weights) Names() options.Shape { return options.Shape{Text: true, Empty: true} }

// Clear makes the map empty.
func (m *weights) Clear() { m.route.Weights = nil }

// Model returns a weight.
func (m *weights) Model() options.Value { return m.weight("") }

// At returns the weight of a backend, which is stored when the value is set. wrong is the problem
// when no upstream of the route has the backend, or it has a weight already.
func (m *weights) At(name string) (value options.Value, wrong string) {
	address := strings.ToLower(name)
	if isURL(name) {
		b, _ := parseBackend(name)
		address = b.Address()
	}
	_, twice := m.route.Weights[address]
	known := m.addresses()
	switch {
	case twice:
		wrong = fmt.Sprintf("backend %q occurs twice", address)
	case !slices.Contains(known, address):
		wrong = "unknown backend" + options.DidYouMean(address, known)
	}
	return m.weight(address), wrong
}

func (m *weights) weight(address string) *options.Phrase {
	return &options.Phrase{
		Form: "number, 0 to 1000",
		Read: func(s string) (wrong string) {
			var n int
			if wrong := weightOf(&n).Set(s); wrong != "" {
				return wrong
			}
			if m.route.Weights == nil {
				m.route.Weights = make(map[string]int)
			}
			m.route.Weights[address] = n
			return ""
		},
		Text: func() (string, options.Style) {
			n := m.route.Weights[address]
			return weightOf(&n).Get()
		},
		Texts: weightOf(new(int)).Shape(),
	}
}

// All returns the weights by address.
func (m *weights) All() []options.Entry {
	var all []options.Entry
	for _, address := range slices.Sorted(maps.Keys(m.route.Weights)) {
		all = append(all, options.Entry{Name: address, Value: m.weight(address)})
	}
	return all
}

// addresses returns the addresses of all backends of the route's upstreams.
func (r *draft) addresses() []string {
	var all []string
	for _, t := range r.route.Targets {
		if u := r.config.Upstream(t.Upstream); u != nil {
			for i := range u.Backends {
				all = append(all, u.Backends[i].Address())
			}
		}
	}
	return all
}
