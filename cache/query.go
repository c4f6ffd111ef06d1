package cache

import (
	"bytes"
	"fmt"
	"slices"
)

// QueryMode says which part of a query counts.
type QueryMode uint8

// The modes of a QueryRule.
const (
	QueryAll    QueryMode = iota // as it came
	QuerySorted                  // all parameters, ordered by name
	QueryNone                    // none of it
	QueryOnly                    // the listed parameters, ordered by name
	QueryExcept                  // all but the listed parameters, in the order in which they came
	queryModes
)

// maxParameters is how many parameters are put in order. A longer query is
// taken as it came: a key more, never a wrong one.
const maxParameters = 64

// QueryRule shapes a query for the key, and for the origin, so that nothing
// goes upstream that is not keyed. Parameters are separated by '&' and their
// names compared as bytes, without decoding: an encoded spelling of a listed
// name is another name. Empty parameters are left out, except by QueryAll. The zero rule and a
// nil one are QueryAll. It is immutable.
type QueryRule struct {
	mode  QueryMode
	names []string
}

// NewQueryRule makes a rule; names are copied. Only QueryOnly and QueryExcept take names, and
// they take at least one: anything else, and a mode that does not exist, is an error and a nil
// rule.
func NewQueryRule(mode QueryMode, names ...string) (*QueryRule, error) {
	listed := mode == QueryOnly || mode == QueryExcept
	switch {
	case mode >= queryModes:
		return nil, fmt.Errorf("query mode: got %d, want below %d", mode, queryModes)
	case listed && len(names) == 0:
		return nil, fmt.Errorf("query names: got none, want at least one for mode %d", mode)
	case !listed && len(names) > 0:
		return nil, fmt.Errorf("query names: got %d, want none for mode %d", len(names), mode)
	}
	return &QueryRule{mode: mode, names: slices.Clone(names)}, nil
}

// Mode returns the rule's mode, QueryAll for a nil rule.
func (r *QueryRule) Mode() QueryMode {
	if r == nil {
		return QueryAll
	}
	return r.mode
}

// Append appends what counts of a raw query (without '?') to dst and returns the longer slice;
// nothing is appended when nothing counts. Of more than 64 parameters the order stays as it came.
// It allocates nothing but what dst lacks. A nil rule is QueryAll.
func (r *QueryRule) Append(dst, raw []byte) []byte {
	switch r.Mode() {
	case QueryNone:
		return dst
	case QuerySorted, QueryOnly:
		return r.appendSorted(dst, raw)
	case QueryExcept:
		first := true
		for part, rest, more := nextParameter(raw); more; part, rest, more = nextParameter(rest) {
			if !r.lists(part) {
				dst = appendParameter(dst, part, first)
				first = false
			}
		}
		return dst
	}
	return append(dst, raw...)
}

// appendSorted orders the wanted parameters by name; equal names keep their
// order, which is theirs to mean something.
func (r *QueryRule) appendSorted(dst, raw []byte) []byte {
	var parts [maxParameters]span
	n := 0
	for part, rest, more := nextParameter(raw); more; part, rest, more = nextParameter(rest) {
		if r.mode == QueryOnly && !r.lists(part) {
			continue
		}
		if n == len(parts) {
			return r.appendAsCame(dst, raw)
		}
		at := n
		for at > 0 && bytes.Compare(parameterName(parts[at-1].of(raw)), parameterName(part)) > 0 {
			parts[at] = parts[at-1]
			at--
		}
		end := uint32(len(raw) - len(rest)) // after the part and its '&'
		if end > 0 && raw[end-1] == '&' {
			end--
		}
		parts[at] = span{end - uint32(len(part)), end}
		n++
	}
	for i := range parts[:n] {
		dst = appendParameter(dst, parts[i].of(raw), i == 0)
	}
	return dst
}

// span is a place in a query, in bytes.
type span struct{ from, to uint32 }

func (p span) of(raw []byte) []byte { return raw[p.from:p.to] }

// appendAsCame appends the wanted parameters of a query that has too many to be
// put in order.
func (r *QueryRule) appendAsCame(dst, raw []byte) []byte {
	first := true
	for part, rest, more := nextParameter(raw); more; part, rest, more = nextParameter(rest) {
		if r.mode != QueryOnly || r.lists(part) {
			dst = appendParameter(dst, part, first)
			first = false
		}
	}
	return dst
}

func (r *QueryRule) lists(part []byte) bool {
	name := parameterName(part)
	for _, listed := range r.names {
		if string(name) == listed {
			return true
		}
	}
	return false
}

// nextParameter cuts the first parameter off raw; empty ones are left out.
func nextParameter(raw []byte) (part, rest []byte, more bool) {
	for len(raw) > 0 {
		end := bytes.IndexByte(raw, '&')
		if end < 0 {
			return raw, nil, true
		}
		if end > 0 {
			return raw[:end], raw[end+1:], true
		}
		raw = raw[1:]
	}
	return nil, nil, false
}

func parameterName(part []byte) []byte {
	if end := bytes.IndexByte(part, '='); end >= 0 {
		return part[:end]
	}
	return part
}

func appendParameter(dst, part []byte, first bool) []byte {
	if !first {
		dst = append(dst, '&')
	}
	return append(dst, part...)
}
