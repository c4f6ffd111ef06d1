// Penstock is an HTTP gateway: it routes, balances and streams HTTP/1 traffic as
// one YAML file says. Everything it can do starts in package cli.
package main

import (
	_ "embed"
	"os"

	"penstock/cli"
)

// version is set when a release is linked: -ldflags "-X main.version=1.2.3".
var version string

// shipped is the example configuration, which `penstock demo` runs.
//
//go:embed config.yaml
var shipped []byte

func main() {
	os.Exit(cli.Main(cli.Program{
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr, Version: version, Shipped: shipped,
	}))
}
