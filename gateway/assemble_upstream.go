package gateway

import (
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"time"

	"penstock/config"
	"penstock/discovery"
	"penstock/health"
	"penstock/lb"
	"penstock/ratelimit"
	"penstock/resource"
	"penstock/upstream"
)

// assembleUpstream makes the upstream of one configuration entry for s. It shares with prev,
// the running one of that name, what has not changed: connections, health, in-flight counts,
// budget.
func (g *Gateway) assembleUpstream(c *config.Upstream, s *Snapshot, prev *pooledUpstream) (*pooledUpstream, error) {
	o, err := g.upstreamOptions(c)
	if err != nil {
		return nil, fmt.Errorf("upstreams.%s: %w", c.Name, err)
	}
	var old *upstream.Cluster
	if prev != nil {
		old = prev.cluster
	}
	if o.CheckSlots, err = s.checkSlots(); err != nil {
		return nil, err
	}
	plan, err := upstream.NewPlan(o)
	if err != nil {
		return nil, err
	}
	cluster, err := resource.Claim(s.resources, "cluster", plan.Identity(), func() (*upstream.Cluster, error) {
		return plan.Build(old), nil
	})
	if err != nil {
		return nil, err
	}
	up := &pooledUpstream{
		name: c.Name, config: c, cluster: cluster,
		hashName: []byte(c.Balance.HashName), fixedHost: []byte(c.Host.Name),
		metrics: g.metrics.Upstream(c.Name),
	}
	if !c.RetryBudget.Off {
		if up.budget, err = s.retryBudget(c.Name, c.RetryBudget); err != nil {
			return nil, err
		}
	}
	if share := c.Queue.Of(&s.config.Limits.Queue); !share.Off {
		if up.queue, err = s.queue(c.Name, share, g.proxy.rooms); err != nil {
			return nil, err
		}
	}
	if prev != nil && prev.cluster == cluster && prev.budget == up.budget && prev.queue == up.queue && reflect.DeepEqual(prev.config, c) {
		return prev, nil
	}
	return up, nil
}

// retryBudget returns the budget of an upstream: the running one when its options are
// the same.
func (s *Snapshot) retryBudget(name string, c config.RetryBudget) (*ratelimit.Budget, error) {
	type identity struct {
		upstream string
		options  config.RetryBudget
	}
	budget, err := resource.Claim(s.resources, "retry budget", identity{name, c}, func() (resource.Plain[*ratelimit.Budget], error) {
		return resource.Plain[*ratelimit.Budget]{Value: ratelimit.NewBudget(c.Ratio, c.Floor)}, nil
	})
	return budget.Value, err
}

// queue returns the waiting room of an upstream: the running one when its options and the seats that
// all upstreams share are the same.
func (s *Snapshot) queue(name string, share config.Share, k *roomKeeper) (*queue, error) {
	type identity struct {
		upstream string
		options  config.Share
		seats    *ratelimit.Seats
	}
	seats, err := resource.Claim(s.resources, "seats", s.config.Limits.Queue.Size, func() (resource.Plain[*ratelimit.Seats], error) {
		return resource.Plain[*ratelimit.Seats]{Value: ratelimit.NewSeats(s.config.Limits.Queue.Size)}, nil
	})
	if err != nil {
		return nil, err
	}
	return resource.Claim(s.resources, "waiting room", identity{name, share, seats.Value}, func() (*queue, error) {
		return newQueue(k, ratelimit.RoomOptions{Seats: seats.Value, Size: share.Size, Wait: share.Wait}), nil
	})
}

// placeOf returns where the requests of a route get a backend of an upstream. They wait together
// with those of other routes, unless they may begin while those have to wait.
func placeOf(up *pooledUpstream, view *upstream.View, c *config.Route) place {
	p := place{view: view, queue: up.queue, limited: c.Limited, metrics: up.metrics}
	if p.queue == nil {
		return p
	}
	name := ""
	switch {
	case view.Own():
		name = "route " + c.Name()
	case !c.Limited:
		name = "not limited"
	}
	p.room, p.again = p.queue.room(name), p.queue.room("again, "+name)
	return p
}

func limiterOptions(c *config.Concurrency) ratelimit.LimiterOptions {
	return ratelimit.LimiterOptions{Mode: limitModes[c.Mode], Min: c.Min, Max: c.Max, Headroom: c.Headroom}
}

var limitModes = [...]ratelimit.Mode{
	config.LimitOff: ratelimit.Off, config.LimitAuto: ratelimit.Auto, config.LimitWatch: ratelimit.Watch, config.LimitFixed: ratelimit.Fixed,
}

// checkSlots returns the bound of health checks that all upstreams share.
func (s *Snapshot) checkSlots() (*upstream.CheckSlots, error) {
	slots, err := resource.Claim(s.resources, "check slots", "of the process", func() (resource.Plain[*upstream.CheckSlots], error) {
		return resource.Plain[*upstream.CheckSlots]{Value: upstream.NewCheckSlots()}, nil
	})
	return slots.Value, err
}

