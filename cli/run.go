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
		files: append([]string{*file}, certificates(cfg)...),
	})
}

// certificates lists the files that a configuration points to; a renewed one
// takes effect like a changed configuration.
func certificates(cfg *config.Config) []string {
	var files []string
	for _, u := range cfg.Upstreams {
		for _, file := range []string{u.TLS.CA, u.TLS.Cert, u.TLS.Key} {
			if file != "" {
				files = append(files, file)
			}
		}
	}
	return files
}
