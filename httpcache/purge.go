package httpcache

import (
	"errors"

	"penstock/cache"
	"penstock/ops"
)

// Purge is what an operator purges.
type Purge struct {
	Scope ops.CacheScope
	URL   cache.URL // of a URL; of a prefix its Scheme, Host and Path; of a host its Scheme and Host
	Rules []*Rule   // of all routes: a URL is purged as each of them keys its query; without rules no URL is
	Tag   []byte
	Soft  bool // what is stored stays, to be used as a stale response is
}

// Purge purges what is stored here and gives the purge to the tier, without waiting. An error means
// that the purge holds in this process and may be forgotten in a restart. It is no error when
// nothing was stored, nor when the Scope is unknown: then nothing is purged. A nil p.URL.Scheme is
// set to "http".
func (e *Engine) Purge(p *Purge) error {
	if p.URL.Scheme == nil {
		p.URL.Scheme = e.http
	}
	if p.Scope == ops.CacheScopeURL {
		return e.purgeURL(p)
	}
	var err error
	clock := e.store.Clock()
	told := SharedPurge{Scope: p.Scope, Soft: p.Soft, Tag: p.Tag}
	switch p.Scope {
	case ops.CacheScopeAll:
		err = e.store.PurgeAll(p.Soft)
	case ops.CacheScopeTag:
		err = e.store.PurgeTag(p.Tag, p.Soft)
	case ops.CacheScopeHost:
		told.Host = e.store.URLKey(&p.URL).Host()
		err = e.store.PurgeHost(told.Host, p.Soft)
	case ops.CacheScopePrefix:
		told.Host, told.Path = e.store.URLKey(&p.URL).Host(), p.URL.Path
		err = e.store.PurgePrefix(told.Host, told.Path, p.Soft)
	}
	e.shared.tell(told, clock)
	return err
}

// purgeURL purges a URL on every route. Each form of its query is purged once.
func (e *Engine) purgeURL(p *Purge) error {
	var errs []error
	purged := map[uint64]bool{}
	for _, r := range p.Rules {
		u := p.URL
		u.Rule = r.Query
		if k := e.store.URLKey(&u); !purged[k.Hash()] {
			purged[k.Hash()] = true
			errs = append(errs, purgeKey(e, k, p.Soft))
		}
	}
	return errors.Join(errs...)
}
