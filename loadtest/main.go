// Package main is loadtest, a command that puts load on a gateway and reports whether it met
// its aims. It runs the gateway as another process, sends requests over sockets, and reads
// its state from the admin listener.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"penstock/loadtest/compare"
)

// command is one subcommand of loadtest. run prints to out and returns an error when a
// condition that it checks is not fulfilled.
type command struct {
	name, about string
	run         func(ctx context.Context, args []string, out io.Writer) error
}

func commands() []command {
	return []command{
		{"compare", "Penstock beside nginx, HAProxy, Varnish and Caddy on this machine", compare.Main},
		{"report", "one HTML page of what compare -out has saved in a folder, or of several runs", drawReport},
		{"soak", "full load with aborts by both sides; checks every byte, and that nothing leaks", soak},
		{"slow", "slow connections beside normal requests: what do they cost, and when are they cut?", slow},
		{"open", "requests at a constant rate to any URL; latency counts from when each was due", openLoop},
		{"overload", "three times what the gateway can do: does goodput hold, and are refusals quick?", overload},
		{"attacks", "seven attacks of slow, silent and leaving clients: what do they cost ordinary ones?", runAttacks},
		{"attackers", "the attacking connections of attacks, which starts it as a process of its own", runAttackers},
		{"sink", "accepts and reads; attacks starts it as a process of its own", runSink},
		{"drip", "the slow connections of slow, which starts it as a process of its own", drip},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "loadtest:", err)
		os.Exit(1)
	}
}

// run does what args ask for. flag.ErrHelp means that they were not understood and
// a text was printed.
func run(ctx context.Context, args []string, out io.Writer) error {
	for _, c := range commands() {
		if len(args) > 0 && args[0] == c.name {
			return c.run(ctx, args[1:], out)
		}
	}
	fmt.Fprintln(out, "go run ./loadtest COMMAND [-h]")
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-9s %s\n", c.name, c.about)
	}
	return flag.ErrHelp
}

// parse reads the flags of a command, which takes no other arguments.
func parse(set *flag.FlagSet, args []string) error {
	if err := set.Parse(args); err != nil {
		return flag.ErrHelp // package flag has printed the error
	}
	if set.NArg() > 0 {
		fmt.Fprintf(set.Output(), "%s takes no %s\n", set.Name(), strings.Join(set.Args(), " "))
		return flag.ErrHelp
	}
	return nil
}
