package upstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"penstock/lb"
)

// ErrNotChecked is in the error of CheckNow for a cluster without active checks; test for it
// with errors.Is.
var ErrNotChecked = errors.New("health checks are off")

// firstSpread is the time over which the first checks of many backends are spread, at most.
const firstSpread = time.Second

// evenness is how much more often than on average the checks of a cluster may begin.
const evenness = 2.5

// checker makes the active checks of one cluster: one goroutine, and one more for each check
// under way.
type checker struct {
	c       *Cluster
	list    *list
	all     map[*endpoint]*appointment
	running int
	ended   chan *appointment
	free    time.Time // when the next check that is not urgent may begin
}

// appointment is the next check of one backend.
type appointment struct {
	p      *endpoint
	at     time.Time
	urgent bool // its first check, or its verdict changes
	busy   bool // the check is under way
}

func newChecker(c *Cluster) *checker {
	return &checker{c: c, all: make(map[*endpoint]*appointment), ended: make(chan *appointment, upstreamChecks)}
}

// run makes checks until ctx ends. It does not wait for those under way then.
func (k *checker) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		k.follow()
		wait := k.begin(ctx)
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-k.c.relisted:
		case a := <-k.ended:
			k.running--
			a.busy = false
			k.plan(a)
		}
	}
}

// follow makes appointments for the backends that have come since the last call, and drops
// those of backends that have gone.
func (k *checker) follow() {
	now := k.c.current()
	if now == k.list {
		return
	}
	k.list = now
	kept := make(map[*endpoint]*appointment, len(now.own))
	var fresh []*appointment
	for _, p := range now.own {
		a := k.all[p]
		if a == nil {
			a = &appointment{p: p}
			fresh = append(fresh, a)
		}
		kept[p] = a
	}
	k.all = kept
	k.spread(fresh)
}

// spread plans the first checks of backends, evenly over a second at most. While Start waits
// for them it is half of the time that one may take.
func (k *checker) spread(fresh []*appointment) {
	o := &k.c.o.Check
	over := min(o.Every, firstSpread)
	if !settled(k.c) {
		over = min(over, o.Timeout/2)
	}
	now := k.c.o.Now()
	for i, a := range fresh {
		a.at, a.urgent = now.Add(over*time.Duration(i)/time.Duration(len(fresh))), true
		pause, latest := a.p.place.health.NextCheck(k.c.rule)
		if next := latest.Add(jitter(pause)); !latest.IsZero() && next.After(now) { // an earlier cluster has checked it
			a.at, a.urgent = next, pause < o.Every
		}
	}
}

// plan makes the appointment that follows a check.
func (k *checker) plan(a *appointment) {
	pause, _ := a.p.place.health.NextCheck(k.c.rule)
	a.at, a.urgent = k.c.o.Now().Add(jitter(pause)), pause < k.c.o.Check.Every
}

// jitter returns d, give or take 20 %.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration((rand.Float64()-0.5)*0.4*float64(d))
}

// begin begins the checks that are due and returns how long to wait for the next one.
func (k *checker) begin(ctx context.Context) time.Duration {
	now := k.c.o.Now()
	for k.running < upstreamChecks {
		a := k.next()
		switch {
		case a == nil:
			return time.Hour
		case a.at.After(now):
			return a.at.Sub(now)
		case a.urgent:
		case now.Before(k.free): // too many at the same time
			a.at = k.free
			continue
		default:
			k.free = now.Add(time.Duration(float64(k.c.o.Check.Every) / (evenness * float64(len(k.all)))))
		}
		a.busy = true
		k.running++
		k.c.wg.Go(func() {
			_ = k.c.checkOne(ctx, a.p) // it fails when ctx has ended, or after a panic that was logged
			k.ended <- a               // has room for all that run
		})
	}
	return time.Hour
}

// next returns the earliest appointment; nil when there is none.
func (k *checker) next() (earliest *appointment) {
	for _, a := range k.all {
		if !a.busy && (earliest == nil || a.at.Before(earliest.at)) {
			earliest = a
		}
	}
	return earliest
}

// checkOne checks p and counts the result. It fails when ctx has ended before.
func (c *Cluster) checkOne(ctx context.Context, p *endpoint) error {
	r, err := c.check(ctx, p)
	defer signal(c.examined)
	if err != nil {
		return err
	}
	if r.Cause != "" {
		c.o.Log.Debug("health check failed", slog.String("upstream", c.o.Name), slog.String("backend", p.key.address), slog.String("cause", r.Cause))
	}
	changed := p.place.health.Examined(c.rule, &r)
	now := c.current()
	if r.Cause == "" {
		proof := lb.Connected
		if c.rule.Replies {
			proof = lb.Responded
		}
		changed = now.group.Restore(p.backend, proof, r.Began, r.Began.Add(r.Took)) || changed
	}
	if i := p.backend.Index(); changed && i < len(now.members) && now.members[i] != nil {
		c.onChange(now.members[i], p.place.health.Changed(p.backend.Standing()))
	}
	return nil
}

// CheckNow checks one backend at once, beside the checks that it has anyway, and returns when
// the result counts. State shows it. address is a single one, not a name. It fails with
// ErrUnknownBackend, with ErrNotChecked, and when ctx ends first; a check that has failed is no
// error.
func (c *Cluster) CheckNow(ctx context.Context, address string) error {
	for _, p := range c.current().own {
		if p.key.address != address {
			continue
		}
		if c.rule == nil {
			return fmt.Errorf("upstreams.%s: %w", c.o.Name, ErrNotChecked)
		}
		return c.checkOne(ctx, p)
	}
	return fmt.Errorf("upstreams.%s: %s: %w", c.o.Name, address, ErrUnknownBackend)
}

// settled reports whether Start has ended, or the process runs already.
func settled(c *Cluster) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.late
}

// awaitChecks waits for the first check of each new backend, for the time of one check at most.
// When the process starts, backends without a result count as healthy after it.
func (c *Cluster) awaitChecks(ctx context.Context) {
	over := time.NewTimer(c.o.Check.Timeout)
	defer over.Stop()
	for waits := c.rule != nil; waits && awaited(c); {
		select {
		case <-c.examined:
		case <-over.C:
			waits = false
		case <-ctx.Done():
			waits = false
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.late && c.rule != nil {
		for _, p := range c.list.own {
			p.place.health.Presume(c.o.Now())
		}
	}
	c.late = true
}

// awaited reports whether a backend has not had its first check.
func awaited(c *Cluster) bool {
	return slices.ContainsFunc(c.current().own, func(p *endpoint) bool { return p.place.health.Awaited() })
}
