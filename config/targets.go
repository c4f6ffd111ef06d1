package config

import (
	"fmt"
	"strings"

	"penstock/options"
)

// Target is one upstream of a route and its share of the requests: Weight among the weights of all
// targets of the route.
type Target struct {
	Upstream string // name of an entry of Config.Upstreams; of an inline one its URLs
	Weight   int    // 0..1000, 1 where none is written; 0 gets no requests. At least one target of a route has more than 0
}

// draft is a route whose targets are read, with the upstreams that were read before
// it.
type draft struct {
	route  *Route
	config *Config
}

// section declares `upstream`: a name, a URL, a list of URLs, or a mapping of names
// and URLs to weights.
func (r *draft) section() *options.Section {
	return &options.Section{
		Form:    "a name, a URL, a list of URLs, or a mapping of names and URLs to weights (0 to 1000)",
		Hidden:  r.route.Targets == nil,
		Default: func() { r.route.Targets = nil },
		Keys: func(k options.Keys) {
			k.Itself(&options.Phrase{
				Form: "a name or a URL", Read: r.setOne, Texts: options.Shape{Text: true},
				Text: func() (string, options.Style) {
					if len(r.urls()) > 1 || !r.single() {
						return "", options.Absent
					}
					return r.route.Targets[0].Upstream, options.Quoted
				},
			})
			k.Itself(r.list())
			k.Itself(&shares{r})
		},
	}
}

// single reports whether the route has one target and no share.
func (r *draft) single() bool { return len(r.route.Targets) == 1 && r.route.Targets[0].Weight == 1 }

// urls returns the URLs of the only upstream when it is an inline one.
func (r *draft) urls() []string {
	if !r.single() {
		return nil
	}
	u := r.config.Upstream(r.route.Targets[0].Upstream)
	if u == nil || !u.Inline {
		return nil
	}
	var all []string
	for i := range u.Backends {
		all = append(all, u.Backends[i].URL())
	}
	return all
}

// setOne takes a name or a URL.
func (r *draft) setOne(s string) (wrong string) {
	if wrong := options.OneLine(s); wrong != "" {
		return wrong
	}
	name := s
	if isURL(s) {
		name, wrong = r.inline([]string{s})
	} else {
		wrong = r.known(s)
	}
	r.route.Targets = []Target{{Upstream: name, Weight: 1}}
	return wrong
}

// list declares a list of URLs, which is one upstream.
func (r *draft) list() *options.Items {
	var urls []string
	return &options.Items{
		Form:  "a list of URLs",
		Empty: func() { urls = nil },
		Append: func(s string) (wrong string) {
			if wrong := options.OneLine(s); wrong != "" {
				return wrong
			}
			if !isURL(s) {
				return fmt.Sprintf("got %q, want a URL; several upstreams are written with weights: { %s: 1, ... }", s, s)
			}
			urls = append(urls, s)
			return ""
		},
		End: func(written, added int) (wrong string) {
			if added < written {
				return ""
			}
			name, wrong := r.inline(urls)
			if name != "" {
				r.route.Targets = []Target{{Upstream: name, Weight: 1}}
			}
			return wrong
		},
		Texts: func() ([]string, options.Style) {
			if all := r.urls(); len(all) > 1 {
				return all, options.Quoted
			}
			return nil, options.Absent
		},
		Each: urlShape(),
	}
}

// known returns the problem of the name of an upstream; "" when there is such an upstream.
func (r *draft) known(name string) (wrong string) {
	if r.config.Upstream(name) != nil {
		return ""
	}
	all := make([]string, 0, len(r.config.Upstreams))
	for _, u := range r.config.Upstreams {
		if !u.Inline {
			all = append(all, u.Name)
		}
	}
	if near := options.DidYouMean(name, all); near != "" || !address(name) {
		return fmt.Sprintf("unknown upstream %q%s", name, near)
	}
	return fmt.Sprintf(`unknown upstream %q; a backend is a URL: write "http://%s"`, name, name)
}

// inline returns the name of the upstream that consists of these URLs, which it
// adds to the configuration when it is new.
func (r *draft) inline(urls []string) (name, wrong string) {
	var backends []Backend
	var names []string
	seen := make(map[string]bool)
	for _, s := range urls {
		b, wrong := readBackend(s)
		if wrong != "" {
			return "", wrong
		}
		if seen[b.Address()] {
			return "", fmt.Sprintf("backend %q occurs twice", b.Address())
		}
		seen[b.Address()] = true
		names = append(names, b.URL())
		backends = append(backends, b)
	}
	if len(names) == 0 {
		return "", "got no backend, want at least one URL"
	}
	name = strings.Join(names, ",")
	if r.config.Upstream(name) == nil {
		u := DefaultUpstream()
		u.Name, u.Inline, u.Backends = name, true, backends
		r.config.addUpstream(u)
	}
	return name, ""
}

// shares is the mapping of names and URLs to weights.
type shares struct{ *draft }

// Reset makes the map empty.
func (m *shares) Reset() { m.Clear() }

// Takes returns the form in the words of the documentation.
func (m *shares) Takes() string { return "mapping of names and URLs to weights" }

// Names returns which names are taken.
func (m *shares) Names() options.Shape { return options.Shape{Text: true} }

// NoValue returns the problem of a target without a weight.
func (m *shares) NoValue() string { return "got nothing, want text" }

// Clear makes the map empty.
func (m *shares) Clear() { m.route.Targets = nil }

// Model returns a weight.
func (m *shares) Model() options.Value { return weightOf(new(int)) }

func weightOf(p *int) options.Scalar { return options.CountOf(p, 1, options.Within(0, maxWeight)) }

// At adds a target, even when wrong is the problem of its name or URL. Its weight is -1 until it is
// read.
func (m *shares) At(name string) (value options.Value, wrong string) {
	t := Target{Upstream: name, Weight: -1}
	if isURL(name) {
		t.Upstream, wrong = m.inline([]string{name})
	} else {
		wrong = m.known(name)
	}
	all := append(m.route.Targets, t)
	m.route.Targets = all
	return weightOf(&all[len(all)-1].Weight), wrong
}

// All returns the targets of a route; nil when the only one has weight 1 and is written without it.
func (m *shares) All() []options.Entry {
	if m.single() {
		return nil
	}
	var all []options.Entry
	for i := range m.route.Targets {
		t := &m.route.Targets[i]
		all = append(all, options.Entry{Name: t.Upstream, Value: weightOf(&t.Weight)})
	}
	return all
}
