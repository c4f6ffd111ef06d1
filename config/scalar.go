package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"penstock/options"
)

// redacted is what YAML prints in place of a secret. Parse refuses it as a value.
const redacted = "(set)"

// off reports whether v is the word that switches something off.
func off(v value) bool {
	return v.node.Kind == scalarNode && (v.node.Value == "off" || v.node.Value == "false")
}

// on reports whether v is the word that switches something on.
func on(v value) bool {
	return v.node.Kind == scalarNode && (v.node.Value == "on" || v.node.Value == "true")
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

// line reads one scalar that is not empty and has no control characters.
func (d *decoder) line(v value) (string, bool) {
	s, ok := d.text(v)
	if !ok {
		return "", false
	}
	if s == "" || strings.ContainsFunc(s, control) {
		d.problem(v, "got %s, want text of one line", kind(v.node))
		return "", false
	}
	return s, true
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// choice reads one of names and returns its index.
func (d *decoder) choice(v value, names []string) (int, bool) {
	s, ok := d.text(v)
	if !ok {
		return 0, false
	}
	for i, n := range names {
		if n == s {
			return i, true
		}
	}
	d.problem(v, "got %q, want %s%s", s, alternatives(names), options.DidYouMean(s, names))
	return 0, false
}

// alternatives writes "a, b or c".
func alternatives(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// onOff reads a switch.
func (d *decoder) onOff(v value, to *bool) {
	switch {
	case on(v):
		*to = true
	case off(v):
		*to = false
	default:
		d.problem(v, "got %s, want on or off", kind(v.node))
	}
}

// count reads a whole number from low to high.
func (d *decoder) count(v value, low, high int, to *int) {
	s, ok := d.text(v)
	if !ok {
		return
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high || !options.Digits(s) {
		d.problem(v, "got %q, want a whole number from %d to %d", s, low, high)
		return
	}
	*to = n
}

// durationRule says which durations a key takes beside a positive one.
type durationRule uint8

const (
	positive durationRule = iota
	orOff                 // off is stored as zero
	orZero                // 0s, and off, are zero
)

// duration reads a duration with its unit.
func (d *decoder) duration(v value, rule durationRule, to *time.Duration) {
	if off(v) && rule != positive {
		*to = 0
		return
	}
	s, ok := d.text(v)
	if !ok {
		return
	}
	form := options.DurationForm
	if rule != positive {
		form += ", or off"
	}
	got, ok := options.ParseDuration(s)
	switch {
	case !ok:
		d.problem(v, "got %q, want %s", s, form)
	case got > options.MaxDuration:
		d.problem(v, "got %q, want at most %s", s, options.FormatDuration(options.MaxDuration))
	case got == 0 && rule == positive:
		d.problem(v, "got %q, want more than 0s", s)
	case got == 0 && rule == orOff:
		d.problem(v, "got %q, want more than 0s, or off for none", s)
	default:
		*to = got
	}
}

// size reads a size with its unit; off is Unlimited.
func (d *decoder) size(v value, to *int64) {
	if off(v) {
		*to = Unlimited
		return
	}
	s, ok := d.text(v)
	if !ok {
		return
	}
	n, ok := options.ParseSize(s)
	if !ok {
		d.problem(v, "got %q, want %s, or off", s, options.SizeForm)
		return
	}
	*to = n
}

// sized reads a size from low to high bytes.
func (d *decoder) sized(v value, low, high int64, to *int64) {
	s, ok := d.text(v)
	if !ok {
		return
	}
	n, ok := options.ParseSize(s)
	switch {
	case !ok:
		d.problem(v, "got %q, want %s", s, options.SizeForm)
	case n < low || n > high:
		d.problem(v, "got %q, want %s to %s", s, options.FormatSize(low), options.FormatSize(high))
	default:
		*to = n
	}
}

// unique reads a list of single-line texts, each put into shape by check, which
// returns what is wrong with it or "". Repetitions, in any case, are problems.
func (d *decoder) unique(v value, check func(string) (string, string)) []string {
	return d.distinct(v, check, contains)
}

// exact is unique for texts whose case counts.
func (d *decoder) exact(v value, check func(string) (string, string)) []string {
	return d.distinct(v, check, slices.Contains[[]string])
}

func (d *decoder) distinct(v value, check func(string) (string, string), stands func([]string, string) bool) []string {
	var all []string
	for _, item := range d.list(v) {
		s, ok := d.line(item)
		if !ok {
			continue
		}
		shaped, wrong := check(s)
		switch {
		case wrong != "":
			d.problem(item, "got %q, %s", s, wrong)
		case stands(all, shaped):
			d.problem(item, "%q stands twice", s)
		default:
			all = append(all, shaped)
		}
	}
	return all
}

// contains compares without regard to ASCII case, which suits every list it is used for.
func contains(all []string, s string) bool {
	for _, a := range all {
		if strings.EqualFold(a, s) {
			return true
		}
	}
	return false
}
