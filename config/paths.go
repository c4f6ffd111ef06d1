package config

// Paths says what is done to the parts of a request's path that readers
// understand differently. Encoded NUL is refused whatever it says. It comes from
// Default, which names every field; the zero value refuses all.
type Paths struct {
	EncodedSlash   PathRule // %2F: Reject, Keep or Decode
	Backslash      PathRule // "\" and %5C: Reject, Keep or Slash
	DoubleEncoding PathRule // %25 before two hexadecimal digits: Keep or Reject
	DotSegments    PathRule // "." and "..", encoded or not: Resolve or Reject
	DoubleSlash    PathRule // "//": Keep, Merge or Reject
}

// PathRule is one of the ways to treat a part of a path.
type PathRule uint8

// The rules; each key of Paths takes some of them.
const (
	Reject  PathRule = iota // refuse the request with 400
	Keep                    // take it as it stands and send it as it came
	Decode                  // take it as the slash that it encodes, and send that
	Slash                   // take it as a slash, and send that
	Resolve                 // as RFC 3986 §5.2.4 says, and send the result
	Merge                   // take several slashes as one, and send that
	ruleCount
)

var ruleText = [ruleCount]string{
	Reject: "reject", Keep: "keep", Decode: "decode", Slash: "slash", Resolve: "resolve", Merge: "merge",
}

func (r PathRule) String() string { return ruleText[r] }

var pathFields = []field[Paths]{
	pathField("encoded_slash", func(p *Paths) *PathRule { return &p.EncodedSlash }, Reject, Keep, Decode),
	pathField("backslash", func(p *Paths) *PathRule { return &p.Backslash }, Reject, Keep, Slash),
	pathField("double_encoding", func(p *Paths) *PathRule { return &p.DoubleEncoding }, Keep, Reject),
	pathField("dot_segments", func(p *Paths) *PathRule { return &p.DotSegments }, Resolve, Reject),
	pathField("double_slash", func(p *Paths) *PathRule { return &p.DoubleSlash }, Keep, Merge, Reject),
}

// pathField is a key that takes one of rules.
func pathField(key string, part func(*Paths) *PathRule, rules ...PathRule) field[Paths] {
	words := make([]string, len(rules))
	for i, r := range rules {
		words[i] = r.String()
	}
	return field[Paths]{key: key, read: func(d *decoder, v value, p *Paths) {
		if i, ok := d.choice(v, words); ok {
			*part(p) = rules[i]
		}
	}}
}

func (p *Paths) tree() *node {
	return flow(tree()).
		put("encoded_slash", plain(p.EncodedSlash.String())).
		put("backslash", plain(p.Backslash.String())).
		put("double_encoding", plain(p.DoubleEncoding.String())).
		put("dot_segments", plain(p.DotSegments.String())).
		put("double_slash", plain(p.DoubleSlash.String()))
}
