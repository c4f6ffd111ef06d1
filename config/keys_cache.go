package config

import (
	"slices"
	"strings"
	"time"

	"penstock/options"
)

const maxVariants = 1000

func readCache(d *decoder, v value, r *draft) {
	if off(v) {
		return
	}
	c := r.config.DefaultCache()
	r.route.Cache = c
	switch {
	case on(v):
	case v.node.Kind == mappingNode:
		mapping(d, v, cacheFields, c)
	case v.node.Kind == scalarNode && strings.ContainsAny(v.node.Value, "0123456789"):
		d.duration(v, positive, &c.TTL)
	default:
		d.problem(v, "got %s, want on, off, a duration such as 60s for responses that state no lifetime, or a mapping", kind(v.node))
	}
}

var cacheFields = []field[Cache]{
	{key: "ttl", read: func(d *decoder, v value, c *Cache) { d.duration(v, orOff, &c.TTL) }},
	{key: "by_status", read: readByStatus},
	{key: "stale", read: func(d *decoder, v value, c *Cache) { d.duration(v, orOff, &c.Stale) }},
	{key: "stale_on_error", read: readStaleOnError},
	section("key", cacheKeyFields, func(c *Cache) *Cache { return c }),
	{key: "force", read: func(d *decoder, v value, c *Cache) { d.onOff(v, &c.Force) }},
	{key: "heuristic", read: func(d *decoder, v value, c *Cache) { d.onOff(v, &c.Heuristic) }},
	section("vary", []field[Cache]{
		{key: "max", read: func(d *decoder, v value, c *Cache) { d.count(v, 1, maxVariants, &c.MaxVariants) }},
	}, func(c *Cache) *Cache { return c }),
	{key: "max_object", read: func(d *decoder, v value, c *Cache) { d.sized(v, 1, maxObject, &c.MaxObject) }},
	{key: "tags", read: readTags},
	{key: "methods", read: func(d *decoder, v value, c *Cache) { c.Methods = d.unique(v, cacheMethod) }},
	{key: "client_control", read: func(d *decoder, v value, c *Cache) {
		if i, ok := d.choice(v, clientControlText[:]); ok {
			c.ClientControl = i == 1
		}
	}},
	{key: "store_set_cookie", read: func(d *decoder, v value, c *Cache) { d.onOff(v, &c.StoreSetCookie) }},
	{key: "targets", read: func(d *decoder, v value, c *Cache) {
		c.Targets = append([]string{}, d.unique(v, targetName)...)
	}},
}

// clientControlText are the words for Cache.ClientControl, false first.
var clientControlText = [2]string{"ignore", "honor"}

var cacheKeyFields = []field[Cache]{
	{key: "query", inside: under(".", cacheQueryFields), read: readCacheQuery},
	{key: "headers", read: func(d *decoder, v value, c *Cache) { c.Headers = d.unique(v, keyField) }},
	{key: "cookies", read: func(d *decoder, v value, c *Cache) { c.Cookies = d.exact(v, cookieName) }},
}

func readCacheQuery(d *decoder, v value, c *Cache) {
	switch v.node.Kind {
	case mappingNode:
		c.Query = CacheQuery{Mode: QueryExcept}
		if mapping(d, v, cacheQueryFields, &c.Query) && !d.has(v, "except") {
			d.problem(v, "has no except")
		}
	case sequenceNode:
		c.Query = CacheQuery{Mode: QueryOnly, Names: d.exact(v, queryName)}
		if len(v.node.Content) == 0 {
			d.problem(v, "names no key; write query: none to leave the whole query out")
		}
	default:
		words := queryText[:QueryOnly]
		s, ok := d.text(v)
		i := slices.Index(words, s)
		switch {
		case !ok:
		case i < 0:
			d.problem(v, "got %q, want %s, a list of query keys, or { except: [keys] }%s", s, alternatives(words), options.DidYouMean(s, words))
		default:
			c.Query = CacheQuery{Mode: QueryMode(i)}
		}
	}
}

var cacheQueryFields = []field[CacheQuery]{
	{key: "except", read: func(d *decoder, v value, q *CacheQuery) {
		q.Names = d.exact(v, queryName)
		if len(q.Names) == 0 && !d.reported(v.path) {
			d.problem(v, "names no key; write query: all to keep the whole query")
		}
	}},
}

// readByStatus reads lifetimes by status. The narrower range wins, whatever the
// order in the file, so ranges may lie within each other but not overlap in part.
func readByStatus(d *decoder, v value, c *Cache) {
	pairs, _ := d.pairs(v)
	c.ByStatus = nil
	for _, p := range pairs {
		codes, ok := options.ParseStatuses(p.key)
		s := StatusTTL{From: codes.First, To: codes.Last, Off: off(p.value)}
		switch {
		case !ok:
			d.problemAt(p.place, p.value.path, "got %q, want a status such as 404, 5xx or 502-504", p.key)
			continue
		case s.To < 200 || s.From == s.To && (s.From == 206 || s.From == 304):
			d.problemAt(p.place, p.value.path, "such answers are never stored")
			continue
		}
		if i := slices.IndexFunc(c.ByStatus, s.crosses); i >= 0 {
			d.problemAt(p.place, p.value.path, "overlaps %s; let one range lie within the other", c.ByStatus[i].statuses())
		}
		if !s.Off && d.written(p.value) {
			d.duration(p.value, orOff, &s.TTL)
		}
		c.ByStatus = append(c.ByStatus, s)
	}
	slices.SortFunc(c.ByStatus, func(a, b StatusTTL) int {
		if wide := (a.To - a.From) - (b.To - b.From); wide != 0 {
			return wide
		}
		return a.From - b.From
	})
}

// statuses returns the range of s.
func (s StatusTTL) statuses() StatusRange { return options.StatusRange{First: s.From, Last: s.To} }

// crosses reports whether neither range is a part of the other though they
// share a status, or both are the same.
func (s StatusTTL) crosses(o StatusTTL) bool {
	apart := s.To < o.From || o.To < s.From
	within := s.From >= o.From && s.To <= o.To
	around := o.From >= s.From && o.To <= s.To
	return !apart && within == around
}

// readStaleOnError reads one time for both failures; the default, `on`, is
// another for each.
func readStaleOnError(d *decoder, v value, c *Cache) {
	if on(v) {
		c.StaleUnreachable, c.StaleServerError = staleUnreachable, 0
		return
	}
	took := time.Duration(-1)
	d.duration(v, orOff, &took)
	if took >= 0 {
		c.StaleUnreachable, c.StaleServerError = took, took
	}
}

func readTags(d *decoder, v value, c *Cache) {
	if off(v) {
		c.Tags = ""
		return
	}
	s, ok := d.line(v)
	if ok && !token(s) {
		d.problem(v, "got %q, want the name of a response field, such as Surrogate-Key", s)
	} else if ok {
		c.Tags = s
	}
}
