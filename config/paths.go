package config

import "penstock/options"

// Paths says what is done to the parts of a request's path that programs interpret
// differently. Encoded NUL is always refused. Default sets every field; the zero value
// refuses all.
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
	Keep                    // match and forward it as received
	Decode                  // take it as the slash that it encodes, and send that
	Slash                   // take it as a slash, and send that
	Resolve                 // as RFC 3986 §5.2.4 says, and send the result
	Merge                   // take several slashes as one, and send that
	ruleCount
)

var ruleText = [ruleCount]string{
	Reject: "reject", Keep: "keep", Decode: "decode", Slash: "slash", Resolve: "resolve", Merge: "merge",
}

// String returns the word of the file. It panics for a value that is none of the constants.
func (r PathRule) String() string { return ruleText[r] }

// Keys declares the keys of `paths`, of the file and of a route.
func (p *Paths) Keys(k options.Keys) {
	k.Add("encoded_slash", pathRule(&p.EncodedSlash, Reject, Keep, Decode), "`%2F`")
	k.Add("backslash", pathRule(&p.Backslash, Reject, Keep, Slash), "`\\` and `%5C`")
	k.Add("double_encoding", pathRule(&p.DoubleEncoding, Keep, Reject), "`%25` before two hexadecimal digits, as in `%252F`")
	k.Add("dot_segments", pathRule(&p.DotSegments, Resolve, Reject), "`.` and `..`, encoded or not")
	k.Add("double_slash", pathRule(&p.DoubleSlash, Keep, Merge, Reject), "`//`")
}

// pathRule is one of rules, by default the first.
func pathRule(p *PathRule, rules ...PathRule) options.Value {
	words := make([]string, len(rules))
	for i, r := range rules {
		words[i] = r.String()
	}
	return options.OneOf(p, words, rules)
}
