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

// thisMachine says where we are.
func thisMachine() results.Machine {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // unknown is empty
	return results.Machine{
		CPUs:   runtime.NumCPU(),
		Model:  lineOf("/proc/cpuinfo", "model name"),
		Memory: lineOf("/proc/meminfo", "MemTotal"),
		Kernel: strings.TrimSpace(string(kernel)),
		Go:     runtime.Version(),
	}
}

// lineOf returns what stands behind the colon of a line; empty when there is none.
func lineOf(file, name string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// version asks a program which one it is: the first line of what it says. A Go
// program that does not know is looked into.
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

// buildPenstock builds the module's Penstock with the commit in it, or without where git
// does not tell.
func buildPenstock(ctx context.Context, binary string, flags ...string) error {
	var text []byte
	var err error
	for _, stamp := range []string{"-buildvcs=true", "-buildvcs=false"} { // GOFLAGS may say otherwise
		args := append(append([]string{"build", stamp}, flags...), "-o", binary, "penstock")
		if text, err = exec.CommandContext(ctx, "go", args...).CombinedOutput(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("go build penstock: %w\n%s", err, text)
}

// revision is the commit that a Go program was built from, with a word when files were
// changed; empty when it was not built in a repository.
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
