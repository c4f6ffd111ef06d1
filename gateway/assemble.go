package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"penstock/config"
	"penstock/downstream"
	"penstock/downstream/h1"
	"penstock/headers"
	"penstock/policy"
	"penstock/routing"
)

// assemble compiles cfg into a Snapshot beside the current one. It opens no
// socket and starts nothing; upstreams that did not change are shared with prev,
// which may be nil. On error nothing of it remains.
func (g *Gateway) assemble(cfg *config.Config, prev *Snapshot) (*Snapshot, error) {
	s := &Snapshot{
		config:    cfg,
		resources: g.generations.keeper.Begin(),
		byName:    make(map[string]*pooledUpstream, len(cfg.Upstreams)),
		limits: limits{
			requests:  int64(g.grantRequests(cfg)),
			buffered:  g.bufferedBodies(cfg),
			head:      downstream.Limits{Fields: cfg.Limits.Headers, Target: cfg.Limits.URI, DropUnderscored: cfg.Underscores == config.UnderscoresDrop},
			perClient: cfg.Limits.PerIP,
			client: h1.Limits{
				Header: cfg.Timeouts.Header, Idle: cfg.Timeouts.Idle, BodyIdle: cfg.Timeouts.BodyIdle,
				Requests: cfg.Limits.RequestsPerConnection,
			},
		},
		fair:        fairnessOf(&cfg.Limits.Queue.Fair, g.proxy.rooms.seed),
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
	purge := &policy.Purge{Do: g.proxy.purgeRequested}
	if len(cfg.Cache.PurgeFrom) > 0 {
		purge.From = headers.NewPrefixes(cfg.Cache.PurgeFrom)
	}
	s.entry = policy.Compile(purge)
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
	old := reuseOf(prev)
	for _, u := range cfg.Upstreams {
		up, err := g.assembleUpstream(u, s, old.upstream(u.Name))
		if err != nil {
			return err
		}
		s.upstreams = append(s.upstreams, up)
		s.byName[u.Name] = up
	}
	if err := g.openCache(cfg); err != nil {
		return err
	}
	s.cache = g.cache
	for i, c := range cfg.Routes {
		r, err := g.assembleRoute(c, s, old)
		if err != nil {
			return fmt.Errorf("routes[%d] (%s): %w", i, c.Name(), err)
		}
		s.routes = append(s.routes, r)
	}
	s.reserve()
	return s.assembleTable(old)
}

// assembleTable makes what finds the routes.
func (s *Snapshot) assembleTable(old *reuse) (err error) {
	if old.table(s) {
		s.table = old.prev.table
		return nil
	}
	o := routing.Options{Rules: pathRules(&s.config.Paths)}
	for _, c := range s.config.Routes {
		o.Routes = append(o.Routes, routingOf(c))
	}
	s.table, err = routing.New(o)
	return err
}

// upstream returns the upstream of that name; nil when there is none.
func (s *Snapshot) upstream(name string) *pooledUpstream { return s.byName[name] }

// start starts the discovery of the snapshot's upstreams. Those that run already are not
// changed. On an error the new ones are not started.
// All upstreams start at the same time, because each may wait for lookups and health checks.
func (s *Snapshot) start(ctx context.Context) error {
	errs := make([]error, len(s.upstreams))
	var wg sync.WaitGroup
	for i, u := range s.upstreams {
		wg.Go(func() {
			if err := u.cluster.Start(ctx); err != nil {
				errs[i] = fmt.Errorf("upstreams.%s: %w", u.name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// abandon gives back what a snapshot that never became current had taken.
func (s *Snapshot) abandon() {
	_ = s.release(context.Background()) // nothing of it has run, so nothing is waited for
}
