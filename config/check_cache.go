package config

import (
	"slices"
	"strings"

	"penstock/options"
)

// noKeyFields are request fields that may not be part of a cache key, each with the reason.
// Fields of the connection are in ownFields.
var noKeyFields = map[string]string{
	"host":                "which is part of every key",
	"cookie":              "want the cookies that matter in key.cookies",
	"authorization":       "whose responses are stored only if everybody may get them (RFC 9111 section 3.5)",
	"range":               "which the cache evaluates itself",
	"if-range":            "which the cache evaluates itself",
	"if-match":            "which the cache evaluates itself",
	"if-none-match":       "which the cache evaluates itself",
	"if-modified-since":   "which the cache evaluates itself",
	"if-unmodified-since": "which the cache evaluates itself",
	"cache-control":       "which client_control is about",
	"pragma":              "which client_control is about",
}

// keyField checks a request field that is to be part of a cache key.
func keyField(s string) (shaped, wrong string) {
	if why := noKeyFields[strings.ToLower(s)]; why != "" {
		return s, why
	}
	switch {
	case !options.Token(s):
		return s, "want the name of a header field"
	case options.OwnField(s):
		return s, "which belongs to one connection"
	}
	return s, ""
}

// cookieName checks the name of a cookie (RFC 6265 §4.1.1).
func cookieName(s string) (shaped, wrong string) {
	if !options.Token(s) {
		return s, "want the name of a cookie"
	}
	return s, ""
}

// queryName checks a query key, spelled as in a URL.
func queryName(s string) (shaped, wrong string) {
	if strings.ContainsAny(s, "&=#? ") {
		return s, "want one query key spelled as in a URL, without & and ="
	}
	return s, ""
}

// cacheMethod checks a method whose responses are to be stored.
func cacheMethod(s string) (shaped, wrong string) {
	if all := cacheMethods(); !slices.Contains(all, s) {
		return s, "want " + options.Alternatives(all) + "; responses to others are not stored"
	}
	return s, ""
}

// targetName checks a response field that is to replace Cache-Control.
func targetName(s string) (shaped, wrong string) {
	switch {
	case !options.Token(s):
		return s, "want the name of a response field, such as CDN-Cache-Control"
	case options.Contains([]string{"Cache-Control", "Expires", "Pragma"}, s):
		return s, "which the targets replace"
	}
	return s, ""
}

// checkSizes notes a body that the store could not hold.
func (s *Store) checkSizes(root options.Report) {
	if half := s.Memory / 2; s.Memory > 0 && s.MaxObject > half {
		root.Problem("cache.max_object", "got %s, want at most half of memory %s", options.FormatSize(s.MaxObject), options.FormatSize(s.Memory))
	}
}

// checkCache reports problems between the keys of a route's cache.
func (r *Route) checkCache(at options.Report, c *Config) {
	known := r.Cache
	if known == nil {
		return
	}
	lifetime := func(s StatusTTL) bool { return s.TTL > 0 }
	stored := func(m string) bool { return slices.Contains(known.Methods, m) }
	switch {
	case known.Force && known.TTL == 0 && !slices.ContainsFunc(known.ByStatus, lifetime):
		at.Problem("cache.force", "does nothing without ttl or by_status, which are what it enforces")
	case len(known.Methods) == 0 && !at.Reported("cache.methods"):
		at.Problem("cache.methods", "names no method; write cache: off to store nothing")
	case r.Methods != nil && len(known.Methods) > 0 && !slices.ContainsFunc(r.Methods, stored):
		at.Problem("cache", "does nothing: the route takes only %s", strings.Join(r.Methods, ", "))
	}
	if known.MaxObject > c.Cache.MaxObject {
		at.Problem("cache.max_object", "got %s, want at most cache.max_object %s",
			options.FormatSize(known.MaxObject), options.FormatSize(c.Cache.MaxObject))
	}
}

// warnCache warns about cache settings that are valid but probably not intended.
func (d *decoder) warnCache(c *Config) {
	cached := func(r *Route) bool { return r.Cache != nil }
	if _, written := d.at["cache"]; written && !slices.ContainsFunc(c.Routes, cached) {
		d.warning("cache", "no route uses it; a route says cache: on")
	}
	for _, p := range c.Cache.PurgeFrom {
		if p.Bits() == 0 {
			d.warning("cache.purge_from", "%s lets everybody purge", p)
		}
	}
}
