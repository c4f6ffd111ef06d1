package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"penstock/accesslog"
	"penstock/admin"
	"penstock/config"
	"penstock/gateway"
	"penstock/listener"
	"penstock/metrics"
)

// service is a gateway with its logs, metrics and admin listener. A command sets load, file,
// hint and ready; build sets the other fields.
type service struct {
	load  func() (*config.Config, error) // reads the configuration
	file  string                         // a change of it, or of a file that it names, triggers a reload; empty means none
	hint  func(part string) string       // how to choose another address when one is in use; nil adds nothing
	ready func(s *service)               // called once everything serves; nil does nothing

	log     *processLog
	access  *accesslog.Log // nil when off
	metrics *metrics.Registry
	gateway *gateway.Gateway
	admin   *admin.Server // nil when off
	reloads sync.Mutex    // held by the reload that is under way
	watched *watched
	held    *hold

	memory   memory
	ownLimit bool  // the operator has set GOMEMLIMIT
	cache    int64 // bytes that the response cache may take; zero until a route caches
}

// part is something that is started and shut down.
type part struct {
	name     string
	start    func(context.Context) error
	shutdown func(context.Context) error
}

// partGrace bounds the end of everything but the gateway, which has its own.
const partGrace = 5 * time.Second

// serve runs s until a signal or a fatal error ends it and returns the exit code.
func (p *Program) serve(s *service) int {
	sig := listenForSignals()
	defer sig.forget()
	s.log = newLog(p.Stderr)
	defer s.log.end()
	s.watched, s.held = newWatched(), newHold()
	cfg, err := s.read()
	if err == nil {
		err = p.build(s, cfg)
	}
	if err != nil {
		s.refused(err)
		return s.shutdown(nil, exitUsage)
	}
	parts := s.parts()
	for i, x := range parts {
		if err := x.start(context.Background()); err != nil {
			if errors.Is(err, syscall.EADDRINUSE) && s.hint != nil {
				err = fmt.Errorf("%w; %s", err, s.hint(x.name))
			}
			s.log.Error("start failed", "part", x.name, "error", err)
			return s.shutdown(parts[:i], exitFailed)
		}
	}
	s.metrics.Reloaded(true)
	s.log.Info("serving", "version", built(p.Version).version, "listen", addresses(s.gateway.Addrs()), "admin", cfg.Admin.Listen)
	if s.ready != nil {
		s.ready(s)
	}
	return s.wait(sig, parts)
}

// build makes the parts of s. It opens no socket; an error is the configuration's.
func (p *Program) build(s *service, cfg *config.Config) (err error) {
	s.log.follow(&cfg.Log)
	s.memory = readMemory(os.DirFS("/"))
	s.remark(cfg)
	files, err := listener.RaiseFileLimit()
	if err != nil {
		s.log.Warn("the limit of open files stays as it is", "error", err)
	}
	_, s.ownLimit = p.Getenv("GOMEMLIMIT")
	s.limitMemory(cfg)
	b := built(p.Version)
	s.metrics = metrics.New(metrics.Options{Version: b.version, Revision: b.revision})
	s.metrics.SetLogDropped(s.log.queue.Dropped)
	if s.access, err = newAccessLog(cfg.Log.Access, s.log.Logger); err != nil {
		return err
	}
	s.gateway, err = gateway.New(gateway.Options{
		Config: cfg, Log: s.log.Logger, Metrics: s.metrics, Access: s.access, FileLimit: files, CacheMemory: s.memory.cacheBytes(),
		HeapLimit: s.memory.heapRoom(s.cache, ownLimit(p.Getenv)),
	})
	if err != nil {
		return err
	}
	return s.buildAdmin(cfg, b)
}

// refused logs why a configuration cannot be started with: one error for each problem,
// on a terminal as `penstock check` prints them.
func (s *service) refused(err error) {
	if s.log.terminal {
		complain(s.log.queue, err)
		return
	}
	for _, line := range problems(err) {
		s.log.Error("configuration refused", "problem", line)
	}
}

// limitMemory makes the Go heap respect the container's limit, beside a response
// cache: once a route has one it stays for the life of the process. An operator's
// own GOMEMLIMIT wins.
func (s *service) limitMemory(cfg *config.Config) {
	if caches(cfg) && s.cache == 0 {
		s.cache = cmp.Or(cfg.Cache.Memory, s.memory.cacheBytes())
		s.log.Info("a response cache is in use", "memory", mebibytes(s.cache))
	}
	limit := s.memory.heapLimit(s.cache)
	if s.ownLimit || limit == 0 || debug.SetMemoryLimit(limit) == limit {
		return
	}
	s.log.Info("memory limit follows the control group", "bytes", limit, "cache", s.cache)
}

// newAccessLog returns the access log that c asks for; nil when it is off.
func newAccessLog(c *config.Access, log *slog.Logger) (*accesslog.Log, error) {
	if c == nil {
		return nil, nil
	}
	format, rule := accessRule(c)
	return accesslog.New(accesslog.Options{File: c.File, Format: format, Rule: rule, Log: log})
}

// accessRule translates how and which requests are logged.
func accessRule(c *config.Access) (accesslog.Format, accesslog.Rule) {
	format, rule := accesslog.JSON, accesslog.Rule{Sample: c.Sample}
	if c.Format == config.Text || c.Format == config.Auto && terminalFile(c.File) {
		format = accesslog.Text
	}
	for _, r := range c.Always.Statuses {
		rule.Always = append(rule.Always, accesslog.Condition{StatusMin: r.First, StatusMax: r.Last})
	}
	if c.Always.SlowerThan > 0 {
		rule.Always = append(rule.Always, accesslog.Condition{SlowerThan: c.Always.SlowerThan})
	}
	return format, rule
}

// parts returns the parts in the order in which they start. They shut down in reverse order:
// the gateway drains while the admin listener still responds, and the access log ends last.
func (s *service) parts() []part {
	var parts []part
	if s.access != nil {
		parts = append(parts, part{"access log", s.access.Start, s.access.Shutdown})
	}
	if s.admin != nil {
		parts = append(parts, part{"admin", s.admin.Start, s.admin.Shutdown})
	}
	return append(parts, part{"listen", s.gateway.Start, s.drain})
}
