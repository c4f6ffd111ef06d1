package gateway

import (
	"context"
	"errors"
	"fmt"

	"penstock/config"
	"penstock/headers"
	"penstock/routing"
)

// assemble compiles cfg into a Snapshot beside the current one. It opens no
// socket and starts nothing; upstreams that did not change are shared with prev,
// which may be nil. On error nothing of it remains.
func (g *Gateway) assemble(cfg *config.Config, prev *Snapshot) (*Snapshot, error) {
	s := &Snapshot{
		config:      cfg,
		maxRequests: int64(cfg.Limits.Requests),
		maxFields:   cfg.Limits.Headers,
		maxURI:      cfg.Limits.URI,
		lastRequest: cfg.Limits.RequestsPerConnection,
		perClient:   cfg.Limits.PerIP,
		headerTime:  cfg.Timeouts.Header,
		idleTime:    cfg.Timeouts.Idle,
		bodyIdle:    cfg.Timeouts.BodyIdle,
		forwarded:   cfg.Forwarded,
		proxyStatus: cfg.Answers.ProxyStatus,
		cacheStatus: cfg.Answers.CacheStatus,
		http:        []byte("http"),
		https:       []byte("https"),
		perRequest:  [][]byte{[]byte("x-forwarded-for"), []byte("forwarded"), []byte("via"), []byte("cdn-loop")},
	}
	if len(cfg.TrustedProxies) > 0 {
		s.trusted = headers.NewPrefixes(cfg.TrustedProxies)
	}
	if len(cfg.Cache.PurgeFrom) > 0 {
		s.purgeFrom = headers.NewPrefixes(cfg.Cache.PurgeFrom)
	}
	if cfg.Answers.RequestID != "" {
		s.requestID = []byte(cfg.Answers.RequestID)
		s.perRequest = append(s.perRequest, s.requestID)
	}
	if err := g.assembleAll(s, cfg, prev); err != nil {
		s.abandon()
		return nil, err
	}
	return s, nil
}

func (g *Gateway) assembleAll(s *Snapshot, cfg *config.Config, prev *Snapshot) error {
	for _, u := range cfg.Upstreams {
		up, err := g.assembleUpstream(u, prev.upstream(u.Name))
		if err != nil {
			return err
		}
		s.upstreams = append(s.upstreams, up)
	}
	if err := g.openStore(cfg); err != nil {
		return err
	}
	s.store = g.proxy.store
	table := routing.Options{Rules: pathRules(&cfg.Paths)}
	for i, c := range cfg.Routes {
		r, err := g.assembleRoute(c, s)
		if err != nil {
			return fmt.Errorf("routes[%d] (%s): %w", i, c.Name(), err)
		}
		s.routes = append(s.routes, r)
		table.Routes = append(table.Routes, routingOf(c))
	}
	s.reserve()
	var err error
	s.table, err = routing.New(table)
	return err
}

// upstream returns the running upstream of that name; nil on a nil Snapshot too.
func (s *Snapshot) upstream(name string) *pooledUpstream {
	if s == nil {
		return nil
	}
	for _, u := range s.upstreams {
		if u.name == name {
			return u
		}
	}
	return nil
}

// start makes the snapshot's upstreams look for their backends. What ran before
// goes on running; on error nothing new does.
func (s *Snapshot) start(ctx context.Context) error {
	for _, u := range s.upstreams {
		if err := u.cluster.Start(ctx); err != nil {
			return fmt.Errorf("upstreams.%s: %w", u.name, err)
		}
	}
	return nil
}

// abandon gives back what a snapshot that never became current had taken.
func (s *Snapshot) abandon() {
	_ = s.shutdown(context.Background()) // nothing of it has run, so nothing is waited for
}

// retire gives back what the snapshot holds once its last requests are done.
func (s *Snapshot) retire() {
	s.releaseViews()
	for _, u := range s.upstreams {
		u.cluster.Retire(s.longestRequest())
	}
}

// shutdown ends the snapshot's upstreams at once.
func (s *Snapshot) shutdown(ctx context.Context) error {
	s.releaseViews()
	var errs []error
	for _, u := range s.upstreams {
		errs = append(errs, u.cluster.Shutdown(ctx))
	}
	return errors.Join(errs...)
}

func (s *Snapshot) releaseViews() {
	for _, r := range s.routes {
		for i := range r.targets {
			r.targets[i].view.Release()
		}
	}
}
