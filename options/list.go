package options

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// names is a list of texts of one line.
type names struct {
	p *[]string
	limits
	seen map[string]bool
}

func newNames(p *[]string, rules []Rule) *names { return &names{p: p, limits: limitsOf(rules)} }

// NamesOf returns the value that Keys.Names declares, for Keys.Add or for a List around it. Its
// texts go to p, which must not be nil and which nothing is stored in before Reset, Clear or Add.
// Restart, Required, Means and Like are rules of a key and do nothing here: give them to Keys.Add.
func NamesOf(p *[]string, rules ...Rule) List { return newNames(p, rules) }

func (n *names) Reset()        { *n.p = slices.Clone(n.words) }
func (n *names) Takes() string { return "list" }
func (n *names) Clear()        { *n.p, n.seen = nil, make(map[string]bool) }
func (n *names) Shape() Shape  { return Shape{Text: true} }

func (n *names) Add(s string) string {
	if wrong := OneLine(s); wrong != "" {
		return wrong
	}
	shaped := s
	if n.check != nil {
		var wrong string
		if shaped, wrong = n.check(s); wrong != "" {
			return got(s, "%s", wrong)
		}
	}
	known := shaped
	if !n.has(caseCounts) {
		known = strings.ToLower(shaped)
	}
	if n.seen[known] {
		return fmt.Sprintf("%q occurs twice", s)
	}
	n.seen[known] = true
	*n.p = append(*n.p, shaped)
	return ""
}

// MappingLater reports whether a mapping in place of an item is not built yet.
func (n *names) MappingLater() bool { return n.has(mappingLater) }

// Unique reports that no item may stand twice.
func (n *names) Unique() bool { return true }

func (n *names) Close(written, _ int) string { return n.limits.close(written) }

// close refuses an empty list where a rule does.
func (l *limits) close(written int) string {
	if written == 0 {
		return l.none
	}
	return ""
}

func (n *names) Get() ([]string, Style) {
	if n.has(quiet) && slices.Equal(*n.p, n.words) {
		return nil, Absent
	}
	return *n.p, Quoted
}

// networks is a list of CIDRs and addresses.
type networks struct {
	p *[]netip.Prefix
	limits
	seen map[netip.Prefix]bool
}

func (n *networks) Reset()                      { *n.p = nil }
func (n *networks) Takes() string               { return "list of networks or addresses" }
func (n *networks) Clear()                      { *n.p, n.seen = nil, make(map[netip.Prefix]bool) }
func (n *networks) Shape() Shape                { return Shape{Text: true} }
func (n *networks) Close(written, _ int) string { return n.limits.close(written) }

// Unique reports that no item may stand twice.
func (n *networks) Unique() bool { return true }

func (n *networks) Add(s string) string {
	if wrong := OneLine(s); wrong != "" {
		return wrong
	}
	p, wrong := ParsePrefix(s)
	switch {
	case wrong != "":
		return got(s, "%s", wrong)
	case n.seen[p]:
		return fmt.Sprintf("%q occurs twice", s)
	}
	n.seen[p] = true
	*n.p = append(*n.p, p)
	return ""
}

func (n *networks) Get() ([]string, Style) {
	all := make([]string, len(*n.p))
	for i, p := range *n.p {
		all[i] = p.String()
	}
	return all, Quoted
}

// ParsePrefix reads a CIDR or a single address; wrong is the problem of any other text, and p is
// then not to be used. A zone, an IPv4-mapped CIDR and bits outside the mask are refused; a single
// IPv4-mapped address becomes an IPv4 one.
func ParsePrefix(s string) (p netip.Prefix, wrong string) {
	const want = `want a network such as "10.0.0.0/8" or one address`
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return p, want
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), ""
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil || p.Addr().Is4In6():
		return p, want
	case p != p.Masked():
		return p, "whose address has bits set outside the mask; want " + p.Masked().String()
	}
	return p, ""
}

// statuses is a list of statuses and ranges of them.
type statuses struct {
	p *Statuses
	limits
}

// StatusForm is what messages ask for.
const StatusForm = "a status such as 502, 5xx or 502-504"

func (t *statuses) Reset()        { *t.p = nil }
func (t *statuses) Takes() string { return "list of statuses" }
func (t *statuses) Clear()        { *t.p = nil }
func (t *statuses) Shape() Shape {
	return Shape{Pattern: StatusPattern, Number: true, Low: 100, High: 599}
}
func (t *statuses) Close(written, _ int) string { return t.limits.close(written) }

func (t *statuses) Add(s string) string {
	r, ok := ParseStatuses(s)
	if !ok {
		return got(s, "want %s", StatusForm)
	}
	*t.p = append(*t.p, r)
	return ""
}

func (t *statuses) Get() ([]string, Style) {
	all := make([]string, len(*t.p))
	for i, r := range *t.p {
		all[i] = r.String()
	}
	return all, Plain
}

// Items is a List of functions, for a list that no other fits. Empty, Append and Texts must be set:
// its methods call them without a check.
type Items struct {
	Form    string                          // what Takes returns
	Empty   func()                          // makes the list empty
	Default func()                          // stores the default; nil is Empty
	Append  func(text string) string        // as List.Add
	End     func(written, added int) string // as List.Close; nil is nothing
	Texts   func() ([]string, Style)        // as List.Get
	Each    Shape                           // as List.Shape
}

// Reset stores the default; without Default the list is then empty.
func (i *Items) Reset() {
	if i.Default != nil {
		i.Default()
	} else {
		i.Empty()
	}
}

// Takes returns the form in the words of the documentation.
func (i *Items) Takes() string { return i.Form }

// Clear makes the list empty.
func (i *Items) Clear() { i.Empty() }

// Add appends an item, or returns the problem of the text.
func (i *Items) Add(text string) string { return i.Append(text) }

// Close returns the problem of the whole list; "" for none, and without End.
func (i *Items) Close(written, added int) string {
	if i.End == nil {
		return ""
	}
	return i.End(written, added)
}

// Get returns the items as texts.
func (i *Items) Get() ([]string, Style) { return i.Texts() }

// Shape returns which texts Add takes.
func (i *Items) Shape() Shape { return i.Each }

// NetworksOf returns the value that Keys.Networks declares, for Keys.Add. Its networks go to p,
// which must not be nil. Of the rules only NotEmpty counts; those of a key do nothing here.
func NetworksOf(p *[]netip.Prefix, rules ...Rule) List {
	return &networks{p: p, limits: limitsOf(rules)}
}
