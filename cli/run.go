package cli

import (
	"penstock/config"
	"penstock/policy"
)

// run serves until a signal or a fatal error ends it.
func (p *Program) run(args []string) int {
	f := p.newFlags("run")
	file := f.configFile()
	if code, ok := f.parse(args); !ok {
		return code
	}
	return p.serve(&service{
		load: func() (*config.Config, error) { return config.Load(*file, policy.Table()...) },
		file: *file,
	})
}
