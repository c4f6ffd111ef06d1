package cli

import (
	"context"
	"fmt"
	"os/signal"
	"time"

	"penstock/origin"
)

// originGrace is how long responses may take to end when an origin shuts down.
const originGrace = 10 * time.Second

// origin runs the embedded origin until a signal ends it.
func (p *Program) origin(args []string) int {
	f := p.newFlags("origin")
	listen := f.String("listen", "127.0.0.1:9101", "`address` to listen on")
	name := f.String("name", "origin", "the `name` that responses carry in X-Origin")
	if code, ok := f.parse(args); !ok {
		return code
	}
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	defer stop()
	o := origin.New(origin.Options{Name: *name, Address: *listen})
	if err := o.Start(ctx); err != nil {
		return p.fail(err)
	}
	_, _ = fmt.Fprintf(p.Stdout, "origin %s listens on http://%s/ (what it can do is written there)\n", *name, o.Addr())
	<-ctx.Done()
	stop() // a second signal ends the process at once
	grace, cancel := context.WithTimeout(context.Background(), originGrace)
	defer cancel()
	if err := o.Shutdown(grace); err != nil {
		return p.fail(err)
	}
	return exitGood
}
