package compare

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"penstock/loadtest/program"
)

// profileSeconds is how long a profile lasts: a hundred samples a second on each
// processor that is busy.
const profileSeconds = 8

// profile takes a processor profile of each Penstock of p under its load, by the
// command that operators use, into a folder of the scenario's and the target's names.
func (k *kit) profile(ctx context.Context, p *point) {
	for _, t := range p.targets {
		if t.failed || t.admin == "" || ctx.Err() != nil {
			continue
		}
		if err := k.profileOf(ctx, p.scenario, t); err != nil && ctx.Err() == nil {
			k.wrong("%s: profile of %s: %v", p.name, t.Name, err)
		}
	}
}

func (k *kit) profileOf(ctx context.Context, s scenario, t *target) error {
	c, err := program.Start(program.Options{Binary: t.binary, Args: []string{
		"profile", "-admin", t.admin, "-kinds", "cpu", "-seconds", strconv.Itoa(profileSeconds), "-out", filepath.Join(k.profiles, s.name, t.Name),
	}})
	if err != nil {
		return err
	}
	load := k.order(s, t, 2*profileSeconds*time.Second)
	load.enough = c.Ended()
	_, err = k.wrk.run(ctx, load)
	if err = errors.Join(err, c.End(patience)); err == nil && c.Err() != nil {
		err = fmt.Errorf("%w\n%s", c.Err(), c.Output())
	}
	return err
}
