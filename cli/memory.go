package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"math"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"penstock/config"
)

// headroom is the share of the container's memory, in percent, that the limit of the Go heap
// leaves for sockets, mapped files and the kernel.
const headroom = 10

const (
	cacheShare = 40       // of the memory, in percent, for a response cache whose size nobody named
	cacheStep  = 32 << 20 // what its size is a multiple of, in bytes
	leastHeap  = 10       // of the container's memory, in percent, whatever the cache takes
)

// memory is what the process may take, in bytes.
type memory struct {
	container int64 // the smallest limit of the control group and its ancestors; zero means none
	machine   int64 // what the machine has; zero means unknown, as on other systems than Linux
}

// readMemory finds out; root is the file system's root.
func readMemory(root fs.FS) memory {
	return memory{container: containerLimit(root), machine: machineMemory(root)}
}

// all returns what there is, zero when that is unknown.
func (m memory) all() int64 {
	if m.container == 0 || m.machine > 0 && m.machine < m.container {
		return m.machine
	}
	return m.container
}

// cacheBytes returns the size of a response cache whose size is not configured; zero when the
// memory is unknown.
func (m memory) cacheBytes() int64 {
	if m.all() == 0 {
		return 0
	}
	return max(cacheStep, m.all()/100*cacheShare/cacheStep*cacheStep)
}

// heapLimit returns the soft limit for the Go heap beside a response cache of so
// many bytes, which the heap does not see. Zero means that there is none.
func (m memory) heapLimit(cache int64) int64 {
	if m.container == 0 {
		return 0
	}
	return max(m.container-m.container/100*headroom-cache, m.container/100*leastHeap)
}

// heapRoom returns what the Go heap may take beside a response cache of so many bytes: own, if
// the operator has set GOMEMLIMIT to that, else what the container or the machine has less a
// tenth and the cache. Zero means that it is not known.
func (m memory) heapRoom(cache, own int64) int64 {
	all := m.all()
	switch {
	case own > 0:
		return own
	case all == 0:
		return 0
	}
	return max(all-all/100*headroom-cache, all/100*leastHeap)
}

// ownLimit returns the GOMEMLIMIT that the runtime has read from the environment; zero when it
// is not set.
func ownLimit(getenv func(string) (string, bool)) int64 {
	if _, set := getenv("GOMEMLIMIT"); !set {
		return 0
	}
	if n := debug.SetMemoryLimit(-1); n != math.MaxInt64 {
		return n
	}
	return 0
}

// remarks says what of a configuration does not go well with the memory.
func (m memory) remarks(c *config.Config) []string {
	size := cmp.Or(c.Cache.Memory, m.cacheBytes())
	if size == 0 || m.all() == 0 || !caches(c) {
		return nil
	}
	var all []string
	switch {
	case size > m.all():
		all = append(all, fmt.Sprintf("cache.memory: %s is more than the %s that there are", mebibytes(size), mebibytes(m.all())))
	case size > m.all()/4*3:
		all = append(all, fmt.Sprintf("cache.memory: %s of %s leaves little for everything else", mebibytes(size), mebibytes(m.all())))
	}
	if c.Cache.MaxObject > size/2 {
		all = append(all, fmt.Sprintf("cache.max_object: %s is more than half of the cache, which here has %s; larger bodies are not kept",
			mebibytes(c.Cache.MaxObject), mebibytes(size)))
	}
	return all
}

// caches reports whether any route does.
func caches(c *config.Config) bool {
	return slices.ContainsFunc(c.Routes, func(r *config.Route) bool { return r.Cache != nil })
}

func mebibytes(n int64) string { return strconv.FormatInt(n>>20, 10) + " MiB" }

// machineMemory reads the size of the machine's memory (proc_meminfo(5)).
func machineMemory(root fs.FS) int64 {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if number, found := strings.CutPrefix(line, "MemTotal:"); found {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(number), " kB"), 10, 64)
			if err != nil || n < 0 || n > math.MaxInt64>>10 {
				return 0
			}
			return n << 10
		}
	}
	return 0
}

// containerLimit returns the smallest memory limit of the process's control group
// and its ancestors, in bytes. Zero means that there is none, as on systems
// without control groups.
func containerLimit(root fs.FS) int64 {
	limit := int64(math.MaxInt64)
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(groups)) {
		// hierarchy:controllers:path (cgroups(7)); version 2 names no controllers.
		part := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(part) != 3 {
			continue
		}
		switch {
		case part[1] == "":
			limit = min(limit, smallestLimit(root, "sys/fs/cgroup", part[2], "memory.max"))
		case strings.Contains(","+part[1]+",", ",memory,"):
			limit = min(limit, smallestLimit(root, "sys/fs/cgroup/memory", part[2], "memory.limit_in_bytes"))
		}
	}
	if limit >= 1<<60 { // version 1 writes a huge number for none
		return 0
	}
	return limit
}

// smallestLimit returns the smallest limit of group and of every group above it. Inside
// a container the path may not exist, because its own group is the root there.
func smallestLimit(root fs.FS, mount, group, file string) int64 {
	limit := int64(math.MaxInt64)
	for group = path.Clean("/" + group); ; group = path.Dir(group) {
		text, err := fs.ReadFile(root, path.Join(mount, group, file))
		if err == nil {
			// "max" is no number and no limit.
			if n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64); err == nil && n > 0 {
				limit = min(limit, n)
			}
		}
		if group == "/" {
			return limit
		}
	}
}
