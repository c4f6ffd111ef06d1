package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"penstock/loadtest/driver"
)

// openLoop runs the command open: it sends requests at a constant rate and prints a report.
func openLoop(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("open", flag.ContinueOnError)
	set.SetOutput(out)
	var o driver.Options
	set.Float64Var(&o.Rate, "rate", 1000, "requests a second, evenly spaced")
	set.IntVar(&o.Connections, "connections", 64, "kept-alive connections that share them")
	set.DurationVar(&o.Duration, "duration", 10*time.Second, "how long it counts")
	set.DurationVar(&o.Warmup, "warmup", time.Second, "how long it runs before")
	set.DurationVar(&o.Timeout, "timeout", 10*time.Second, "longest wait for a response")
	body := set.Int("body", 0, "`bytes` that each request uploads; 0 is GET")
	asJSON := set.Bool("json", false, "print the figures as one JSON object")
	var fields []string
	set.Func("H", "a `header`, \"Name: value\"; may be given again", func(text string) error {
		fields = append(fields, text)
		return nil
	})
	if set.Parse(args) != nil {
		return flag.ErrHelp // package flag has printed the error
	}
	if set.NArg() == 0 {
		fmt.Fprintln(out, "open wants one or more URLs of one host; it sends requests for them in turn")
		return flag.ErrHelp
	}
	var upload []byte
	if *body > 0 {
		upload = make([]byte, *body)
	}
	for _, target := range set.Args() {
		to, request, err := driver.Request(target, upload, fields...)
		switch {
		case err != nil:
			return err
		case o.Address.IsValid() && o.Address != to:
			return fmt.Errorf("%s is at %v, the URL before at %v: all go to one host", target, to, o.Address)
		}
		o.Address, o.Requests = to, append(o.Requests, request)
	}
	r, err := driver.Run(ctx, o)
	if err != nil {
		return err
	}
	if *asJSON {
		err = json.NewEncoder(out).Encode(r)
	} else {
		r.Print(out)
	}
	if err == nil && r.Good.Count()+r.Refused.Count()+r.Other.Count() == 0 {
		err = errors.New("no response came")
	}
	return err
}
