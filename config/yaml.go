package config

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"penstock/options"
)

// YAML prints the effective configuration with every default, in the order of
// the documentation. Parse reads it back to an equal Config, with one exception:
// a secret (the admin token, the value of a field that carries credentials) is
// printed as "(set)", which Parse refuses, so that what is printed may be shown
// to others and cannot be run by mistake.
func (c *Config) YAML() ([]byte, error) {
	root := tree()
	root.put("listen", texts(c.Listen))
	root.put("admin", printedSection(options.SectionOf(&c.Admin), false))
	root.put("limits", printedSection(options.SectionOf(&c.Limits), false))
	timeouts := options.SectionOf(&c.Timeouts)
	timeouts.Block = true
	root.put("timeouts", printedSection(timeouts, false))
	root.put("trusted_proxies", prefixes(c.TrustedProxies))
	root.put("forwarded", onOrOff(c.Forwarded))
	root.put("upgrades", texts(c.Upgrades))
	root.put("trailers", texts(c.Trailers))
	root.put("paths", printedSection(options.SectionOf(&c.Paths), false))
	root.put("cache", printedSection(options.SectionOf(&c.Cache), false))
	if all := printed(&upstreams{c}, false); all != nil {
		root.put("upstreams", all)
	}
	root.put("routes", printed(c.routes(nil), false))
	log := options.SectionOf(&c.Log)
	log.Block = true
	root.put("log", printedSection(log, false))
	root.put("answers", printedSection(options.SectionOf(&c.Answers), false))
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode((*yaml.Node)(root)); err != nil {
		return nil, fmt.Errorf("printing the configuration: %w", err)
	}
	return out.Bytes(), nil
}

// node is a yaml.Node that is being built.
type node yaml.Node

func tree() *node { return &node{Kind: mappingNode} }

func list() *node { return &node{Kind: sequenceNode} }

// put appends a key and its value, and returns n.
func (n *node) put(key string, value *node) *node {
	n.Content = append(n.Content, (*yaml.Node)(plain(key)), (*yaml.Node)(value))
	return n
}

// flow prints n on one line.
func flow(n *node) *node {
	n.Style = yaml.FlowStyle
	return n
}

// plain is a scalar that may be written without quotes.
func plain(s string) *node { return &node{Kind: scalarNode, Value: s} }

// free is a scalar of any text: quoted, with its ${ escaped.
func free(s string) *node {
	return &node{Kind: scalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: escape(s)}
}

func texts(all []string) *node {
	n := flow(list())
	for _, s := range all {
		n.Content = append(n.Content, (*yaml.Node)(free(s)))
	}
	return n
}

func prefixes(all []netip.Prefix) *node {
	n := flow(list())
	for _, p := range all {
		n.Content = append(n.Content, (*yaml.Node)(free(p.String())))
	}
	return n
}

func number(i int) *node { return plain(strconv.Itoa(i)) }

func onOrOff(on bool) *node {
	if on {
		return plain("on")
	}
	return plain("off")
}

func textOrOff(s string) *node {
	if s == "" {
		return plain("off")
	}
	return free(s)
}

// durationOrOff prints zero as off.
func durationOrOff(d time.Duration) *node {
	if d == 0 {
		return plain("off")
	}
	return plain(options.FormatDuration(d))
}

func sizeOrOff(n int64) *node {
	if n == Unlimited {
		return plain("off")
	}
	return plain(options.FormatSize(n))
}

// conditionsTree prints a mapping of names to values, sorted; secrets are hidden.
func conditionsTree(m map[string]string) *node {
	n := flow(tree())
	for _, name := range slices.Sorted(maps.Keys(m)) {
		n.putText(name, hidden(name, m[name]))
	}
	return n
}

// putText appends a key that may be any text.
func (n *node) putText(key string, value *node) *node {
	n.Content = append(n.Content, (*yaml.Node)(free(key)), (*yaml.Node)(value))
	return n
}

func hidden(name, value string) *node {
	if value != "" && secretField(name) {
		return free(redacted)
	}
	return free(value)
}
