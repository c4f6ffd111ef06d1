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

// canPin reports whether there are processors to share out.
func canPin() bool {
	cpus, err := program.CPUs()
	return err == nil && len(cpus) > 1
}

// shareOut gives load and origin what they can use, which is one processor each, as both
// have one thread, and the rest to the target; where there are few, half to each side.
func shareOut(cpus []int) (target, others []int) {
	n := min(2, len(cpus)/2)
	return cpus[n:], cpus[:n]
}

// settle decides who runs where, how many workers a target is told to have, and the order
// of the rounds. The kit itself, and with it wrk and the origin, leave the processors of
// the target.
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
			err = errors.New("there is one processor alone")
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

// shuffled returns the order in which n targets have their turns in the next round: what
// the machine does every few seconds, or a target to the next one, meets each of them.
func (k *kit) shuffled(n int) []int { return k.random.Perm(n) }
