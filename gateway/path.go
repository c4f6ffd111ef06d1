package gateway

import (
	"penstock/config"
	"penstock/exchange"
	"penstock/headers"
)

// pathPolicy is what a route does with ambiguous paths.
type pathPolicy struct {
	rules   headers.PathRules
	keeps   headers.PathMarks // parts that some reader takes for one slash
	changes headers.PathMarks // parts for which the backend gets the normal form
}

func compilePaths(c *config.Paths) pathPolicy {
	p := pathPolicy{rules: headers.PathRules{
		EncodedSlash: pathAction(c.EncodedSlash), Backslash: pathAction(c.Backslash), DoubleSlash: pathAction(c.DoubleSlash),
		DotSegments: pathAction(c.DotSegments), DoubleEncoding: pathAction(c.DoubleEncoding),
	}}
	for _, part := range []struct {
		mark   headers.PathMarks
		action headers.PathAction
	}{
		{headers.HasEncodedSlash, p.rules.EncodedSlash},
		{headers.HasBackslash, p.rules.Backslash},
		{headers.HasDoubleSlash, p.rules.DoubleSlash},
		{headers.HasDotSegments, p.rules.DotSegments},
	} {
		switch part.action {
		case headers.Keep:
			p.keeps |= part.mark
		case headers.Change:
			p.changes |= part.mark
		}
	}
	return p
}

func pathAction(r config.PathRule) headers.PathAction {
	switch r {
	case config.Reject:
		return headers.Refuse
	case config.Keep:
		return headers.Keep
	}
	return headers.Change
}

// firstReading is r without its refusals: the reading by which a route is looked
// up before its own rules are known.
func firstReading(r headers.PathRules) headers.PathRules {
	for _, action := range []*headers.PathAction{&r.EncodedSlash, &r.Backslash, &r.DoubleEncoding, &r.DoubleSlash} {
		if *action == headers.Refuse {
			*action = headers.Keep
		}
	}
	r.DotSegments = headers.Change
	return r
}

// admitPath reads the path for the first time.
func (j *journey) admitPath(path []byte) *exchange.Fault {
	var p headers.Problem
	j.rawPath = path
	j.pathBuf, j.marks, p = j.snap.reading.Normalize(j.pathBuf[:0], path)
	j.path = j.pathBuf
	switch p {
	case headers.NoProblem:
		return nil
	case headers.BadPercent, headers.BadTarget:
		return exchange.Refuse(exchange.BadTarget)
	}
	return exchange.Refuse(exchange.PathRefused)
}

// disambiguate applies the rules of the route that an ambiguous path was found to
// lead to, nil for none, and makes sure that the path leads there in every reading:
//
//   - as the rules of the route read it, which is what the backend gets;
//   - where they keep slashes, backslashes or empty segments, also as a backend
//     reads it that takes them for one slash.
//
// So no spelling of a path reaches a backend past the route that guards it.
func (j *journey) disambiguate(found *rule) *exchange.Fault {
	policy := &j.snap.paths
	if found != nil {
		policy = &j.snap.routes[found.index].paths
	}
	var p headers.Problem
	j.pathBuf, j.marks, p = policy.rules.Normalize(j.pathBuf[:0], j.rawPath)
	if p != headers.NoProblem {
		return exchange.Refuse(exchange.PathRefused)
	}
	if found == nil {
		return exchange.Refuse(exchange.NoRoute)
	}
	j.path = j.pathBuf
	if kept := j.marks & policy.keeps; kept != 0 && !j.leadsTo(found, kept) {
		return exchange.Refuse(exchange.PathRefused)
	}
	j.look.path = j.path
	if j.snap.matcher.find(&j.look) != found { // last, for it also sets what is captured
		return exchange.Refuse(exchange.PathRefused)
	}
	if j.marks&policy.changes != 0 {
		j.rewrote = j.appendTarget(j.rewrote[:0], j.path)
		j.target = j.rewrote
	}
	return nil
}

// leadsTo reports whether the path leads to the same route when any of the kept
// parts are taken for one slash. It may also lead to a rest below which that route
// lies, for the route is an exception from it by the operator's own will.
func (j *journey) leadsTo(found *rule, kept headers.PathMarks) bool {
	kept |= headers.HasDoubleSlash // which taking another part for a slash may make
	for taken := kept; taken != 0; taken = (taken - 1) & kept {
		rules := headers.PathRules{EncodedSlash: headers.Keep, Backslash: headers.Keep, DoubleEncoding: headers.Keep,
			DotSegments: headers.Change, DoubleSlash: headers.Keep}
		if taken&headers.HasEncodedSlash != 0 {
			rules.EncodedSlash = headers.Change
		}
		if taken&headers.HasBackslash != 0 {
			rules.Backslash = headers.Change
		}
		if taken&headers.HasDoubleSlash != 0 {
			rules.DoubleSlash = headers.Change
		}
		var p headers.Problem
		j.otherPath, _, p = rules.Normalize(j.otherPath[:0], j.path)
		if p != headers.NoProblem {
			return false
		}
		j.look.path = j.otherPath
		if other := j.snap.matcher.find(&j.look); other != nil && other != found && !other.surrounds(found) {
			return false
		}
	}
	return true
}

// appendTarget appends the origin form of path with the query that the origin sees.
func (j *journey) appendTarget(dst, path []byte) []byte {
	dst = append(dst, path...)
	if query, ok := j.outgoingQuery(); ok {
		dst = append(append(dst, '?'), query...)
	}
	return dst
}
