package compare

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"penstock/loadtest/peers"
	"penstock/loadtest/program"
)

// canPin reports whether there is more than one processor.
func canPin() bool {
	cpus, err := program.CPUs()
	return err == nil && len(cpus) > 1
}

// shareOut divides the processors between the target and the others, which are load and
// origin. The others get one processor each, because both have one thread, but never more
// than half of all.
func shareOut(cpus []int) (target, others []int) {
	n := min(2, len(cpus)/2)
	return cpus[n:], cpus[:n]
}

// settle assigns processors, and sets the number of workers of a target and the seed of the
// order. The kit moves itself away from the processors of the target, and with it wrk and
// the origin.
func (k *kit) settle(o options) error {
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano())
	}
	k.random = newRandom(o.seed)
	k.results.Seed = o.seed
	where := fmt.Sprintf("%d processors, shared with load and origin", runtime.NumCPU())
	k.workers = runtime.NumCPU()
	if o.pin {
		cpus, err := program.CPUs()
		if err == nil && len(cpus) < 2 {
			err = errors.New("the machine has only one processor")
		}
		if err != nil {
			return fmt.Errorf("-pin: %w", err)
		}
		target, others := shareOut(cpus)
		if err := program.Confine(others); err != nil {
			return fmt.Errorf("-pin: %w", err)
		}
		k.cpus, k.workers = target, len(target)
		where = fmt.Sprintf("processors %v of its own; load and origin have %v", target, others)
	}
	if o.workers > 0 {
		k.workers = o.workers
	}
	k.results.Given = map[string]string{}
	for _, p := range peers.All() {
		if k.found[p.Name] == "" || !k.wants(p.Name) {
			continue
		}
		given := where + "; it counts them by itself"
		if p.Workers != "" {
			given = fmt.Sprintf("%s; %s: %d", where, p.Workers, k.workers)
		}
		k.results.Given[p.Name] = given
		fmt.Fprintf(k.out, "%-9s %s\n", p.Name, given)
	}
	fmt.Fprintf(k.out, "order     -seed %d\n", o.seed)
	return nil
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// shuffled returns the order of n targets in the next round. It is random, so that
// interference by the machine, or by the target before, affects all targets alike.
func (k *kit) shuffled(n int) []int { return k.random.Perm(n) }
