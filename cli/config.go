package cli

import (
	"cmp"
	"os"

	"penstock/gateway"
)

// config prints the configuration in force with every default, as YAML, the size
// that the response cache and the buffers of request bodies would have on this machine
// included. Secrets are not shown.
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
	shown, m := *cfg, readMemory(os.DirFS("/"))
	shown.Cache.Memory = cmp.Or(cfg.Cache.Memory, m.cacheBytes())
	cache := shown.Cache.Memory
	if !caches(cfg) {
		cache = 0
	}
	shown.Limits.Buffered = cmp.Or(cfg.Limits.Buffered, gateway.BufferedBodies(m.heapRoom(cache, ownLimit(p.Getenv))))
	text, err := shown.YAML()
	if err != nil {
		return p.fail(err)
	}
	_, _ = p.Stdout.Write(text)
	return exitGood
}
