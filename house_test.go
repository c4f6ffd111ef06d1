package main

import (
	"io/fs"
	"os"
	"testing"
)

// law says which package may import which, and which third party belongs to which package.
// It is data: house_rules_test.go compares a tree with it, house_state_test.go and
// house_sleep_test.go add the rules for package variables and for time.Sleep in tests, and
// house_self_test.go shows that each rule can fail. Sizes, names and comments are checked by
// the linters of .golangci.yaml, circles and types by house_structure_test.go.
type law struct {
	module  string // import path of the module
	rooms   []room
	fences  []fence
	states  map[string]string // "folder:variable" that is allowed to change -> reason
	library map[string]string // "folder" that may be entered from any test -> reason
}

// room is one package folder and what it may know.
type room struct {
	path  string   // folder below the module; "" is main
	layer int      // a test may look sideways and down, never up
	may   []string // folders of ours that it imports; "*" is any room of a lower layer
	never []string // import paths that its code must not see, one with a slash covers what lies below it; or "path.Name"
	why   string
}

// fence keeps a third party, or one of its names, in the packages that own it.
type fence struct {
	path string // import path; covers what lies below it
	name string // an exported name of path; empty fences the whole path
	only []string
	why  string
}

const (
	maxFileLines = 400

	httpServer = "github.com/valyala/fasthttp"
)

// importTable returns the import table.
func importTable() []room {
	blind := []string{httpServer, "net/http"} // knows no HTTP library
	return []room{
		{"", 6, []string{"cli"}, nil, "main hands its arguments over and embeds the shipped file"},
		{"cli", 5, []string{"*"}, nil, "wires everything, one file per subcommand"},
		{"admin", 4, []string{"config", "metrics", "ops"}, nil, "sees the gateway through interfaces that it declares itself"},
		{"gateway", 3, []string{"*"}, blind, "the only mixer"},
		{"gateway/gatewaytest", 4, []string{"*"}, nil, "helpers for black-box tests, imported by tests only"},
		{"conformance", 4, []string{"*"}, nil, "black-box cases against a running gateway"},
		{"conformance/caching", 4, []string{"conformance/table", "origin/scripted"}, nil, "black-box cases of caching against a running gateway"},
		{"regression", 4, []string{"origin/scripted"}, []string{httpServer}, "black-box tests of the binary, which is any build"},
		{"conformance/table", 0, nil, []string{httpServer, "net/http", "net"}, "lines of text in, lines out; what they mean is each suite's own"},
		{"loadtest", 5, []string{"origin", "loadtest/compare", "loadtest/driver", "loadtest/program", "loadtest/report", "loadtest/results"}, nil, "a black box over sockets"},
		{"loadtest/compare", 4, []string{"loadtest/driver", "loadtest/peers", "loadtest/program", "loadtest/results"}, nil, "Penstock beside its peers, over sockets too"},
		{"loadtest/peers", 0, nil, nil, "what each program is called and how it is configured"},
		{"loadtest/program", 0, nil, nil, "starts and ends other programs"},
		{"loadtest/report", 1, []string{"loadtest/results"}, nil, "draws what was measured"},
		{"loadtest/driver", 0, nil, nil, "sends requests, knows no gateway"},
		{"loadtest/results", 0, nil, nil, "data that is saved and drawn"},
		{"structure", 5, []string{"structure/measure"}, nil, "a command that reads source, no part of the gateway"},
		{"structure/measure", 0, nil, blind, "source in, figures out"},
		{"downstream", 1, []string{"conn", "exchange", "headers", "response", "tunnel"}, blind, "the client side as facts and interfaces; a response is what is sent there"},
		{"downstream/h1", 2, []string{"conn", "downstream", "exchange", "headers", "response", "tunnel"}, []string{"net/http"}, "HTTP/1 on fasthttp's server, behind downstream.Stream"},
		{"response", 1, []string{"conn", "exchange", "headers"}, blind, "what is said to a client; conn is where a body may be spliced to"},
		{"health", 1, []string{"exchange", "lb"}, append(blind, "syscall", "time.Now"), "verdicts on endpoints and their words; no sockets, no clock"},
		{"httpcache", 1, []string{"cache", "cache/rfc9111", "exchange", "headers", "ops", "response"}, append(blind, "net", "os", "syscall"), "requests and responses as facts, the origin as an interface: testable without sockets"},
		{"ops", 1, []string{"health"}, append(blind, "net", "syscall", "time.Now"), "types that operators are shown; the gateway fills them"},
		{"upstream", 1, []string{"lb", "exchange", "headers", "health", "conn", "ratelimit", "response"}, []string{"net/http"}, "one backend, one round trip; options come as upstream.Options"},
		{"policy", 2, []string{"downstream", "exchange", "headers", "options", "ratelimit", "response"}, blind, "refuses, edits, answers; never forwards"},
		{"discovery", 1, []string{"lb"}, blind, "emits endpoints"},
		{"accesslog", 1, []string{"exchange", "logfile"}, blind, "reads the record"},
		{"metrics", 1, []string{"exchange", "health", "ops", "ratelimit"}, blind, "reads the record; ratelimit has the names of priorities"},
		{"config", 0, []string{"options"}, blind, "data only, loadable by tools"},
		{"options", 0, nil, append(blind, "net", "os"), "declarations alone: no file, no YAML, no HTTP"},
		{"exchange", 0, nil, blind, "everyone reads it"},
		{"headers", 0, nil, blind, "field rules on bytes"},
		{"resource", 0, nil, blind, "what survives a reload, whatever it is"},
		{"routing", 0, []string{"headers"}, append(blind, "net", "syscall", "time"), "patterns in, the index of a route out; paths are read as headers reads them"},
		{"cache/rfc9111", 0, nil, append(blind, "net", "syscall", "time.Now"), "rules of caching as pure functions; time is an argument"},
		{"conn", 0, nil, blind, "bytes and deadlines"},
		{"lb", 0, nil, append(blind, "net", "syscall", "time.Now"), "choice among backends, testable without sockets"},
		{"ratelimit", 0, []string{"window"}, append(blind, "net", "syscall", "time.Now"), "arithmetic, testable without sockets"},
		{"window", 0, nil, append(blind, "net", "syscall", "time.Now"), "durations in, quantiles of a recent time out"},
		{"cache", 0, []string{"cache/rfc9111"}, blind, "bytes in, bytes out"},
		{"watch", 0, nil, blind, "files"},
		{"logfile", 0, nil, blind, "lines to files, whose meaning is the writer's"},
		{"listener", 0, []string{"conn", "ratelimit"}, blind, "accepts connections, within a limit and a rate"},
		{"tunnel", 0, []string{"conn"}, blind, "two connections, spliced"},
		{"origin", 0, nil, []string{httpServer}, "a backend like any other"},
		{"origin/scripted", 0, nil, []string{httpServer}, "a backend that tests script; it knows no package of the gateway"},
	}
}

