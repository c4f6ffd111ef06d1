package cli

import (
	"slices"
	"testing"
	"testing/fstest"

	"penstock/config"
)

func TestContainerLimitIsThatOfTheControlGroup(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, tc := range []struct {
		name  string
		files fstest.MapFS
		want  int64
	}{
		{"no control groups", fstest.MapFS{}, 0},
		{"v2, a container sees its own group as root", fstest.MapFS{
			"proc/self/cgroup":         file("0::/\n"),
			"sys/fs/cgroup/memory.max": file("1000\n"),
		}, 1000},
		{"v2 without a limit", fstest.MapFS{
			"proc/self/cgroup":         file("0::/\n"),
			"sys/fs/cgroup/memory.max": file("max\n"),
		}, 0},
		{"v2, the smallest limit on the way up counts", fstest.MapFS{
			"proc/self/cgroup":             file("0::/a/b\n"),
			"sys/fs/cgroup/a/b/memory.max": file("max\n"),
			"sys/fs/cgroup/a/memory.max":   file("5000\n"),
			"sys/fs/cgroup/memory.max":     file("7000\n"),
		}, 5000},
		{"v1, the path is the host's and the group is the mount", fstest.MapFS{
			"proc/self/cgroup":                           file("4:cpu,cpuacct:/x\n3:memory:/docker/abc\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("2000\n"),
		}, 2000},
		{"v1 without a limit", fstest.MapFS{
			"proc/self/cgroup":                           file("3:memory:/\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"),
		}, 0},
		{"v1 and v2 side by side", fstest.MapFS{
			"proc/self/cgroup": file("3:memory:/m\n0::/\n"),
			"sys/fs/cgroup/memory/m/memory.limit_in_bytes": file("3000\n"),
			"sys/fs/cgroup/memory.max":                     file("max\n"),
		}, 3000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := containerLimit(tc.files); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

func TestMemoryIsWhatTheContainerHasElseTheMachine(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	const meminfo = "MemFree:  1 kB\nMemTotal:       8192 kB\nBuffers: 2 kB\n"
	for _, tc := range []struct {
		name  string
		files fstest.MapFS
		want  int64
	}{
		{"nothing is known", fstest.MapFS{}, 0},
		{"the machine's", fstest.MapFS{"proc/meminfo": file(meminfo)}, 8 << 20},
		{"not a number", fstest.MapFS{"proc/meminfo": file("MemTotal: many kB\n")}, 0},
		{"the container's", fstest.MapFS{
			"proc/meminfo": file(meminfo), "proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("4194304\n"),
		}, 4 << 20},
		{"a container's limit above the machine", fstest.MapFS{
			"proc/meminfo": file(meminfo), "proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("16777216\n"),
		}, 8 << 20},
	} {
		if got := readMemory(tc.files).all(); got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestSizeOfACacheThatNobodyNamed(t *testing.T) {
	for all, want := range map[int64]int64{
		0:         0, // unknown: the gateway's default
		16 << 20:  32 << 20,
		256 << 20: 96 << 20,
		1 << 30:   384 << 20,
		8 << 30:   3264 << 20,
	} {
		if got := (memory{machine: all}).cacheBytes(); got != want {
			t.Errorf("of %d: got %d, want %d", all, got, want)
		}
	}
}

func TestTheHeapLeavesRoomForTheCache(t *testing.T) {
	for _, tc := range []struct{ container, cache, want int64 }{
		{0, 100, 0},
		{1000, 0, 900},
		{1000, 400, 500},
		{1000, 950, 100},
	} {
		if got := (memory{container: tc.container, machine: 1 << 40}).heapLimit(tc.cache); got != tc.want {
			t.Errorf("container %d with a cache of %d: got %d, want %d", tc.container, tc.cache, got, tc.want)
		}
	}
}

func TestRemarksAboutTheMemory(t *testing.T) {
	for _, tc := range []struct {
		name    string
		memory  memory
		cache   config.Store
		remarks []string
	}{
		{"enough", memory{machine: 1 << 30}, config.Store{Memory: 512 << 20, MaxObject: 256 << 20}, nil},
		{"unknown", memory{}, config.Store{Memory: 1 << 40, MaxObject: 1}, nil},
		{"more than there is", memory{container: 1 << 30}, config.Store{Memory: 2 << 30, MaxObject: 1},
			[]string{"cache.memory: 2048 MiB is more than the 1024 MiB that there are"}},
		{"nearly all", memory{container: 1 << 30}, config.Store{Memory: 800 << 20, MaxObject: 1},
			[]string{"cache.memory: 800 MiB of 1024 MiB leaves little for everything else"}},
		{"objects that the automatic size does not hold", memory{container: 1 << 30}, config.Store{MaxObject: 193 << 20},
			[]string{"cache.max_object: 193 MiB is more than half of the cache, which here has 384 MiB; larger bodies are not kept"}},
	} {
		c := &config.Config{Cache: tc.cache, Routes: []*config.Route{{Cache: &config.Cache{}}}}
		if got := tc.memory.remarks(c); !slices.Equal(got, tc.remarks) {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.remarks)
		}
		c.Routes[0].Cache = nil
		if got := tc.memory.remarks(c); got != nil {
			t.Errorf("%s, but no route caches: got %q", tc.name, got)
		}
	}
}
