package config

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"
)

// YAML prints the effective configuration with every default, in the order of the
// documentation. Parse, with the same policies, reads it back to an equal Config except for the
// positions. A secret (the admin token, the value of a field that carries credentials) is printed
// as "(set)", which Parse refuses: such output can be shown to others, and cannot be used by
// mistake. The error is that of the YAML encoder, which has none for a Config that was parsed.
func (c *Config) YAML() ([]byte, error) {
	root := printedSection(c.section(nil), false)
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

// putText appends a key that may be any text.
func (n *node) putText(key string, value *node) *node {
	n.Content = append(n.Content, (*yaml.Node)(free(key)), (*yaml.Node)(value))
	return n
}
