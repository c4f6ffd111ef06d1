package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"penstock/options"
)

// Load reads the configuration in the file path, with variables from the
// environment. Problems in the file are returned as Parse does. A file that is missing
// (fs.ErrNotExist), cannot be read or is above 16 MiB, and the path "-", are errors of another
// type. With an error the Config is nil. A route may have the keys of the table of policies beside
// its own, and the top of the file those with a General; without policies both have only their own.
func Load(path string, policies ...options.Policy) (*Config, error) {
	if path == "-" {
		return nil, errors.New("-: a configuration is a file, which is read again when it changes; to check standard input, write -config /dev/stdin")
	}
	data, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such file; name one with -config FILE, or write one; the shortest useful is: %s (%w)", path, smallest, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return Parse(path, data, os.LookupEnv, policies...)
}

// maxFile is the size of the largest file that is read, in bytes.
const maxFile = 16 * mib

// readBounded reads a file that may be a pipe or never end.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is larger than %s", path, options.FormatSize(maxFile))
	}
	return data, err
}

// smallest is the shortest useful file.
const smallest = `routes: [{ path: "/*", upstream: "http://localhost:3000" }]`

// valueBytes is about how many bytes of a file a value takes with its key.
const valueBytes = 16

// Parse reads a configuration from data. Messages begin with the name, and its
// folder is where relative names of files begin. env looks up a variable; nil means none is set.
// The error is Errors with the problems found, at most 1000 and a remark that there are more, and
// the Config is then nil. Of an upstream that is written as a mapping, Parse also reads the file
// tls.ca, and tls.cert and tls.key when both are there; one that does not fit is a problem. Other
// files that data names are not looked at. data is read only during the call. The policies are
// those of Load.
func Parse(name string, data []byte, env func(string) (string, bool), policies ...options.Policy) (*Config, error) {
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	d := &decoder{name: name, at: make(map[string]place, len(data)/valueBytes), planned: make(map[string]bool), policies: policies}
	root := d.document(data)
	if root == nil {
		return nil, d.problems.sorted()
	}
	d.expand(root, env)
	if d.problems != nil {
		return nil, d.problems.sorted()
	}
	if d.tooDeep(root) {
		return nil, d.problems.sorted()
	}
	c := Default()
	top := d.value(root, "")
	d.section(top, c.section(d.policies))
	if !d.full() {
		d.check(report{d, top}, c)
	}
	d.checkBounds(top)
	if d.problems != nil {
		return nil, d.problems.sorted()
	}
	c.Warnings = d.warnings
	c.written.note(d, c)
	return c, nil
}

// checkBounds reports that the file has too many values. It reports nothing else, because
// values beyond the bound were not read.
func (d *decoder) checkBounds(top value) {
	var wrong string
	switch {
	case d.lookups > maxAliases:
		wrong = fmt.Sprintf("follows more than %d aliases; write some of them out", maxAliases)
	case d.values > maxValues:
		wrong = fmt.Sprintf("has more than %d values, those of aliases counted each time", maxValues)
	default:
		return
	}
	d.problems = nil
	d.problem(top, "%s", wrong)
}

// document returns the top node of the only YAML document in data, or nil after
// noting why there is none.
func (d *decoder) document(data []byte) *yaml.Node {
	var doc, second yaml.Node
	reader := yaml.NewDecoder(bytes.NewReader(data))
	err := reader.Decode(&doc)
	if err == nil {
		err = reader.Decode(&second)
	}
	root := doc.Content
	switch {
	case errors.Is(err, io.EOF):
	case err != nil:
		d.syntax(string(data), err)
		return nil
	default:
		d.problemAt(place{second.Line, second.Column}, "", "a second YAML document starts here; a file holds one")
		return nil
	}
	if len(root) == 0 || empty(root[0]) {
		d.problemAt(place{}, "", "is empty; the shortest useful file is: %s", smallest)
		return nil
	}
	if n := foreignLine(string(data)); root[0].Kind == scalarNode && n > 0 {
		d.problemAt(place{n, 1}, "", notYAML)
		return nil
	}
	if root[0].Kind != mappingNode {
		d.problemAt(place{root[0].Line, root[0].Column}, "", "got %s, want keys such as listen, upstreams and routes", kind(root[0]))
		return nil
	}
	return root[0]
}

// syntax notes what keeps data from being YAML: the habits that newcomers trip
// over by name, else what the parser says.
func (d *decoder) syntax(data string, err error) {
	if n := foreignLine(data); n > 0 {
		d.problemAt(place{n, 1}, "", notYAML)
		return
	}
	for _, t := range findTraps(data) {
		d.problemAt(t.place, "", "%s", t.text)
	}
	if d.problems == nil {
		at, text := parserError(data, err)
		switch {
		case strings.Contains(text, "expected key"), strings.Contains(text, "'-' indicator"):
			text = "what begins here is not indented alike (" + text + ")"
		case strings.Contains(text, "mapping values"):
			text = "this line is indented deeper than the one it belongs to (" + text + ")"
		}
		d.problemAt(at, "", "not YAML: %s", text)
	}
}

const notYAML = "not YAML: this line has the form of a file for nginx or Caddy; here the shortest useful file is: " + smallest

var parserLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// parserError finds the place that the YAML library means. It counts the lines
// of some messages from 0 and of others from 1, and leaves the first out.
func parserError(data string, err error) (place, string) {
	m := parserLine.FindStringSubmatch(err.Error())
	if m == nil {
		return place{1, 1}, err.Error()
	}
	n, _ := strconv.Atoi(m[1])
	if n == 0 || strings.HasPrefix(m[2], "did not find expected") && !strings.Contains(m[2], "alphabetic") {
		n++
	}
	lines := strings.Split(data, "\n")
	n = min(n, len(lines))
	text := lines[n-1]
	return place{n, len(text) - len(strings.TrimLeft(text, " \t")) + 1}, m[2]
}

// maxDepth bounds how deep lists and mappings stand in each other; a configuration
// needs about ten levels.
const maxDepth = 100

// tooDeep notes the first value that is nested too deep.
func (d *decoder) tooDeep(root *yaml.Node) bool {
	n := below(root, maxDepth)
	if n == nil {
		return false
	}
	d.problemAt(place{n.Line, n.Column}, "", "is nested deeper than %d levels", maxDepth)
	return true
}

// below returns the first node that is so many levels below n; nil when there is none. It
// recurses no deeper, whatever the file.
func below(n *yaml.Node, levels int) *yaml.Node {
	if levels == 0 {
		return n
	}
	for _, child := range n.Content {
		if deep := below(child, levels-1); deep != nil {
			return deep
		}
	}
	return nil
}

// expand replaces the variables in every scalar below n, keys included.
func (d *decoder) expand(n *yaml.Node, env func(string) (string, bool)) {
	if n.Kind == scalarNode {
		s, err := expand(n.Value, env)
		if err != nil {
			d.problemAt(place{n.Line, n.Column}, "", "%v", err)
			return
		}
		n.Value = s
	}
	for _, child := range n.Content {
		d.expand(child, env)
	}
}
