package caching

import (
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Load reads a table, the cases of one family. The first word of a line says what
// it is:
//
//	family NAME      once, at the top
//	clause TEXT      where the rules of the following cases stand; within a case, of this one
//	route NAME       the settings of the following cases, or of this one
//	case K NAME      begins a case; K is a Kind
//	each A B C       makes three of the next case, $ in it stands for the word
//	row A | B | C    makes one of the next case; $1 is A, $2 is B; a case may have many rows
//	wait 3s          moves the clock
//	purge WORDS      what is purged, see Runner
//
//	< 200            the origin's answer from here on, with the lines that follow:
//	< 304 conditional   only to requests with a condition; the others get the answer before
//	< Name: value    a field; Date is added unless a Date line, or "no Date", stands there
//	< body TEXT      "< size 5000" makes one of that many bytes; "< more TEXT" appends
//	< chunked        "< until-close", "< lost", "< cut": see Framing and End
//	< slow 5s        the clock moves before the answer
//	< interim 103 Name: value
//
//	> GET            the client asks; a second word is appended to the URL.
//	> later GET      asks until what is expected comes
//	> Name: value    a field of it
//	> body TEXT
//
//	= VERB           what becomes of it, see Verb. Behind the verb may stand a status,
//	                 above 99, and the number of the origin's answer that the client gets
//	= Name: value    the client's answer has this field, and no other of the name
//	= no Name        = has Name TEXT, = hasnot Name TEXT, = body TEXT, = cut,
//	                 = told 103 Name: value, = nothing told
//	? GET            what the origin got: its method, "target PATH", the same checks as behind =
//
// In values and bodies {now+3600} stands for an HTTP date so many seconds after the
// present of the play, {start-5} likewise for its beginning; behind a bar may stand
// another layout of package time. {url} is the path of the case. \xNN, \t and \s are
// bytes. An empty line or one that begins with # is a comment.
func Load(files fs.FS, name string) (*Table, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	l := loader{table: &Table{}}
	for i, line := range strings.Split(string(text), "\n") {
		if err := l.collect(i+1, line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
	}
	if err := l.finish(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(l.pending) > 0 {
		return nil, fmt.Errorf("%s: rows %q stand before no case", name, l.pending)
	}
	return l.table, nil
}

// Table is one family of cases.
type Table struct {
	Family string
	Cases  []*Case
}

// loader reads a table line by line. The lines of a case are kept until its end,
// because each row reads them anew.
type loader struct {
	table         *Table
	clause, route string
	rows          [][]string // what $, $1, $2 stand for in the case
	lines         []numbered // of the case; empty before the first
	pending       [][]string // rows of the case to come
}

type numbered struct {
	n    int
	text string
}

func (l *loader) collect(n int, line string) error {
	if strings.TrimSpace(line) == "" || line[0] == '#' {
		return nil
	}
	word, rest, _ := strings.Cut(line, " ")
	switch word {
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
		l.lines = []numbered{{n, line}}
	case "clause", "route":
		if len(l.lines) > 0 && !l.complete() {
			l.lines = append(l.lines, numbered{n, line})
			return nil
		}
		if word == "clause" {
			l.clause = rest
		} else {
			l.route = rest
		}
	default:
		if len(l.lines) == 0 {
			return fmt.Errorf("%q stands before the first case", line)
		}
		l.lines = append(l.lines, numbered{n, line})
	}
	return nil
}

// complete reports whether the case in hand has begun to play: a clause or a route
// behind that is for those that follow.
func (l *loader) complete() bool {
	for _, line := range l.lines {
		if strings.ContainsRune("<>=", rune(line.text[0])) {
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
			text, err := fill(line.text, row)
			if err == nil {
				err = r.line(line.n, text)
			}
			if err != nil {
				return fmt.Errorf("line %d: %w", line.n, err)
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

// fill puts a row into a line. A placeholder without a value is an error.
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
	c      *Case
	answer *Answer
	ask    *Ask
}

func (r *reader) line(n int, text string) error {
	word, rest, _ := strings.Cut(text, " ")
	var err error
	if rest, err = unescape(rest); err != nil {
		return err
	}
	switch word {
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
			return fmt.Errorf("%q stands before a request", text)
		}
		return r.ask.expect(word, rest)
	default:
		return fmt.Errorf("%q is not known", word)
	}
	return nil
}

// step adds a step that ends what the answer or the request before it says.
func (r *reader) step(s Step) {
	r.answer, r.ask = s.Answer, s.Ask
	r.c.Steps = append(r.c.Steps, s)
}

// origin reads a line of an answer.
func (r *reader) origin(n int, text string) error {
	word, rest, _ := strings.Cut(text, " ")
	if status, err := strconv.Atoi(word); err == nil && (rest == "" || rest == "conditional") {
		r.step(Step{Line: n, Answer: &Answer{Status: status, OnlyIf: rest != ""}})
		return nil
	}
	if r.answer == nil {
		r.step(Step{Line: n, Answer: &Answer{Status: 200}})
	}
	a := r.answer
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
		i.Status, i.Field, err = told(rest)
		a.Interim = append(a.Interim, i)
	default:
		err = fmt.Errorf("%q is not known of an answer", word)
	}
	return err
}

// absent is the value of a field that would be added otherwise and must not be.
const absent = "\x00"

// pattern returns a body of so many bytes in which no part looks like another.
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

// told reads "103 Name: value".
func told(text string) (status int, f Field, err error) {
	code, rest, _ := strings.Cut(text, " ")
	if status, err = strconv.Atoi(code); err != nil {
		return 0, f, err
	}
	f, ok := field(rest)
	if !ok {
		return 0, f, fmt.Errorf("interim answer %q has no field", text)
	}
	return status, f, nil
}
