package config

import (
	"gopkg.in/yaml.v3"

	"penstock/options"
)

// redacted is what YAML prints in place of a secret. Parse refuses it as a value.
const redacted = options.Redacted

// off reports whether v is the word that switches something off.
func off(v value) bool {
	return v.node.Kind == scalarNode && (v.node.Value == "off" || v.node.Value == "false")
}

// text reads one scalar as it is written; numbers and switches are text too.
func (d *decoder) text(v value) (string, bool) {
	switch {
	case v.node.Kind == mappingNode && v.node.Style == yaml.FlowStyle:
		d.problem(v, "got a mapping, want text; quote a value that starts with {")
		return "", false
	case v.node.Kind != scalarNode || empty(v.node):
		d.problem(v, "got %s, want text", kind(v.node))
		return "", false
	case v.node.Value == redacted:
		d.problem(v, "got %q, which `penstock config` prints in place of a secret", redacted)
		return "", false
	}
	return v.node.Value, true
}

func control(r rune) bool { return r < ' ' || r == 0x7f }