func (g *Gateway) upstreamOptions(c *config.Upstream) (upstream.Options, error) {
	o := upstream.Options{
		Name:    c.Name,
		Balance: lb.Options{Method: balanceMethods[c.Balance.Method], Bound: c.Balance.Bound, Panic: c.Panic},
		Pool: upstream.PoolOptions{
			Max: c.Pool.Max, Tunnels: orOff(c.Pool.Places()), Slow: orOff(c.Pool.SlowPlaces()), Idle: orOff(c.Pool.Idle), IdleTimeout: c.Pool.IdleTimeout,
			MaxAge: orOff(c.Pool.MaxAge), Queue: orOff(c.Pool.Queue), QueueTimeout: c.Pool.QueueTimeout,
		},
		TLS:         upstream.TLSOptions{CA: c.TLS.CA, Name: c.TLS.Name, Cert: c.TLS.Cert, Key: c.TLS.Key, Insecure: c.TLS.Insecure},
		Eject:       ejectOptions(c),
		Failing:     statusSet(c.Eject.When),
		Concurrency: limiterOptions(&c.Concurrency),
		Refresh:     c.DNS.Refresh,
		Sweeper:     g.backends,
		OnSlow:      g.metrics.Upstream(c.Name).SlowEnded,
		Log:         g.log,
		Now:         g.now,

		Check: checkOptions(&c.Health),
	}
	for i := range c.Backends {
		b, err := g.backendOptions(c, &c.Backends[i])
		if err != nil {
			return o, fmt.Errorf("backends[%d]: %w", i, err)
		}
		o.Backends = append(o.Backends, b)
	}
	return o, nil
}

func ejectOptions(u *config.Upstream) lb.EjectOptions {
	c, b := &u.Eject, &u.Breaker
	return lb.EjectOptions{
		Breaker:   lb.BreakerOptions{OpenAt: b.OpenAt, Min: b.Min, Within: b.Within, Probe: b.Probe, Trials: b.Trials},
		SlowStart: u.SlowStart,

		Failures: c.Failures, Errors: c.Errors, Min: c.Min, Within: c.Within,
		Silent: c.Silent, Slow: c.Slow, Base: c.Base, Max: c.Max,
		AtMost: max(c.AtMost, 1e-9), // 0% is one, and no default
	}
}

func checkOptions(c *config.Health) upstream.CheckOptions {
	o := upstream.CheckOptions{
		Kind: checkKinds[c.Type], Port: uint16(c.Port), Every: c.Every, Timeout: c.Timeout, Fast: c.Fast, Up: c.Up, Down: c.Down,
		Start: checkStarts[c.Start], Method: c.Method, Path: c.Path, Host: c.Host, Text: c.Body, Expect: statusSet(c.Expect),
	}
	for _, f := range c.Headers {
		o.Fields += f.Name + ": " + f.Value + "\r\n"
	}
	return o
}

var checkKinds = [...]upstream.CheckKind{
	config.HealthOff: upstream.NoCheck, config.HealthHTTP: upstream.CheckHTTP, config.HealthTCP: upstream.CheckTCP,
}

var checkStarts = [...]lb.Health{
	config.StartChecking: lb.Unchecked, config.StartUp: lb.Healthy, config.StartDown: lb.Unhealthy,
}

// statusSet returns the set of the statuses of a list.
func statusSet(statuses config.Statuses) (set health.Statuses) {
	for _, s := range statuses {
		set.Add(s.First, s.Last)
	}
	return set
}

// backendOptions translates one entry; a name gets a source that follows DNS.
func (g *Gateway) backendOptions(c *config.Upstream, b *config.Backend) (upstream.BackendOptions, error) {
	o := upstream.BackendOptions{Scheme: b.Scheme.String(), Host: b.Host, Path: b.Socket, Weight: b.Weight, Backup: b.Backup}
	if b.Scheme == config.Unix {
		return o, nil
	}
	port, err := strconv.ParseUint(b.Port, 10, 16)
	if err != nil || port == 0 {
		return o, fmt.Errorf("port: got %q, want 1..65535", b.Port)
	}
	o.Port = uint16(port)
	if _, err := netip.ParseAddr(b.Host); err == nil {
		return o, nil
	}
	o.Source, err = discovery.New(discovery.Options{
		Entries: []lb.Endpoint{{Address: b.Address(), Weight: b.Weight, Backup: b.Backup}},
		Refresh: c.DNS.Refresh, Resolver: g.resolver, Log: g.log,
	})
	return o, err
}

// orOff translates a zero that the operator wrote into the "off" of Options,
// where zero means the default.
func orOff[T int | time.Duration](n T) T {
	if n == 0 {
		return -1
	}
	return n
}

var balanceMethods = [...]lb.Method{
	config.RoundRobin: lb.RoundRobin, config.LeastConn: lb.LeastConn, config.P2C: lb.P2C,
	config.Latency: lb.Latency, config.Random: lb.Random, config.Hash: lb.ConsistentHash,
}
