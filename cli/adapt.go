package cli

import (
	"context"
	"errors"
	"runtime"

	"penstock/admin"
	"penstock/config"
	"penstock/gateway"
)

// adapter shows the gateway to admin through the interfaces that admin declares.
type adapter struct{ s *service }

// buildAdmin makes the admin listener unless the configuration switches it off.
func (s *service) buildAdmin(cfg *config.Config, b build) (err error) {
	if cfg.Admin.Listen == "" {
		return nil
	}
	a := adapter{s}
	s.admin, err = admin.New(admin.Options{
		Address:   cfg.Admin.Listen,
		Token:     cfg.Admin.Token,
		Build:     admin.Build{Version: b.version, Revision: b.revision, Go: runtime.Version()},
		Readiness: a,
		Views:     a,
		Balancer:  a,
		Reloader:  a,
		Metrics:   s.metrics,
		Cache:     s.gateway,
		Log:       s.log.Logger,
	})
	return err
}

// Ready implements admin.Readiness.
func (a adapter) Ready() error {
	if ready, reason := a.s.gateway.Ready(); !ready {
		return errors.New(reason)
	}
	return nil
}

// Generation implements admin.Views.
func (a adapter) Generation() uint64 { return a.s.gateway.Generation() }

// Routes implements admin.Views.
func (a adapter) Routes() []admin.Route {
	states := a.s.gateway.Routes()
	routes := make([]admin.Route, len(states))
	for i, r := range states {
		routes[i] = routeView(r)
	}
	return routes
}

func routeView(r gateway.RouteState) admin.Route {
	c := r.Config
	v := admin.Route{Name: r.Name, Hosts: c.Hosts, Path: c.Path, Methods: c.Methods, Backends: c.Weights}
	switch {
	case c.Redirect != nil:
		v.Action = "redirect"
	case c.Respond != nil:
		v.Action = "respond"
	default:
		v.Action, v.Upstreams = "proxy", make(map[string]int, len(c.Targets))
		for _, t := range c.Targets {
			v.Upstreams[t.Upstream] = t.Weight
		}
	}
	return v
}

// Upstreams implements admin.Views.
func (a adapter) Upstreams() []admin.Upstream {
	states := a.s.gateway.Upstreams()
	upstreams := make([]admin.Upstream, len(states))
	for i, u := range states {
		v := admin.Upstream{Name: u.Name, Balance: u.Balance.Method.String()}
		for _, b := range u.Backends {
			v.Backends = append(v.Backends, admin.Backend{
				Address: b.Address, State: b.State.String(), Reason: b.Reason, Since: b.Since,
				Weight: b.Weight, Backup: b.Backup, InFlight: b.InFlight,
				Active: b.Open - b.Idle, Idle: b.Idle, Waiting: b.Waiting, Ejections: b.Ejections,
			})
		}
		upstreams[i] = v
	}
	return upstreams
}

// SetBackend implements admin.Balancer.
func (a adapter) SetBackend(upstream, address string, c admin.Change) error {
	err := a.s.gateway.SetBackend(upstream, address, c.Weight, c.Drain)
	if errors.Is(err, gateway.ErrNotConfigured) {
		return notFound{err}
	}
	return err
}

// notFound is an error that admin answers with 404, in its own words.
type notFound struct{ error }

// Is makes it one of admin's.
func (notFound) Is(target error) bool { return target == admin.ErrNotFound }

// Reload implements admin.Reloader.
func (a adapter) Reload(context.Context) (uint64, error) {
	err := a.s.reload("api")
	if err != nil {
		err = errors.Join(problems(err)...)
	}
	return a.s.gateway.Generation(), err
}
