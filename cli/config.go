package cli

import (
	"cmp"
	"os"
)

// config prints the configuration in force with every default, as YAML, the size
// that the response cache would have on this machine included. Secrets are not shown.
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
	shown := *cfg
	shown.Cache.Memory = cmp.Or(cfg.Cache.Memory, readMemory(os.DirFS("/")).cacheBytes())
	text, err := shown.YAML()
	if err != nil {
		return p.fail(err)
	}
	_, _ = p.Stdout.Write(text)
	return exitGood
}
