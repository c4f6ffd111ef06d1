package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"

	"penstock/config"
	"penstock/origin"
	"penstock/policy"
)

// demoOrigin is one of the three origins of the demo. The variable is the one
// that the shipped configuration reads, so both ends follow it.
type demoOrigin struct {
	name, variable, address string
}

func (p *Program) demoOrigins() []demoOrigin {
	all := []demoOrigin{
		{"a", "ORIGIN_A", "127.0.0.1:9101"},
		{"b", "ORIGIN_B", "127.0.0.1:9102"},
		{"c", "ORIGIN_C", "127.0.0.1:9103"},
	}
	for i := range all {
		value, _ := p.Getenv(all[i].variable)
		all[i].address = cmp.Or(value, all[i].address)
	}
	return all
}

// demo runs three origins and the gateway in front of them, with nothing
// installed and no file needed.
func (p *Program) demo(args []string) int {
	f := p.newFlags("demo")
	public := f.String("public", "", "`address` of the gateway; empty is what the configuration says")
	admin := f.String("admin", "", "`address` of the admin listener; empty is what the configuration says")
	file := f.String("config", "", "configuration `file`, watched for changes; empty is the shipped one")
	if code, ok := f.parse(args); !ok {
		return code
	}
	load := func() (*config.Config, error) {
		cfg, err := p.demoConfig(*file)
		if err != nil {
			return nil, err
		}
		if *public != "" {
			cfg.Listen = []string{*public}
		}
		cfg.Admin.Listen = cmp.Or(*admin, cfg.Admin.Listen)
		return cfg, nil
	}
	origins := p.demoOrigins()
	stop, err := startOrigins(origins)
	defer stop()
	if err != nil {
		return p.fail(err)
	}
	s := &service{load: load, file: *file, hint: func(part string) string {
		return "choose another with " + map[string]string{"listen": "-public ADDR", "admin": "-admin ADDR"}[part]
	}}
	s.ready = func(s *service) { tour(p.Stdout, s, origins) }
	return p.serve(s)
}

// demoConfig reads file, or the shipped configuration when file is empty.
func (p *Program) demoConfig(file string) (*config.Config, error) {
	if file != "" {
		return config.Load(file, policy.Table()...)
	}
	return config.Parse("config.yaml", p.Shipped, p.Getenv, policy.Table()...)
}

// startOrigins starts all of them; stop ends those that run, in any case.
func startOrigins(all []demoOrigin) (stop func(), err error) {
	var running []*origin.Server
	stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), partGrace)
		defer cancel()
		for _, o := range running {
			_ = o.Shutdown(ctx) // what it cuts is the demo's own
		}
	}
	for _, d := range all {
		o := origin.New(origin.Options{Name: d.name, Address: d.address})
		if err := o.Start(context.Background()); err != nil {
			return stop, fmt.Errorf("%w; choose another address with the variable %s", err, d.variable)
		}
		running = append(running, o)
	}
	return stop, nil
}

// tour prints the addresses of the demo and example commands. It writes once, so that lines
// of the log, which may use the same terminal, do not come between.
func tour(out io.Writer, s *service, origins []demoOrigin) {
	var w bytes.Buffer
	public, admin := webAddress(s.gateway.Addrs()[0].String()), s.gateway.Config().Admin.Listen
	fmt.Fprintf(&w, "\nPenstock demo: one gateway in front of three origins.\n\n  public   http://%s/\n", public)
	if admin != "" {
		fmt.Fprintf(&w, "  admin    http://%s/metrics\n", webAddress(s.admin.Addr().String()))
	}
	for _, o := range origins {
		fmt.Fprintf(&w, "  origin   http://%s/  (%s)\n", o.address, o.name)
	}
	fmt.Fprintf(&w, `
Ask for something:

  curl -i http://%[1]s/json                         # again and again: the origins take turns
  curl -i http://%[1]s/pages/7                      # twice: the second comes from the cache
  curl -N http://%[1]s/events                       # a stream, as it comes
  curl -i http://%[1]s/flaky                        # every third fails, the gateway tries elsewhere
  curl -o file http://%[1]s/download                # 10 MiB
  curl -i 'http://%[1]s/any?status=503&delay=1s'    # a response made to order
`, public)
	if admin != "" {
		fmt.Fprintf(&w, "  curl http://%s/api/upstreams\n", webAddress(s.admin.Addr().String()))
	}
	fmt.Fprint(&w, "\nCtrl-C ends it.\n\n")
	_, _ = w.WriteTo(out)
}

// webAddress turns the address of a listener into one for a browser on this
// machine: any address of either family takes 127.0.0.1 as well.
func webAddress(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
