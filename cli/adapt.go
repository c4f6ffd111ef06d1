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
		Views:     s.gateway,
		Balancer:  a,
		Reloader:  a,
		Metrics:   s.metrics,
		Cache:     s.gateway,
		Log:       s.log.Logger,
	})
	return err
}

// Ready implements admin.Readiness: the error is the reason of the gateway.
func (a adapter) Ready() error {
	if ready, reason := a.s.gateway.Ready(); !ready {
		return errors.New(reason)
	}
	return nil
}

// SetBackend implements admin.Balancer. Its error wraps admin.ErrNotFound when the configuration has
// no such backend.
func (a adapter) SetBackend(upstream, address string, c admin.Change) error {
	if c.SlowStart { // first, so that no request gets the whole share
		if err := a.s.gateway.WarmBackend(upstream, address); err != nil {
			return found(err)
		}
	}
	return found(a.s.gateway.SetBackend(upstream, address, c.Weight, c.Drain))
}

// CheckBackend implements admin.Balancer.
func (a adapter) CheckBackend(ctx context.Context, upstream, address string) error {
	return found(a.s.gateway.CheckBackend(ctx, upstream, address))
}

// found marks the error of an unknown name.
func found(err error) error {
	if errors.Is(err, gateway.ErrNotConfigured) {
		return notFound{err}
	}
	return err
}

// notFound marks an error for which the admin listener responds with 404 and its text.
type notFound struct{ error }

// Is makes errors.Is with admin.ErrNotFound true.
func (notFound) Is(target error) bool { return target == admin.ErrNotFound }

// Reload implements admin.Reloader. It waits for a reload that is under way and does not use its
// context. With an error, one for each problem, the generation is the one still in use.
func (a adapter) Reload(context.Context) (uint64, error) {
	err := a.s.reload("api")
	if err != nil {
		err = errors.Join(problems(err)...)
	}
	return a.s.gateway.Generation(), err
}
