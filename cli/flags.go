package cli

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"penstock/config"
)

// flags is the flag set of one subcommand.
type flags struct {
	*flag.FlagSet
	p *Program
}

// newFlags returns an empty set for the subcommand of that name.
func (p *Program) newFlags(name string) flags {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	return flags{set, p}
}

// configFile adds -config.
func (f flags) configFile() *string {
	return f.String("config", defaultConfig, "configuration `file`")
}

// adminAddress adds -admin.
func (f flags) adminAddress() *string {
	return f.String("admin", "", "`address` of the admin listener; empty reads it from -config")
}

// parse reads args. When ok is false it has printed the usage for -h, or an error, and the
// command must end with code.
func (f flags) parse(args []string) (code int, ok bool) {
	switch err := f.Parse(args); {
	case err == flag.ErrHelp:
		f.describe(f.p.Stdout)
		return exitGood, false
	case err != nil:
		return f.p.usage("%s: %s", f.Name(), f.explain(err)), false
	case f.NArg() > 0:
		return f.p.usage("%s: %q is one argument too many%s", f.Name(), f.Arg(0), f.stray(f.Arg(0))), false
	}
	return exitGood, true
}

// stray returns a hint for an argument without a flag: how to name a file, or the flags.
func (f flags) stray(arg string) string {
	if f.Lookup("config") != nil && isFile(arg) {
		return "; write penstock " + f.Name() + " -config " + arg
	}
	return f.list()
}

// explain adds a suggestion to the message of package flag.
func (f flags) explain(err error) string {
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return err.Error()
	}
	near := config.DidYouMean(name, f.names())
	if f.Name() == "run" { // the command that is meant when none is named
		near = hint(name, f.names())
	}
	return fmt.Sprintf("there is no flag -%s%s%s", name, near, f.list())
}

func (f flags) names() []string {
	var names []string
	f.VisitAll(func(x *flag.Flag) { names = append(names, x.Name) })
	return names
}

// list names the flags there are, as the end of a sentence.
func (f flags) list() string {
	names := f.names()
	if len(names) == 0 {
		return "; it takes no flags"
	}
	return "; there is -" + strings.Join(names, ", -")
}

// describe prints the flags with their defaults.
func (f flags) describe(w io.Writer) {
	for _, c := range commands() {
		if c.name == f.Name() {
			_, _ = fmt.Fprintf(w, "penstock %s: %s\n", strings.TrimSpace(c.name+" "+c.flags), c.about)
		}
	}
	f.SetOutput(w)
	f.PrintDefaults()
}
