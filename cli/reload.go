package cli

import (
	"errors"

	"penstock/config"
	"penstock/watch"
)

// read loads the configuration. Its files are watched before they are read for
// the last time, so that no change falls between the two.
func (s *service) read() (*config.Config, error) {
	for {
		s.watched.loaded = watch.Fingerprint(s.watched.files) // before: what changes from now on is unread
		cfg, err := s.load()
		if err != nil || s.file == "" || !s.watched.follow(filesOf(s.file, cfg), s.log.Logger) {
			return cfg, err
		}
	}
}

// causeFile is the cause of a reload that a changed file has triggered.
const causeFile = "file"

// reload reads the configuration and applies it. It does not wait until the file is left
// alone, because an operator has requested the reload. On an error the running configuration
// stays.
func (s *service) reload(cause string) error {
	s.reloads.Lock()
	defer s.reloads.Unlock()
	s.held.drop()
	cfg, err := s.read()
	return s.take(cause, cfg, err)
}

// followFile takes a change of the files that the watch has reported, or that was held
// until now, unless it has to wait.
func (s *service) followFile() {
	s.reloads.Lock()
	defer s.reloads.Unlock()
	c := fileChange{
		watched: s.watched,
		held:    s.held,
		log:     s.log.Logger,
		read:    s.read,
		running: func() int { return len(s.gateway.Config().Routes) },
	}
	if cfg, err, now := c.follow(); now {
		_ = s.take(causeFile, cfg, err) // it is in the log
	}
}

// take applies a configuration. When err is not nil, or the gateway refuses the
// configuration, take logs the problems and returns the error, and the running one stays.
func (s *service) take(cause string, cfg *config.Config, err error) error {
	if err != nil {
		s.metrics.Reloaded(false)
	} else {
		err = s.gateway.Reload(cfg)
	}
	if err != nil {
		for _, line := range problems(err) {
			s.log.Error("reload refused", "cause", cause, "generation", s.gateway.Generation(), "problem", line)
		}
		return err
	}
	s.followLog(cfg)
	s.limitMemory(cfg)
	s.remark(cfg)
	s.log.Info("reloaded", "cause", cause, "generation", s.gateway.Generation())
	return nil
}

// followLog makes both logs follow a reload. Where the access log goes, and
// whether there is one, is the start's.
func (s *service) followLog(cfg *config.Config) {
	s.log.follow(&cfg.Log)
	if s.access == nil || cfg.Log.Access == nil {
		return
	}
	format, rule := accessRule(cfg.Log.Access)
	if err := s.access.Set(format, rule); err != nil {
		s.log.Error("the access log stays as it is", "error", err)
	}
}

// remark logs the warnings about a valid configuration.
func (s *service) remark(cfg *config.Config) {
	for _, w := range append(s.memory.remarks(cfg), cfg.Warnings...) {
		s.log.Warn("configuration", "remark", w)
	}
}

// problems splits an error into one error for each problem.
func problems(err error) []error {
	found, ok := errors.AsType[config.Errors](err)
	if !ok {
		return []error{err}
	}
	list := make([]error, len(found))
	for i, p := range found {
		list[i] = p
	}
	return list
}
