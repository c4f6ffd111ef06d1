package cli

import "penstock/config"

// run serves until a signal or a fatal error ends it.
func (p *Program) run(args []string) int {
	f := p.newFlags("run")
	file := f.configFile()
	if code, ok := f.parse(args); !ok {
		return code
	}
	cfg, ok := p.load(*file)
	if !ok {
		return exitUsage
	}
	return p.serve(&service{
		first: cfg,
		load:  func() (*config.Config, error) { return config.Load(*file) },
		file:  *file,
	})
}
