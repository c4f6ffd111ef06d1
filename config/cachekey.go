package config

import (
	"fmt"
	"slices"

	"penstock/options"
)

// CacheQuery is how the query becomes part of the key. Keys that are left out
// are not sent to the backend either. The zero value takes all of it.
type CacheQuery struct {
	Mode  QueryMode
	Names []string // of QueryOnly and QueryExcept, as written, case counts; nil otherwise
}

// QueryMode is one of the ways to take a query into the key.
type QueryMode uint8

// The ways to take a query into the key.
const (
	QueryAll    QueryMode = iota // byte for byte
	QuerySorted                  // sorted by key
	QueryNone                    // not at all
	QueryOnly                    // the keys of Names alone
	QueryExcept                  // all but the keys of Names
	queryCount
)

var queryText = [queryCount]string{
	QueryAll: "all", QuerySorted: "sorted", QueryNone: "none", QueryOnly: "only", QueryExcept: "except",
}

// String returns the word of the file. It panics for a value that is none of the constants.
func (m QueryMode) String() string { return queryText[m] }

// section declares `cache.key.query`: a word, a list of the keys that count, or
// those that do not in a mapping.
func (q *CacheQuery) section() *options.Section {
	words := queryText[:QueryOnly]
	return &options.Section{
		Form:    "`all`, `sorted` (the order of the keys does not count), `none`, a list of keys that count, or a mapping",
		Default: func() { *q = CacheQuery{} },
		Begin: func(mapping bool) {
			if mapping {
				*q = CacheQuery{Mode: QueryExcept}
			}
		},
		Keys: func(k options.Keys) {
			k.Itself(&options.Phrase{
				Form: "a word",
				Read: q.setWord,
				Text: func() (string, options.Style) {
					if q.Mode >= QueryOnly {
						return "", options.Absent
					}
					return q.Mode.String(), options.Plain
				},
				Texts: options.Shape{Words: words},
			})
			k.Itself(&queryNames{options.NamesOf(&q.Names, options.Checked(queryName), options.CaseCounts,
				options.NotEmpty("names no key; write query: none to leave the whole query out")), q})
			k.Names("except", &q.Names, "of query keys that do not count; `{ except: [utm_source] }`", options.Checked(queryName),
				options.CaseCounts, options.Required, options.NotEmpty("names no key; write query: all to keep the whole query"))
		},
	}
}

// queryNames is the list of the keys that count.
type queryNames struct {
	options.List
	q *CacheQuery
}

// Clear makes the list empty and the only one that counts.
func (n *queryNames) Clear() {
	n.List.Clear()
	*n.q = CacheQuery{Mode: QueryOnly}
}

// Get returns the names while they are the only ones that count.
func (n *queryNames) Get() ([]string, options.Style) {
	if n.q.Mode != QueryOnly {
		return nil, options.Absent
	}
	return n.List.Get()
}

func (q *CacheQuery) setWord(s string) (wrong string) {
	words := queryText[:QueryOnly]
	i := slices.Index(words, s)
	if i < 0 {
		return fmt.Sprintf("got %q, want %s, a list of query keys, or { except: [keys] }%s", s, options.Alternatives(words), options.DidYouMean(s, words))
	}
	*q = CacheQuery{Mode: QueryMode(i)}
	return ""
}
