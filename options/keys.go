package options

import (
	"net/netip"
	"time"
)

// Key is the declaration of one key. A Key without a name describes its section instead:
// another form of it (Value), keys that are not built yet (Later), or the message for
// unknown keys (Foreign, Unknown).
type Key struct {
	Name     string
	Doc      string // one line for the documentation, after what Value.Takes returns
	Default  string // the default in the words of the documentation; empty is what Value holds after Reset
	Like     string // path of the keys whose values are the defaults of those below this one
	Value    Value  // nil for a Key of Later, Foreign or Unknown, and for one that Keys.Absent declared
	Restart  bool   // only a start reads it
	Secret   bool   // its value is not shown
	Required bool   // a section without it is a problem

	Later []string // names of keys that are known and not built yet
	// Foreign returns what to write for a key that the section does not have and that other
	// programs do, such as "; write upstream"; "" for one that it does not know. It is said
	// in place of a similar name.
	Foreign func(name string) (hint string)
	// Unknown returns what else to say about a key that the section does not have and
	// that is not nearly one of its own, such as "; write it below set". "" is nothing.
	Unknown func(name string) (hint string)
}

// Keys takes the declarations of a section. Its methods read nothing: they declare a key, the
// field that gets its value, its default and its meaning. The pointers to fields must not be nil.
// Only a Section makes one; it is used during the call that gets it.
type Keys struct {
	visit func(Key)
	wants func(name string) bool // reports whether the value of a key is needed; nil means of every key
}

// Absent declares a key without its value if this walk does not need the value: a file that is
// read does not have the key. If it returns false, the key is still to be declared. The
// methods of Keys that make a value call it, except Add; other code may, to make none in vain. Of
// the rules only Required counts here.
func (k Keys) Absent(name string, rules ...Rule) bool {
	if k.wants == nil || k.wants(name) {
		return false
	}
	key := Key{Name: name}
	for i := range rules {
		key.Required = key.Required || rules[i].bits == required
	}
	k.visit(key)
	return true
}

// Add declares a key with a value of any form, which must not be nil. Of the rules only Restart,
// Required, Lines, Means and Like count; those of the value, such as Off, go to what makes it.
func (k Keys) Add(name string, value Value, doc string, rules ...Rule) {
	key := Key{Name: name, Doc: doc, Value: value}
	for _, r := range rules {
		r.apply(&key)
	}
	k.visit(key)
}

// Itself declares another form of the section: a Scalar, List, Map or *Sections in place of the
// mapping. Of several the first that fits the file is read, and the first that is not Absent
// printed.
func (k Keys) Itself(value Value) { k.visit(Key{Value: value}) }

// Unknown declares what else is said about keys that the section does not have; see
// Key.Unknown.
func (k Keys) Unknown(hint func(name string) string) { k.visit(Key{Unknown: hint}) }

// Foreign declares what is said about keys of other programs; see Key.Foreign.
func (k Keys) Foreign(hint func(name string) string) { k.visit(Key{Foreign: hint}) }

// Later names keys that are known and not built yet. A file that has one is refused, and Required
// keys that its section lacks are then not reported.
func (k Keys) Later(names ...string) {
	k.visit(Key{Later: names})
}

// Section declares a mapping with the keys that in declares, which must not be nil. It has no
// Check: a section with one is made by SectionOf, or is a *Section, and goes to Add.
func (k Keys) Section(name string, in func(Keys), doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, &Section{Keys: in}, doc, rules...)
}

// Count declares a whole number, by default standard. It is 0 to 2147483647, or what Within
// says; with Off `off` is stored as zero.
func (k Keys) Count(name string, p *int, standard int, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, newCount(p, standard, rules), doc, rules...)
}

// Duration declares a duration with its unit, by default standard. It is more
// than zero and at most MaxDuration. With Off `off` is stored as zero, with Zero
// 0s and `off` are.
func (k Keys) Duration(name string, p *time.Duration, standard time.Duration, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, &duration{p, standard, limitsOf(rules)}, doc, rules...)
}

