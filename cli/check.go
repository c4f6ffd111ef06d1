package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"penstock/config"
	"penstock/policy"
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
	if err := checkLogFile(cfg); err != nil {
		complain(p.Stderr, err)
		return exitUsage
	}
	_, _ = fmt.Fprintf(p.Stdout, "%s: ok, %s, %s\n", *file,
		count(len(cfg.Routes), "route"), count(len(cfg.Upstreams), "upstream"))
	return exitGood
}

// checkLogFile returns why a start could not open the access log's file.
func checkLogFile(cfg *config.Config) error {
	a := cfg.Log.Access
	if a == nil || !filepath.IsAbs(a.File) { // off, or one of the streams
		return nil
	}
	folder := filepath.Dir(a.File)
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return config.Errors{cfg.ProblemAt("log.access.file", "the folder %s does not exist", folder)}
	case err != nil:
		return config.Errors{cfg.ProblemAt("log.access.file", "%v", err)}
	case !info.IsDir():
		return config.Errors{cfg.ProblemAt("log.access.file", "%s is not a folder", folder)}
	}
	if info, err := os.Stat(a.File); err == nil && info.IsDir() {
		return config.Errors{cfg.ProblemAt("log.access.file", "%s is a folder", a.File)}
	}
	return nil
}

// load reads a configuration; its problems and warnings go to standard error.
func (p *Program) load(file string) (cfg *config.Config, ok bool) {
	cfg, err := config.Load(file, policy.Table()...)
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

// complain prints the problems of a configuration, one a line.
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