func house() law {
	return law{
		module: "penstock",
		rooms:  importTable(),
		fences: fences(),
		states: map[string]string{},
		library: map[string]string{
			"origin": "a real backend on loopback", "origin/scripted": "made for tests", "gateway/gatewaytest": "made for tests",
			"policy": "the table that config.Parse is given: without it a file with a policy cannot be read",
		},
	}
}

// fences lists the third parties and who may use them.
func fences() []fence {
	return []fence{
		{"gopkg.in/yaml.v3", "", []string{"config"}, "configuration is data once it left config"},
		{"github.com/VictoriaMetrics/metrics", "", []string{"metrics"}, "one place that names metrics"},
		{"github.com/fasthttp/router", "", []string{"admin"}, "public routes are matched by our own matcher"},
		{"github.com/VictoriaMetrics/fastcache", "", []string{"cache"}, "holds bytes; their meaning is ours"},
		{"github.com/golang/snappy", "", []string{"cache"}, "the form in which fastcache loads its buckets"},
		{"github.com/fsnotify/fsnotify", "", []string{"watch"}, "one source of file events"},
		{"github.com/santhosh-tekuri/jsonschema/v6", "", nil, "tests alone: they judge files by the schema as an editor does"},
		{"golang.org/x/sys", "", []string{"conn", "listener", "cli", "loadtest/program"}, "system calls stay at the edge"},
		{httpServer, "", []string{"downstream/h1", "upstream", "admin"}, "the server of HTTP/1 clients, the pool, and the admin API"},
		{httpServer, "HostClient", []string{"upstream"}, "the connection pool has one owner"},
		{httpServer, "Client", nil, "requests go out through upstream's round trip"},
		{httpServer, "PipelineClient", nil, "requests go out through upstream's round trip"},
	}
}

// TestHouse holds the repository to its law.
func TestHouse(t *testing.T) {
	for _, v := range inspect(house(), os.DirFS(".")) {
		t.Error(v)
	}
}

// TestExceptionsAreNeeded keeps the tables of exceptions honest.
func TestExceptionsAreNeeded(t *testing.T) {
	l := house()
	found := map[string]bool{}
	strict := l
	strict.states = nil
	for _, v := range inspect(strict, os.DirFS(".")) {
		found[v.key] = true
	}
	for key, reason := range l.states {
		if !found[key] {
			t.Errorf("states %q (%s): nothing there breaks the law, take it out", key, reason)
		}
	}
}

// read returns a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(os.DirFS("."), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
