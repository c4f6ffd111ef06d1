package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Program is one invocation of the command. Stdout and Stderr must not be nil.
type Program struct {
	Args    []string  // without the program's name; none means `run`
	Stdout  io.Writer // gets what a command prints
	Stderr  io.Writer // gets problems and the process log
	Version string    // empty means what the build recorded, else "development"
	Shipped []byte    // the example configuration as YAML, which demo runs unless -config names another; else unused

	// Getenv looks up an environment variable; nil means os.LookupEnv. Variables in a
	// configuration file, those of Shipped excepted, are always those of the process.
	Getenv func(name string) (value string, set bool)
}

// The exit codes.
const (
	exitGood   = 0 // done, or ended as asked
	exitFailed = 1 // failed while running
	exitUsage  = 2 // bad arguments or configuration
)

// defaultConfig is the file that commands read when -config does not name one.
const defaultConfig = "config.yaml"

// command is one subcommand.
type command struct {
	name  string
	flags string // as usage shows them
	about string
	run   func(p *Program, args []string) int
}

// commands returns the subcommands in the order that help lists them.
func commands() []command {
	return []command{
		{"run", "[-config FILE]", "run the gateway (the default)", (*Program).run},
		{"demo", "[-public ADDR] [-admin ADDR]", "run three origins and the gateway with the shipped configuration", (*Program).demo},
		{"check", "[-config FILE]", "report every problem of a configuration", (*Program).check},
		{"config", "[-config FILE]", "print the configuration with every default", (*Program).config},
		{"schema", "", "print a JSON Schema of the configuration, for editors", (*Program).schema},
		{"origin", "[-listen ADDR] [-name NAME]", "run the embedded origin alone", (*Program).origin},
		{"health", "[-config FILE | -admin ADDR]", "ask a running gateway whether it is healthy", (*Program).health},
		{"profile", "[-config FILE | -admin ADDR]", "fetch profiles of a running gateway into files", (*Program).profile},
		{"purge", "-url|-prefix|-host|-tag VALUE, -all", "make a running gateway forget stored responses; -soft keeps them as stale", (*Program).purge},
		{"version", "", "print the version", (*Program).version},
		{"help", "", "print this", (*Program).help},
	}
}

// Main runs the subcommand that p.Args name, `run` when they name none, and returns the exit code:
// 0 good, 1 failed while running, 2 bad usage or configuration. Problems are written to p.Stderr. It
// does not end the process; `run`, `demo` and `origin` return when a signal or a fatal error ends them.
func Main(p Program) int {
	if p.Getenv == nil {
		p.Getenv = os.LookupEnv
	}
	name, args := "run", p.Args
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	if len(args) > 0 && name == "run" && isHelp(args[0]) && len(p.Args) == 1 {
		name, args = "help", nil
	}
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 {
		names := make([]string, len(all))
		for i, c := range all {
			names[i] = c.name
		}
		return p.usage("%q is not a command%s; there are %s", name, hint(name, names), strings.Join(names, ", "))
	}
	return all[i].run(&p, args)
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// help prints the commands.
func (p *Program) help(args []string) int {
	if len(args) > 0 {
		return p.usage("help takes no arguments, got %q; penstock COMMAND -h describes one command", args[0])
	}
	out := p.Stdout
	_, _ = fmt.Fprint(out, "Penstock, an HTTP gateway.\n\nUsage:\n")
	for _, c := range commands() {
		_, _ = fmt.Fprintf(out, "  penstock %-42s %s\n", strings.TrimSpace(c.name+" "+c.flags), c.about)
	}
	_, _ = fmt.Fprintf(out, "\nFILE is ./%s by default.\nExit codes: 0 good, 1 failed while running, 2 bad usage or configuration.\n", defaultConfig)
	return exitGood
}

// usage prints an error about the arguments or the configuration and returns exitUsage.
func (p *Program) usage(format string, args ...any) int {
	_, _ = fmt.Fprintf(p.Stderr, "penstock: "+format+"\n", args...)
	return exitUsage
}

// fail prints why a command failed and returns exitFailed.
func (p *Program) fail(err error) int {
	_, _ = fmt.Fprintf(p.Stderr, "penstock: %v\n", err)
	return exitFailed
}
