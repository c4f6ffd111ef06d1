package caching_test

import (
	"fmt"
	"slices"
	"strings"

	"penstock/gateway/gatewaytest"
	"penstock/ops"
)

// purge executes a "purge" line of a table. Its words are a scope, the value of the scope
// except for all, and soft.
func purge(g *gatewaytest.Gateway, words []string) error {
	p := ops.CachePurge{Soft: slices.Contains(words, "soft")}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "soft" })
	if len(words) == 1 && words[0] == "all" {
		p.Scope = ops.CacheScopeAll
		return g.CachePurge(p)
	}
	if len(words) != 2 {
		return fmt.Errorf("purge %q: want a scope and its value", words)
	}
	scheme, rest, _ := strings.Cut(words[1], "://")
	host, target, _ := strings.Cut(rest, "/")
	p.URL = ops.CacheURL{Scheme: scheme, Host: host, Target: "/" + target}
	switch words[0] {
	case "url":
		p.Scope = ops.CacheScopeURL
	case "prefix":
		p.Scope = ops.CacheScopePrefix
	case "host":
		p.Scope, p.URL = ops.CacheScopeHost, ops.CacheURL{Host: words[1]}
	case "tag":
		p.Scope, p.Tag = ops.CacheScopeTag, words[1]
	default:
		return fmt.Errorf("purge %q: no such scope", words)
	}
	return g.CachePurge(p)
}
