package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// build is what the binary knows about its making.
type build struct {
	version  string // as it was linked in, else the module's, else "development"
	revision string // of the source; empty when the build did not see it
}

// built returns what is known about the build; linked is the version given at link time.
func built(linked string) build {
	b := build{version: linked}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		b.version = cmp.Or(linked, "development")
		return b
	}
	if info.Main.Version != "(devel)" {
		b.version = cmp.Or(linked, info.Main.Version)
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.revision = s.Value
		}
	}
	b.version = cmp.Or(b.version, "development")
	return b
}

// version prints the version, the source revision when known, and Go's version.
func (p *Program) version(args []string) int {
	if code, ok := p.newFlags("version").parse(args); !ok {
		return code
	}
	b := built(p.Version)
	text := "penstock " + b.version
	if b.revision != "" {
		text += " (" + b.revision + ")"
	}
	_, _ = fmt.Fprintf(p.Stdout, "%s %s %s/%s\n", text, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitGood
}
