package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"penstock/loadtest/report"
)

// drawReport makes a page of what compare has saved in a folder.
func drawReport(_ context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("report", flag.ContinueOnError)
	set.SetOutput(out)
	if set.Parse(args) != nil {
		return flag.ErrHelp // flag has told why
	}
	if set.NArg() != 1 {
		fmt.Fprintln(out, "report wants the folder that compare -out has written")
		return flag.ErrHelp
	}
	file, err := report.Write(set.Arg(0))
	if err == nil {
		fmt.Fprintln(out, file)
	}
	return err
}
