package cli

// config prints the configuration in force with every default, as YAML. Secrets
// are not shown.
func (p *Program) config(args []string) int {
	f := p.newFlags("config")
	file := f.configFile()
	if code, ok := f.parse(args); !ok {
		return code
	}
	cfg, ok := p.load(*file)
	if !ok {
		return exitUsage
	}
	text, err := cfg.YAML()
	if err != nil {
		return p.fail(err)
	}
	_, _ = p.Stdout.Write(text)
	return exitGood
}
