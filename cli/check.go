package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"penstock/config"
)

// check reports every problem of a configuration, or that there is none.
func (p *Program) check(args []string) int {
	f := p.newFlags("check")
	file := f.configFile()
	if code, ok := f.parse(args); !ok {
		return code
	}
	cfg, ok := p.load(*file)
	if !ok {
		return exitUsage
	}
	_, _ = fmt.Fprintf(p.Stdout, "%s: ok, %s, %s\n", *file,
		count(len(cfg.Routes), "route"), count(len(cfg.Upstreams), "upstream"))
	return exitGood
}

// load reads a configuration; its problems and warnings go to standard error.
func (p *Program) load(file string) (cfg *config.Config, ok bool) {
	cfg, err := config.Load(file)
	if err != nil {
		complain(p.Stderr, err)
		return nil, false
	}
	for _, w := range cfg.Warnings {
		_, _ = fmt.Fprintf(p.Stderr, "%s\n", w)
	}
	for _, w := range readMemory(os.DirFS("/")).remarks(cfg) {
		_, _ = fmt.Fprintf(p.Stderr, "%s: %s\n", file, w)
	}
	return cfg, true
}

// complain prints what is wrong with a configuration, one problem a line.
func complain(w io.Writer, err error) {
	_, _ = fmt.Fprintf(w, "%v\n", err)
	if problems, ok := errors.AsType[config.Errors](err); ok && len(problems) > 1 {
		_, _ = fmt.Fprintf(w, "%d problems\n", len(problems))
	}
}

// count writes n with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
