package conformance

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"penstock/conformance/table"
)

// Table is one family of cases, made by Load.
type Table struct {
	Family string
	Config string  // lines of configuration that the family needs of the gateway under test; "" for none
	Cases  []*Case // in the order of the file
}

// Names implements table.Table: it returns the name of the family and the names of its cases in the
// order of the file, repeated ones too.
func (t *Table) Names() (family string, cases []string) {
	for _, c := range t.Cases {
		cases = append(cases, c.Name)
	}
	return t.Family, cases
}

// Load reads the table in the file of that name; docs/conformance.md has its grammar. It returns nil
// and an error with file and line, or the case, when the file cannot be read, a line is not valid, or
// a case lacks a section in its clause, an outcome, a step, or the request to be forwarded. A table
// without cases is no error.
func Load(files fs.FS, name string) (*Table, error) {
	l := loader{table: &Table{}}
	if err := table.Read(files, name, l.line); err != nil {
		return nil, err
	}
	for _, c := range l.table.Cases {
		if err := c.complain(); err != nil {
			return nil, fmt.Errorf("%s: case %q: %w", name, c.Name, err)
		}
	}
	return l.table, nil
}

type loader struct {
	table *Table
	c     *Case
}

func (l *loader) line(line table.Line) error {
	word, rest := line.Word, line.Rest
	switch word {
	case "family":
		l.table.Family = rest
		return nil
	case "config":
		l.table.Config += rest + "\n"
		return nil
	case "case":
		l.c = &Case{Family: l.table.Family, Name: rest}
		l.table.Cases = append(l.table.Cases, l.c)
		return nil
	}
	if l.c == nil {
		return fmt.Errorf("%q is before the first case", line.Text)
	}
	switch word[0] {
	case '>', '<', '~':
		return l.wire(word, rest)
	}
	return l.demand(word, rest)
}

// wire reads a line of client, origin or stray bytes.
func (l *loader) wire(word, rest string) error {
	text, err := unescape(rest)
	if err != nil {
		return err
	}
	if len(word) == 1 {
		text += "\r\n"
	}
	c := l.c
	switch word {
	case ">", ">-":
		c.step(Send, text)
	case "~", "~-":
		c.step(Stray, text)
	case ">wait":
		c.Steps = append(c.Steps, Step{Kind: Await})
	case ">end":
		c.Steps = append(c.Steps, Step{Kind: End})
	case "<", "<-":
		r := c.response()
		r.Bytes = append(r.Bytes, text...)
	case "<next":
		c.response()
		c.Script = append(c.Script, Response{})
	case "<early":
		c.response().Early = true
	case "<close":
		c.response().Close = true
	case "<reset":
		c.response().Reset = true
	default:
		return fmt.Errorf("%q is not known", word)
	}
	return nil
}

// step appends bytes to a step of the same kind, or a new one.
func (c *Case) step(k StepKind, text string) {
	if n := len(c.Steps); n > 0 && c.Steps[n-1].Kind == k {
		c.Steps[n-1].Bytes = append(c.Steps[n-1].Bytes, text...)
		return
	}
	c.Steps = append(c.Steps, Step{Kind: k, Bytes: []byte(text)})
}

// response returns the one that the lines of the origin describe now.
func (c *Case) response() *Response {
	if len(c.Script) == 0 {
		c.Script = append(c.Script, Response{})
	}
	return &c.Script[len(c.Script)-1]
}

func (l *loader) demand(word, rest string) error {
	c := l.c
	text, err := unescape(rest)
	if err != nil {
		return err
	}
	switch word {
	case "clause":
		c.Clause = rest
	case "danger":
		c.Danger = true
	case "choice":
		c.Choice = rest
	case "want":
		o, err := parseOutcome(rest)
		c.Want = append(c.Want, o)
		return err
	case "see":
		if order, ok := strings.CutPrefix(rest, "order "); ok {
			c.Order = order
			return nil
		}
		c.See = append(c.See, text)
	case "got":
		first, target, _ := strings.Cut(text, " ")
		switch {
		case first != "no" && first != "body" && first != "raw" && !strings.HasSuffix(first, ":"):
			c.Got = append(c.Got, Expect{Method: first, Target: target})
		case len(c.Got) == 0:
			c.Checks = append(c.Checks, text)
		default:
			e := &c.Got[len(c.Got)-1]
			e.Checks = append(e.Checks, text)
		}
	default:
		return fmt.Errorf("%q is not known", word)
	}
	return nil
}

// parseOutcome parses the text of a "want" line.
func parseOutcome(text string) (o Outcome, err error) {
	text, body, quoted := strings.Cut(text, `"`)
	if quoted {
		var rest string
		body, rest, _ = strings.Cut(body, `"`)
		o.HasBody = true
		text += rest
		if o.Body, err = unescape(body); err != nil {
			return o, err
		}
	}
	words := strings.Fields(text)
	if len(words) > 2 && words[1] == "then" {
		if o.After, err = strconv.Atoi(words[0]); err != nil {
			return o, err
		}
		words = words[2:]
	}
	if len(words) == 0 {
		return o, fmt.Errorf("want says nothing")
	}
	for k, name := range kindText {
		if name == words[0] {
			o.Kind = Kind(k)
		}
	}
	if o.Kind.String() != words[0] {
		return o, fmt.Errorf("outcome %q is not known", words[0])
	}
	for _, w := range words[1:] {
		if w == "close" || w == "keep" {
			o.Conn = w
			continue
		}
		for code := range strings.SplitSeq(w, "|") {
			n, err := strconv.Atoi(code)
			if err != nil {
				return o, err
			}
			o.Status = append(o.Status, n)
		}
	}
	return o, nil
}

// complain returns what the case lacks; nil when it can be played.
func (c *Case) complain() error {
	switch {
	case !strings.Contains(c.Clause, "§"):
		return fmt.Errorf("clause %q names no section", c.Clause)
	case len(c.Want) == 0:
		return fmt.Errorf("no acceptable outcome")
	case len(c.Steps) == 0:
		return fmt.Errorf("the client does nothing")
	case c.allowed(Forwarded) && len(c.expected()) == 0:
		return fmt.Errorf("may be forwarded, but nothing says as what: write got METHOD TARGET")
	}
	return nil
}
