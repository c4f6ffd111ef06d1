package cli

import (
	"testing"
	"testing/fstest"
)

func TestMemoryLimitFollowsTheControlGroup(t *testing.T) {
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
		}, 900},
		{"v2 without a limit", fstest.MapFS{
			"proc/self/cgroup":         file("0::/\n"),
			"sys/fs/cgroup/memory.max": file("max\n"),
		}, 0},
		{"v2, the smallest limit on the way up counts", fstest.MapFS{
			"proc/self/cgroup":             file("0::/a/b\n"),
			"sys/fs/cgroup/a/b/memory.max": file("max\n"),
			"sys/fs/cgroup/a/memory.max":   file("5000\n"),
			"sys/fs/cgroup/memory.max":     file("7000\n"),
		}, 4500},
		{"v1, the path is the host's and the group is the mount", fstest.MapFS{
			"proc/self/cgroup":                           file("4:cpu,cpuacct:/x\n3:memory:/docker/abc\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("2000\n"),
		}, 1800},
		{"v1 without a limit", fstest.MapFS{
			"proc/self/cgroup":                           file("3:memory:/\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"),
		}, 0},
		{"v1 and v2 side by side", fstest.MapFS{
			"proc/self/cgroup": file("3:memory:/m\n0::/\n"),
			"sys/fs/cgroup/memory/m/memory.limit_in_bytes": file("3000\n"),
			"sys/fs/cgroup/memory.max":                     file("max\n"),
		}, 2700},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := memoryLimit(tc.files); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}
