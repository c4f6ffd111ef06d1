package program

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// CPUs returns the numbers, from 0, of the processors that this process may use, ascending. The error
// is that of the system.
func CPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("processors of this process: %w", err)
	}
	var all []int
	for n := 0; len(all) < set.Count(); n++ {
		if set.IsSet(n) {
			all = append(all, n)
		}
	}
	return all, nil
}

// Confine keeps this process on these processors, and with it every program that it
// starts afterwards without Options.CPUs. It returns an error when none of them exists, also for no
// numbers, or is permitted; some threads may be confined then.
func Confine(cpus []int) error {
	set := setOf(cpus)
	done := map[string]bool{}
	for again := true; again; { // a thread that has begun meanwhile may have the set of an older one
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		again = false
		for _, task := range tasks {
			id, err := strconv.Atoi(task.Name())
			if err != nil || done[task.Name()] {
				continue
			}
			if err := unix.SchedSetaffinity(id, &set); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("processors %v for thread %d: %w", cpus, id, err)
			}
			done[task.Name()], again = true, true
		}
	}
	return nil
}

// startOn calls start, which makes a process, while the thread of the caller may use
// these processors alone: the process inherits that from it.
func startOn(cpus []int, start func() error) error {
	if cpus == nil {
		return start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	set := setOf(cpus)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("processors %v: %w", cpus, err)
	}
	return errors.Join(start(), unix.SchedSetaffinity(0, &before))
}

func setOf(cpus []int) (set unix.CPUSet) {
	for _, n := range cpus {
		set.Set(n)
	}
	return set
}
