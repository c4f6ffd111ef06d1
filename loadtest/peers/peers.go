// Package peers describes the programs that a comparison runs: the name of each, and how
// it is configured to do the same work as the others. It writes configuration files and
// returns command lines; it starts no process. The templates are in this folder, with the
// reasons for settings other than the defaults.
package peers

import (
	"bytes"
	"embed"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed origin.conf nginx.conf haproxy.cfg varnish.vcl Caddyfile penstock.yaml
var templates embed.FS

// Setup describes what a program has to do in a scenario. Dir, Address and Origins are required, and
// each other field where its program needs it; nothing is checked but the form of Address.
type Setup struct {
	Dir      string   // an existing folder of its own, for all that it writes
	Address  string   // where it listens: host:port
	Side     string   // where its admin listener is, when it has one
	Origins  []string // the backends; for the origin itself, the addresses where it listens
	Prefixes []string // of its routes; nil means one route for everything
	Workers  int      // processes or threads of programs that do not choose the number themselves
	Clients  int      // connections that they must be able to hold at once, with as many to the origin
	Files    int      // open files that it may have
	Pool     int      // connections to one of Origins that may be needed at once
	Cache    bool     // on all routes
	Log      bool     // Penstock alone: an access log, to a file
	Bare     bool     // Penstock alone: all is off that has an off switch
	Tuned    bool     // nginx alone: buffers for large responses instead of its defaults
}

// Peer is a gateway or the origin. Only All, Penstock and Origin make it.
type Peer struct {
	Name    string   // and of its binary on PATH
	Version []string // arguments with which the program writes its version
	Proxies bool     // it is measured passing requests through
	Caches  bool     // scenarios with cache hits measure it
	Workers string   // what Setup.Workers is a number of; empty for one that counts its processors by itself

	file    string // its template, and the name of the written file
	command func(s Setup, file string) []string
}

// All returns the programs in the order in which they are shown. Penstock is found
// elsewhere than on PATH.
func All() []Peer {
	return []Peer{
		Penstock(),
		{"nginx", []string{"-v"}, true, true, "worker processes", "nginx.conf", nginx},
		{"haproxy", []string{"-v"}, true, true, "threads", "haproxy.cfg", func(_ Setup, file string) []string {
			return []string{"-db", "-f", file}
		}},
		{"varnishd", []string{"-V"}, false, true, "", "varnish.vcl", varnish},
		{"caddy", []string{"version"}, true, false, "", "Caddyfile", func(_ Setup, file string) []string {
			return []string{"run", "--adapter", "caddyfile", "--config", file}
		}},
	}
}

// Penstock returns the program that all this is about.
func Penstock() Peer {
	return Peer{"penstock", []string{"version"}, true, true, "", "penstock.yaml", func(_ Setup, file string) []string {
		return []string{"run", "-config", file}
	}}
}

// Origin returns nginx as the backend of all targets; its Setup.Dir needs the files of OriginFiles.
// It responds to any path with 1 KiB, to paths below /c/ with 1 KiB that may be stored, to /100k and
// /10m with that many KiB and MiB, and to /status with its counters.
func Origin() Peer {
	return Peer{"nginx", []string{"-v"}, false, false, "worker processes", "origin.conf", nginx}
}

// OriginFiles writes the large bodies that Origin serves into dir, which must exist. The error is that
// of a file that cannot be written.
func OriginFiles(dir string) error {
	for name, size := range map[string]int{"100k": 100 << 10, "10m": 10 << 20} {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte("penstock"), size/8), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func nginx(s Setup, file string) []string { return []string{"-p", s.Dir, "-c", file} }

func varnish(s Setup, file string) []string {
	return []string{
		"-F", "-n", filepath.Join(s.Dir, "work"), "-j", "none", "-T", "none", // its jail wants users of its own
		"-a", s.Address, "-f", file, "-s", "malloc,256m",
		"-p", "timeout_idle=75", "-p", "backend_idle_timeout=4",
	}
}

// Body returns the body of the origin's responses: 1 KiB.
func Body() string { return strings.Repeat("penstock", 1024/8) }

// Write writes the configuration for s into s.Dir and returns the command's arguments, without the
// name of the program. It returns nil and an error when Setup.Address, for Varnish the first of
// Origins, is not host:port, or a file cannot be written.
func (p Peer) Write(s Setup) (args []string, err error) {
	text, err := p.config(s)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(s.Dir, p.file)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return nil, err
	}
	var routes strings.Builder // HAProxy reads them from a file
	for _, prefix := range s.Prefixes {
		fmt.Fprintf(&routes, "%s/ origin\n", prefix)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "routes.map"), []byte(routes.String()), 0o644); err != nil {
		return nil, err
	}
	return p.command(s, file), nil
}

// fewFiles are the open files of a program that are neither connections nor entries.
const fewFiles = 100

// Kept is how many entries of a cache nginx may keep open: what connections leave of
// Files, at least one.
func (s Setup) Kept() int { return max(1, s.Files-2*s.Clients-fewFiles) }

// Environment returns the environment of this process with the variables added that keep a program's
// files in its folder.
func (s Setup) Environment() []string {
	return append(os.Environ(), "HOME="+s.Dir, "XDG_DATA_HOME="+s.Dir, "XDG_CONFIG_HOME="+s.Dir)
}

// config fills the peer's template.
func (p Peer) config(s Setup) ([]byte, error) {
	t, err := template.New(p.file).Funcs(template.FuncMap{"join": strings.Join}).ParseFS(templates, p.file)
	if err != nil {
		return nil, err
	}
	v := view{Setup: s, Root: os.Geteuid() == 0, Body: Body()}
	reached := s.Address
	if p.Name == "varnishd" {
		reached = s.Origins[0] // it can say no more than host and port of one
	}
	if v.Host, v.Port, err = net.SplitHostPort(reached); err != nil {
		return nil, fmt.Errorf("%s: address %q: %w", p.Name, reached, err)
	}
	v.Options, v.Both = s.routeOptions(), 2*s.Clients
	var out bytes.Buffer
	if err := t.Execute(&out, v); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// routeOptions returns the settings of each of Penstock's routes.
func (s Setup) routeOptions() string {
	var text string
	if s.Cache {
		text += ", cache: on"
	}
	if s.Bare {
		text += ", retry: off"
	}
	return text
}

// view is what templates see.
type view struct {
	Setup
	Root       bool   // nginx as root would run its workers as somebody else
	Body       string // of the origin's responses
	Host, Port string // where it listens; for Varnish: of the origin
	Both       int    // connections of clients and to the origin
	Options    string // of each of Penstock's routes
}
