package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"penstock/loadtest/report"
	"penstock/loadtest/results"
)

// drawReport makes a page of what compare has saved in one folder or several.
func drawReport(_ context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("report", flag.ContinueOnError)
	set.SetOutput(out)
	if set.Parse(args) != nil {
		return flag.ErrHelp // package flag has printed the error
	}
	if set.NArg() == 0 {
		fmt.Fprintln(out, "report wants folders that compare -out has written; the page is of the last, the aims are judged by all")
		return flag.ErrHelp
	}
	runs := make([]*results.Run, set.NArg())
	for i, dir := range set.Args() {
		var err error
		if runs[i], err = results.Load(dir); err != nil {
			return err
		}
	}
	if err := report.Print(out, runs...); err != nil {
		return err
	}
	file, err := report.Write(set.Arg(set.NArg()-1), runs...)
	if err == nil {
		fmt.Fprintln(out, file)
	}
	return err
}
