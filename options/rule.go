package options

// Rule is more to say about a key than its type. A key ignores rules that do not fit its type; the
// zero value says nothing.
type Rule struct {
	bits      ruleBits
	low, high int64
	text      string
	words     []string
	check     Check
}

// Check checks one text, which is one line and not empty unless AnyText allows it; `off` does not
// reach it with Off. For a valid one it returns the text in the shape in which it is stored, and ""
// as wrong; else wrong is the problem, which messages print after `got "...", `, of a Secret alone.
type Check func(text string) (shaped, wrong string)

type ruleBits uint32

const (
	off ruleBits = 1 << iota
	zero
	restart
	required
	secret
	caseCounts
	quiet
	many
	bounded
	standardText
	like
	none
	anyText
	lines
	mappingLater
	auto
)

// The rules without a value. Restart, Required and Lines are rules of a key, as Means and Like are;
// the others are rules of its value. Where `off` is a value, `false` is another word for it.
var (
	Off          = Rule{bits: off}          // `off` is a value too, stored as the methods of Keys say
	Auto         = Rule{bits: auto}         // `auto` is a Size too, stored as zero
	Zero         = Rule{bits: zero}         // a Duration of 0s is a value too, and `off` for it
	Restart      = Rule{bits: restart}      // only a start reads the key; on a section it does not cover the keys below
	Required     = Rule{bits: required}     // a section without the key is a problem
	CaseCounts   = Rule{bits: caseCounts}   // items of Names that differ in case are different
	Quiet        = Rule{bits: quiet}        // a Switch or Names is not printed while it has its default
	Many         = Rule{bits: many}         // a name of Fields may have a list of values
	Lines        = Rule{bits: lines}        // a Section is printed with a line for each key
	MappingLater = Rule{bits: mappingLater} // a mapping in place of a Text, or of an item of Names, is not built yet
	AnyText      = Rule{bits: anyText}      // a Text or Secret may be empty or have several lines
)

// Within bounds a Count, a Size in bytes or a Share in percent: low and high are the least and the
// largest value. `off` and `auto` are not bounded by it.
func Within(low, high int64) Rule { return Rule{bits: bounded, low: low, high: high} }

// Checked has c judge a Text or Secret, or each item of Names. Of several the last one counts.
func Checked(c Check) Rule { return Rule{check: c} }

// Default sets the items that Names have when the file does not have the key; for a Text, Secret or
// File the first item is the default. Without items it says nothing. Checked does not judge them.
func Default(items ...string) Rule { return Rule{words: items} }

// NotEmpty refuses Names, Networks or Statuses that a file writes as an empty list or as `off`; a
// file without the key is valid. wrong is the message, which must not be empty.
func NotEmpty(wrong string) Rule { return Rule{bits: none, text: wrong} }

// Means is the default in the words of the documentation, where it depends on
// something else: "the URL's host". It stores nothing; "required" also makes a schema require the
// key, but not the reader of a file.
func Means(text string) Rule { return Rule{bits: standardText, text: text} }

// Like says in the documentation that the defaults of the keys below are the values of those below
// path. It stores nothing.
func Like(path string) Rule { return Rule{bits: like, text: path} }

func (r Rule) apply(k *Key) {
	switch r.bits {
	case restart:
		k.Restart = true
	case required:
		k.Required = true
	case secret:
		k.Secret = true
	case lines:
		if s, ok := k.Value.(*Section); ok {
			s.Block = true
		}
	case standardText:
		k.Default = r.text
	case like:
		k.Like = r.text
	}
}

// limits are the rules of one key, put together.
type limits struct {
	bits      ruleBits
	low, high int64
	none      string
	words     []string
	check     Check
}

func limitsOf(rules []Rule) limits {
	var l limits
	for _, r := range rules {
		l.bits |= r.bits
		switch {
		case r.bits == bounded:
			l.low, l.high = r.low, r.high
		case r.bits == none:
			l.none = r.text
		case r.words != nil:
			l.words = r.words
		case r.check != nil:
			l.check = r.check
		}
	}
	return l
}

func (l *limits) has(b ruleBits) bool { return l.bits&b != 0 }
