package compare

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of processor times in /proc, on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// usage is the resources used by a process and all its descendants.
type usage struct {
	pids     []int
	cpu      time.Duration // user and system, since each began
	resident int64         // bytes; what two of them share counts twice
}

// process is a line of /proc.
type process struct {
	parent   int
	cpu      time.Duration
	resident int64
}

// usageOf reads the processes that descend from pid, and pid itself. proc is /proc,
// pageSize the unit of its memory figures.
func usageOf(proc fs.FS, pid int, pageSize int64) (usage, error) {
	entries, err := fs.ReadDir(proc, ".")
	if err != nil {
		return usage{}, err
	}
	all := map[int]process{}
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		text, err := fs.ReadFile(proc, e.Name()+"/stat")
		if err != nil {
			continue // it has ended
		}
		if all[id], err = parseStat(text, pageSize); err != nil {
			return usage{}, fmt.Errorf("process %d: %w", id, err)
		}
	}
	if _, ok := all[pid]; !ok {
		return usage{}, fmt.Errorf("there is no process %d", pid)
	}
	u := usage{pids: []int{pid}}
	for i := 0; i < len(u.pids); i++ { // grows as children are found
		p := all[u.pids[i]]
		u.cpu += p.cpu
		u.resident += p.resident
		for id, p := range all {
			if p.parent == u.pids[i] {
				u.pids = append(u.pids, id)
			}
		}
	}
	slices.Sort(u.pids)
	return u, nil
}

// parseStat reads /proc/PID/stat, see proc(5). The second field is a name in
// brackets that may hold anything.
func parseStat(text []byte, pageSize int64) (process, error) {
	_, rest, found := strings.Cut(string(text[max(0, bytes.LastIndexByte(text, ')')):]), ") ")
	fields := strings.Fields(rest)
	const state, parent, user, system, resident = 3, 4, 14, 15, 24 // numbers as in the manual
	if !found || len(fields) <= resident-state {
		return process{}, fmt.Errorf("stat %q: too short", text)
	}
	var values [3]int64
	for i, n := range []int{user, system, resident} {
		v, err := strconv.ParseInt(fields[n-state], 10, 64)
		if err != nil {
			return process{}, fmt.Errorf("stat field %d: %w", n, err)
		}
		values[i] = v
	}
	id, err := strconv.Atoi(fields[parent-state])
	if err != nil {
		return process{}, fmt.Errorf("stat field %d: %w", parent, err)
	}
	return process{id, time.Duration(values[0]+values[1]) * tick, values[2] * pageSize}, nil
}