// Size declares a number of bytes with its unit, by default standard. It is zero or more, or what
// Within says; with Off `off` is stored as Unlimited, with Auto `auto` as zero, as 0B is.
func (k Keys) Size(name string, p *int64, standard int64, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, SizeOf(p, standard, rules...), doc, rules...)
}

// Share declares a percentage, stored as a fraction of one, by default standard.
// It lies within 0% and 100%, or what Within says in percent; with Off `off` is stored as
// zero and 0% is refused.
func (k Keys) Share(name string, p *float64, standard float64, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, newShare(p, standard, rules), doc, rules...)
}

// Rate declares a rate per second, by default standard. 0/s is a value; with Off it is refused, and
// `off` is stored as zero.
func (k Keys) Rate(name string, p *float64, standard float64, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, &rate{p, standard, limitsOf(rules)}, doc, rules...)
}

// Flow declares a number of bytes a second, by default standard. It is more than zero; `off`,
// without any rule, is stored as zero.
func (k Keys) Flow(name string, p *int64, standard int64, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, &flow{p, standard}, doc, rules...)
}

// Switch declares `on` and `off`, which may be written `true` and `false`, by default standard.
func (k Keys) Switch(name string, p *bool, standard bool, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, &toggle{p, standard, limitsOf(rules)}, doc, rules...)
}

// Choice declares one of words, whose case counts, by default the first. It panics when words is
// empty.
func (k Keys) Choice(name string, p *string, words []string, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, OneOf(p, words, words), doc, rules...)
}

// Text declares a text of one line, by default the first item of Default, else "". A value that is
// empty or has several lines is a problem of the file unless AnyText is a rule. Checked says what
// else judges it. With Off `off` and `false` are stored as "".
func (k Keys) Text(name string, p *string, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, &text{p: p, limits: limitsOf(rules)}, doc, rules...)
}

// Secret declares a text as Text does that is not shown in messages and is printed as "(set)".
func (k Keys) Secret(name string, p *string, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	rules = append(rules, Rule{bits: secret})
	k.Add(name, &text{p: p, limits: limitsOf(rules)}, doc, rules...)
}

// File declares the name of a file or folder, stored as an absolute path that
// begins in the folder of the configuration file; see File.Set. By default it is the first item of
// Default, else "". With Off `off` is stored as "". It has no Check.
func (k Keys) File(name string, p *string, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, &File{text: text{p: p, limits: limitsOf(rules)}}, doc, rules...)
}

// Names declares a list of texts of one line, by default the items of Default, else none. Checked
// says what judges each; none may be repeated, in any case unless CaseCounts is a rule. It may be
// empty unless NotEmpty is a rule.
func (k Keys) Names(name string, p *[]string, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, newNames(p, rules), doc, rules...)
}

// Networks declares a list of CIDRs and single addresses, read by ParsePrefix, by default none.
// None may be repeated.
func (k Keys) Networks(name string, p *[]netip.Prefix, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, NetworksOf(p, rules...), doc, rules...)
}

// Statuses declares a list of statuses: 502, 5xx, 502-504; by default none. They may overlap, and
// be repeated.
func (k Keys) Statuses(name string, p *Statuses, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, &statuses{p, limitsOf(rules)}, doc, rules...)
}

// Fields declares a mapping of the names of header fields to a value, or with
// Many also to a list of values; by default none. Names that FieldName or an earlier entry rules
// out are refused, and values with control characters other than tabs or with blanks around them; a
// value may be empty. Values of a SecretField are not shown.
func (k Keys) Fields(name string, p *[]Field, doc string, rules ...Rule) {
	if k.Absent(name, rules...) {
		return
	}
	k.Add(name, &fields{p: p, limits: limitsOf(rules)}, doc, rules...)
}
