package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// mostOfGroup is the share of a control group's memory that the gateway may have resident.
const mostOfGroup = 450.0 / 512

const mib = 1 << 20

// attackWave is how often all connections of the second attack on memory begin anew.
const attackWave = 5 * time.Second

// group is a control group with a memory limit, for one process. It must be removed.
type group struct {
	dir     string
	version int
}

// groupUse is what a control group has counted.
type groupUse struct {
	Version int     `json:"version"`
	Limit   float64 `json:"limit_mib"`
	Most    float64 `json:"most_mib"` // page cache, and in version 2 socket buffers, included
	Kills   int64   `json:"kills"`
}

// newGroup makes a control group below that of this process, or else below the root of
// the hierarchy. The error says why neither can be.
func newGroup(limit int64) (*group, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		// hierarchy:controllers:path, see cgroups(7); version 2 names no controllers.
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(part) != 3 {
			continue
		}
		mount, file, version := "/sys/fs/cgroup", "memory.max", 2
		switch {
		case strings.Contains(","+part[1]+",", ",memory,"):
			mount, file, version = "/sys/fs/cgroup/memory", "memory.limit_in_bytes", 1
		case part[1] != "":
			continue
		}
		for _, parent := range []string{part[2], "/"} {
			g := &group{filepath.Join(mount, parent, fmt.Sprintf("penstock-attacks-%d", os.Getpid())), version}
			if err = g.create(file, limit); err == nil {
				return g, nil
			}
		}
	}
	if err == nil {
		err = errors.New("/proc/self/cgroup names no group with a memory controller")
	}
	return nil, err
}

func (g *group) create(file string, limit int64) error {
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(g.dir, file), os.O_WRONLY, 0) // must not make a file where there is no controller
	if err == nil {
		_, err = f.WriteString(strconv.FormatInt(limit, 10))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return errors.Join(err, g.remove())
	}
	return nil
}

// remove needs the group's process to have ended.
func (g *group) remove() error { return os.Remove(g.dir) }

// command returns the command line that runs args in the group.
func (g *group) command(args ...string) []string {
	return append([]string{"/bin/sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, g.dir}, args...)
}

// use reads the counters.
func (g *group) use(limit int64) groupUse {
	most, events := "memory.peak", "memory.events"
	if g.version == 1 {
		most, events = "memory.max_usage_in_bytes", "memory.oom_control"
	}
	u := groupUse{Version: g.version, Limit: float64(limit) / mib}
	text, _ := os.ReadFile(filepath.Join(g.dir, most)) // older kernels have no memory.peak
	n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	u.Most = float64(n) / mib
	text, _ = os.ReadFile(filepath.Join(g.dir, events))
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(line, "oom_kill "); ok {
			u.Kills, _ = strconv.ParseInt(strings.TrimSpace(n), 10, 64)
		}
	}
	return u
}

// confined attacks a gateway whose memory is limited with connections that withhold the
// last byte of the largest body that is read whole: held, then in waves.
func (s siege) confined(ctx context.Context, shop *workshop) ([]attackResult, error) {
	a, _ := attackNamed("c")
	fmt.Fprintf(s.out, "%d connections, %v each, on a gateway with %d MiB\n", s.connections, s.long, s.memory/mib)
	var all []attackResult
	var missed []error
	for _, how := range []struct {
		about string
		wave  time.Duration
	}{{"held", 0}, {fmt.Sprintf("all anew every %v", attackWave), attackWave}} {
		r := attackResult{Attack: a.name, About: a.about + ", " + how.about}
		var err error
		if r.Beside, err = s.within(ctx, shop, a, how.wave); err != nil {
			return all, err
		}
		most := float64(s.memory) / mib * mostOfGroup
		if r.Beside.Resident >= most {
			r.Missed = append(r.Missed, fmt.Sprintf("%.0f MiB were resident, want less than %.0f", r.Beside.Resident, most))
		}
		if g := r.Beside.Group; g != nil && g.Kills > 0 {
			r.Missed = append(r.Missed, fmt.Sprintf("the control group has killed %d times", g.Kills))
		}
		r.printMemory(s.out)
		all = append(all, r)
		for _, m := range r.Missed {
			missed = append(missed, errors.New(m))
		}
	}
	return all, errors.Join(missed...)
}

// within runs one bout in a control group of its own, or says why there is none.
func (s siege) within(ctx context.Context, shop *workshop, a attack, wave time.Duration) (bout, error) {
	g, err := newGroup(s.memory)
	if err != nil {
		fmt.Fprintf(s.out, "no control group can be made, so the gateway gets GOMEMLIMIT alone: %v\n", err)
		shop.heap = s.memory / 10 * 9
		return s.bout(ctx, shop, a, false, "-wave", wave.String())
	}
	shop.group = g
	b, err := s.bout(ctx, shop, a, false, "-wave", wave.String())
	shop.group = nil
	use := g.use(s.memory)
	b.Group = &use
	if err != nil {
		err = fmt.Errorf("%w; the control group has killed %d times", err, use.Kills)
	}
	return b, errors.Join(err, g.remove())
}

func (r *attackResult) printMemory(out io.Writer) {
	group := "no control group"
	if g := r.Beside.Group; g != nil {
		group = fmt.Sprintf("control group (version %d) at most %.0f MiB, %d kills", g.Version, g.Most, g.Kills)
	}
	fmt.Fprintf(out, "%s: resident at most %.0f MiB; %s; %.2f %% of the ordinary requests succeeded (%s), p99 %.2f ms\n",
		r.About, r.Beside.Resident, group, 100*r.Beside.Share, counts(r.Beside.Failures), r.Beside.P99)
	r.Beside.printAttackers(out)
}

// memorySize reads a number of bytes with a unit; "" is 0.
func memorySize(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	for unit, size := range map[string]int64{"KiB": 1 << 10, "MiB": mib, "GiB": 1 << 30} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.ParseInt(number, 10, 32)
			if err == nil && n > 0 {
				return n * size, nil
			}
		}
	}
	return 0, fmt.Errorf("got %q, want a size such as 512MiB", text)
}
