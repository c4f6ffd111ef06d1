package cli

import (
	"penstock/config"
	"penstock/policy"
)

// schema prints the JSON Schema of a configuration, for editors.
func (p *Program) schema(args []string) int {
	f := p.newFlags("schema")
	if code, ok := f.parse(args); !ok {
		return code
	}
	text, err := config.Schema(policy.Table()...)
	if err != nil {
		return p.fail(err)
	}
	_, _ = p.Stdout.Write(text)
	return exitGood
}
