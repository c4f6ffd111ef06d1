// Package main is structure, a command that prints how large the parts of each
// package are and which of its files use each other in a circle.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"penstock/structure/measure"
)

func main() {
	dir := flag.String("C", ".", "the `folder` of the module")
	verbose := flag.String("v", "", "list the circle of one `package`, a folder such as gateway, and the edges between its files")
	flag.Parse()
	if err := run(os.Stdout, *dir, *verbose); err != nil {
		fmt.Fprintf(os.Stderr, "structure: %v\n", err)
		os.Exit(1)
	}
}

func run(out io.Writer, dir, verbose string) error {
	m, err := measure.Load(dir)
	if err != nil {
		return err
	}
	if verbose == "" {
		return printAll(out, m)
	}
	for _, p := range m.Packages {
		if p.Folder() == verbose || p.Path == verbose {
			return printCircle(out, p)
		}
	}
	return fmt.Errorf("no package %q in this module", verbose)
}

// printAll writes one line for each package.
func printAll(out io.Writer, m *measure.Module) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "package\tfiles\tcircle\tlines\tmost methods\tmost fields\tlargest interface\tlargest file\tonly forward")
	for _, p := range m.Packages {
		c := p.LargestCircle()
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", folder(p), len(p.Files), len(c.Files), c.Lines,
			sized(p.MostMethods()), sized(p.MostFields()), sized(p.LargestInterface()), sized(p.LargestFile()),
			strings.Join(p.Forwarders(), " "))
	}
	return w.Flush()
}

func folder(p *measure.Package) string {
	if p.Folder() == "" {
		return "main"
	}
	return p.Folder()
}

func sized(s measure.Sized) string {
	if s.Size == 0 {
		return "-"
	}
	return fmt.Sprintf("%d %s", s.Size, s.Name)
}

// printCircle writes the files of the largest circle and then, file by file,
// which names of which other files of the circle it uses.
func printCircle(out io.Writer, p *measure.Package) error {
	c := p.LargestCircle()
	inside := map[*measure.File]bool{}
	fmt.Fprintf(out, "%s: the largest circle has %d of %d files, %d lines\n", folder(p), len(c.Files), len(p.Files), c.Lines)
	for _, f := range c.Files {
		inside[f] = true
		fmt.Fprintf(out, "  %s %d\n", f.Name, f.Lines)
	}
	for _, e := range p.Edges() {
		if !inside[e.From] || !inside[e.To] {
			continue
		}
		fmt.Fprintf(out, "\n%s -> %s:", e.From.Name, e.To.Name)
		for _, name := range e.Names {
			fmt.Fprintf(out, " %s", name.Name)
			if name.Uses > 1 {
				fmt.Fprintf(out, "*%d", name.Uses)
			}
		}
	}
	_, err := fmt.Fprintln(out)
	return err
}
