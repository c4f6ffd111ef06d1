package config

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"penstock/options"
)

// Name is the route's label in metrics, logs and the admin API, made from its
// conditions alone: "/api/*", "api.example.com/api/*", "POST /orders/{id}",
// "/a [X-Beta=yes ?debug]". It is unique within a file, because two routes with
// the same conditions are refused, and it does not change when others do.
// The value of a field or query key that carries a secret is shown as a short hash.
func (r *Route) Name() string {
	var b strings.Builder
	if len(r.Methods) > 0 {
		b.WriteString(strings.Join(r.Methods, "|"))
		b.WriteByte(' ')
	}
	b.WriteString(strings.Join(r.Hosts, "|"))
	b.WriteString(r.Path)
	if conditions := r.Match.conditions(); len(conditions) > 0 {
		b.WriteString(" [")
		b.WriteString(strings.Join(conditions, " "))
		b.WriteByte(']')
	}
	return b.String()
}

// conditions lists m as text, sorted: header fields "X-Beta=yes", then query keys "?debug".
func (m *Match) conditions() []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(m.Header)) {
		all = append(all, condition(name, m.Header[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Query)) {
		all = append(all, "?"+condition(name, m.Query[name]))
	}
	return all
}

func condition(name, value string) string {
	switch {
	case value == "":
		return plainOrQuoted(name)
	case options.SecretField(name):
		// Enough to tell two routes apart, too little to find the secret.
		sum := sha256.Sum256([]byte(value))
		return plainOrQuoted(name) + "=#" + hex.EncodeToString(sum[:4])
	}
	return plainOrQuoted(name) + "=" + plainOrQuoted(value)
}

// plainOrQuoted quotes what could be mistaken for the rest of a name.
func plainOrQuoted(s string) string {
	if word(strings.ReplaceAll(s, ".", "_")) {
		return s
	}
	return strconv.Quote(s)
}
