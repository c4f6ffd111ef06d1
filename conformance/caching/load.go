package caching

import (
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"

	"penstock/conformance/table"
)

// Load reads the table in the file of that name, the cases of one family; docs/conformance.md has its
// grammar. It returns nil and an error with the file, and the line or the case, when the file cannot
// be read, a line is not valid, a case lacks a request, an expectation, a route or a clause, or rows
// are left without a case. A table without cases is no error.
func Load(files fs.FS, name string) (*Table, error) {
	l := loader{table: &Table{}}
	if err := table.Read(files, name, l.collect); err != nil {
		return nil, err
	}
	if err := l.finish(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(l.pending) > 0 {
		return nil, fmt.Errorf("%s: no case follows the rows %q", name, l.pending)
	}
	return l.table, nil
}

// Table is one family of cases, made by Load.
type Table struct {
	Family string
	Cases  []*Case // in the order of the file, one for each row
}

// Names implements table.Table: it returns the name of the family and the names of its cases in the
// order of the file, repeated ones too.
func (t *Table) Names() (family string, cases []string) {
	for _, c := range t.Cases {
		cases = append(cases, c.Name)
	}
	return t.Family, cases
}

// loader reads a table line by line. The lines of a case are kept until its end,
// because each row reads them anew.
type loader struct {
	table         *Table
	clause, route string
	rows          [][]string   // the values of $, $1, $2 in the case
	lines         []table.Line // of the case; empty before the first
	pending       [][]string   // rows of the case to come
}

func (l *loader) collect(line table.Line) error {
	rest := line.Rest
	switch line.Word {
	case "family":
		l.table.Family = rest
	case "each":
		for value := range strings.FieldsSeq(rest) {
			l.pending = append(l.pending, []string{value})
		}
	case "row":
		var row []string
		for value := range strings.SplitSeq(" "+rest+" ", " | ") {
			row = append(row, strings.TrimSpace(value))
		}
		l.pending = append(l.pending, row)
	case "case":
		if err := l.finish(); err != nil {
			return err
		}
		l.rows, l.pending = l.pending, nil
		l.lines = []table.Line{line}
	case "clause", "route":
		if len(l.lines) > 0 && !l.complete() {
			l.lines = append(l.lines, line)
			return nil
		}
		if line.Word == "clause" {
			l.clause = rest
		} else {
			l.route = rest
		}
	default:
		if len(l.lines) == 0 {
			return fmt.Errorf("%q is before the first case", line.Text)
		}
		l.lines = append(l.lines, line)
	}
	return nil
}

// complete reports whether the current case has a request, a response or an expectation: a
// clause or a route after that is for the cases that follow.
func (l *loader) complete() bool {
	for _, line := range l.lines {
		if strings.ContainsRune("<>=", rune(line.Text[0])) {
			return true
		}
	}
	return false
}

// finish makes cases of the collected lines, one for each row.
func (l *loader) finish() error {
	if len(l.lines) == 0 {
		return nil
	}
	rows := l.rows
	if len(rows) == 0 {
		rows = [][]string{nil}
	}
	for _, row := range rows {
		c := &Case{Family: l.table.Family, Clause: l.clause, Route: l.route, index: len(l.table.Cases)}
		r := reader{c: c}
		for _, line := range l.lines {
			text, err := fill(line.Text, row)
			if err == nil {
				err = r.line(table.Split(line.Number, text))
			}
			if err != nil {
				return fmt.Errorf("line %d: %w", line.Number, err)
			}
		}
		if err := c.complain(); err != nil {
			return fmt.Errorf("case %q: %w", c.Name, err)
		}
		l.table.Cases = append(l.table.Cases, c)
	}
	l.lines, l.rows = nil, nil
	return nil
}

var placeholder = regexp.MustCompile(`\$[1-9]?`)

// fill replaces the placeholders of a line by the values of a row.
func fill(text string, row []string) (string, error) {
	var err error
	out := placeholder.ReplaceAllStringFunc(text, func(m string) string {
		i := 0
		if len(m) == 2 {
			i = int(m[1] - '1')
		}
		if i >= len(row) {
			err = fmt.Errorf("%q has no value for %s", text, m)
			return m
		}
		return row[i]
	})
	return out, err
}

// reader fills one case.
type reader struct {
	c        *Case
	response *Response
	ask      *Ask
}

func (r *reader) line(line table.Line) error {
	n := line.Number
	rest, err := table.Unescape(line.Rest, nil) // braces are kept: expand replaces them during the play
	if err != nil {
		return err
	}
	switch line.Word {
	case "case":
		kind, name, _ := strings.Cut(rest, " ")
		if r.c.Name = name; len(kind) != 1 || !strings.Contains("ROCP", kind) || name == "" {
			return fmt.Errorf("want a kind of R, O, C, P and a name, got %q", rest)
		}
		r.c.Kind = Kind(kind[0])
	case "clause":
		r.c.Clause = rest
	case "route":
		r.c.Route = rest
	case "wait":
		d, err := time.ParseDuration(rest)
		if r.step(Step{Line: n, Wait: d}); err == nil && d <= 0 {
			err = fmt.Errorf("wait %v: want more than nothing", d)
		}
		return err
	case "purge":
		r.step(Step{Line: n, Purge: rest})
	case "<":
		return r.origin(n, rest)
	case ">":
		return r.client(n, rest)
	case "=", "?":
		if r.ask == nil {
			return fmt.Errorf("%q is before a request", line.Text)
		}
		return r.ask.expect(line.Word, rest)
	default:
		return fmt.Errorf("%q is not known", line.Word)
	}
	return nil
}

// step adds a step, which ends the description of the response or request before it.
func (r *reader) step(s Step) {
	r.response, r.ask = s.Response, s.Ask
	r.c.Steps = append(r.c.Steps, s)
}

// origin reads a line of a response.
func (r *reader) origin(n int, text string) error {
	word, rest, _ := strings.Cut(text, " ")
	if status, err := strconv.Atoi(word); err == nil && (rest == "" || rest == "conditional") {
		r.step(Step{Line: n, Response: &Response{Status: status, OnlyIf: rest != ""}})
		return nil
	}
	if r.response == nil {
		r.step(Step{Line: n, Response: &Response{Status: 200}})
	}
	a := r.response
	if f, ok := field(text); ok {
		a.Fields = append(a.Fields, f)
		return nil
	}
	var err error
	switch word {
	case "body":
		a.Body, a.HasBody = rest, true
	case "more":
		a.Body += rest
	case "size":
		var size int
		size, err = strconv.Atoi(rest)
		a.Body, a.HasBody = pattern(size), true
	case "chunked":
		a.Framing = Chunked
	case "until-close":
		a.Framing = UntilClose
	case "lost":
		a.End = Lost
	case "cut":
		a.End = Cut
	case "slow":
		a.Slow, err = time.ParseDuration(rest)
	case "no":
		a.Fields = append(a.Fields, Field{rest, absent})
	case "interim":
		var i Interim
		i.Status, i.Field, err = readInterim(rest)
		a.Interim = append(a.Interim, i)
	default:
		err = fmt.Errorf("%q is not known for a response", word)
	}
	return err
}

// absent is the value of a field that must not be added by default.
const absent = "\x00"

// pattern returns a body of size bytes whose parts all differ, so that a misplaced part is found.
func pattern(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%d,", i)
	}
	return b.String()[:max(size, 0)]
}

var fieldText = regexp.MustCompile(`^([!#$%&'*+.^_|~0-9A-Za-z-]+):(?: (.*))?$`)

// field reads "Name: value" or "Name:".
func field(text string) (Field, bool) {
	parts := fieldText.FindStringSubmatch(text)
	if parts == nil {
		return Field{}, false
	}
	return Field{parts[1], parts[2]}, true
}

// readInterim reads "103 Name: value".
func readInterim(text string) (status int, f Field, err error) {
	code, rest, _ := strings.Cut(text, " ")
	if status, err = strconv.Atoi(code); err != nil {
		return 0, f, err
	}
	f, ok := field(rest)
	if !ok {
		return 0, f, fmt.Errorf("interim response %q has no field", text)
	}
	return status, f, nil
}
