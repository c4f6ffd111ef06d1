package upstream

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"penstock/health"
)

// quietTime is the shortest time between two lines about one backend that goes down and
// up again and again.
const quietTime = 5 * time.Second

// stateLog bounds the lines about the state of one backend. The zero value has logged
// nothing.
type stateLog struct {
	mu     sync.Mutex
	logged health.State // by the last line; up before the first
	at     time.Time    // of the last line
	later  bool         // a line will follow when the time has come
}

// next reports whether a line about this state is to be written now. If not, wait is
// above zero when the state has to be looked at again after it.
func (l *stateLog) next(s health.State, now time.Time) (write bool, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	left := quietTime - now.Sub(l.at)
	switch {
	case s == health.Ejected, left <= 0 && s != l.logged:
		l.logged, l.at = s, now
		return true, 0
	case l.later || left <= 0:
		return false, 0
	}
	l.later = true
	return false, left
}

// wrote notes a line about this state that did not ask next.
func (l *stateLog) wrote(s health.State, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.logged, l.at = s, now
}

// onChange reports that the state of m has become s. It runs on the goroutine of the
// attempt that has changed it.
func (c *Cluster) onChange(m *Member, s health.Status) {
	switch write, wait := m.log.next(s.State, c.o.Now()); {
	case write:
		c.logState(m, s)
	case wait > 0:
		time.AfterFunc(wait, func() {
			m.log.mu.Lock()
			m.log.later = false
			m.log.mu.Unlock()
			c.onChange(m, m.Health.Changed(m.Backend.Standing()))
		})
	}
	if s.State != health.Up {
		c.shared.rouse()
	}
	if s.Reason == health.Silent {
		m.Client.EndWaits()
	}
}

func (c *Cluster) logState(m *Member, s health.Status) {
	level, text := slog.LevelInfo, "backend up"
	switch s.State {
	case health.Warming:
		text = "backend up, it gets a growing part of its requests"
	case health.Ejected:
		level, text = slog.LevelWarn, "backend ejected"
	case health.Open, health.HalfOpen:
		level, text = slog.LevelWarn, "breaker of the backend opened: it gets no requests"
	case health.Down:
		level, text = slog.LevelWarn, "backend down, it still gets requests as it is not ejected"
		if s.Reason == health.HealthChecks {
			text = "backend down: its health checks fail"
		}
	}
	c.logStatus(level, text, m.Backend.Address(), s)
}

// logStatus writes one line about the state of a backend.
func (c *Cluster) logStatus(level slog.Level, text, address string, s health.Status) {
	attrs := append([]slog.Attr{slog.String("upstream", c.o.Name), slog.String("backend", address)}, s.Attrs()...)
	c.o.Log.LogAttrs(context.Background(), level, text, attrs...)
}
