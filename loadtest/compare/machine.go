package compare

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"penstock/loadtest/results"
)

// thisMachine describes the machine of the run.
func thisMachine() results.Machine {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // empty where there is no such file
	return results.Machine{
		CPUs:   runtime.NumCPU(),
		Model:  lineOf("/proc/cpuinfo", "model name"),
		Memory: lineOf("/proc/meminfo", "MemTotal"),
		Kernel: strings.TrimSpace(string(kernel)),
		Go:     runtime.Version(),
	}
}

// lineOf returns the text after the colon of the line that begins with name; empty when
// there is none.
func lineOf(file, name string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// version returns the first line that a program prints when it is run with args. For a Go
// program that prints none it returns the module version in the binary.
func version(ctx context.Context, binary string, args ...string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var said, complained strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &complained
	_ = cmd.Run() // wrk -v ends with 1
	for line := range strings.Lines(said.String() + complained.String()) {
		if line = strings.TrimSpace(line); line != "" && line != unknown {
			return line
		}
	}
	if info, err := buildinfo.ReadFile(binary); err == nil {
		return info.Main.Version
	}
	return unknown
}

const unknown = "unknown"

// buildPenstock builds the module's Penstock with the commit in it, or without the commit
// when git cannot provide it.
func buildPenstock(ctx context.Context, binary string, flags ...string) error {
	var text []byte
	var err error
	for _, stamp := range []string{"-buildvcs=true", "-buildvcs=false"} { // explicit, because GOFLAGS may set it
		args := append(append([]string{"build", stamp}, flags...), "-o", binary, "penstock")
		if text, err = exec.CommandContext(ctx, "go", args...).CombinedOutput(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("go build penstock: %w\n%s", err, text)
}

// revision returns the commit that a Go program was built from, and whether files differed
// from it; empty when the program was not built in a repository.
func revision(binary string) string {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return ""
	}
	var text string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			text = ", commit " + s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			text += " and changes"
		}
	}
	return text
}
