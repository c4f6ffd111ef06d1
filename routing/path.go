package routing

import "penstock/headers"

// pathPolicy is how a route treats ambiguous paths.
type pathPolicy struct {
	rules   headers.PathRules
	keeps   headers.PathMarks // parts that stay, and that some reader takes for one slash
	changes headers.PathMarks // parts for which the backend gets the normal form
}

func newPathPolicy(rules headers.PathRules) pathPolicy {
	p := pathPolicy{rules: rules}
	for _, part := range []struct {
		mark   headers.PathMarks
		action headers.PathAction
	}{
		{headers.HasEncodedSlash, rules.EncodedSlash},
		{headers.HasBackslash, rules.Backslash},
		{headers.HasDoubleSlash, rules.DoubleSlash},
		{headers.HasDotSegments, rules.DotSegments},
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

// withoutRefusals returns r with each refusal replaced. A path is read by these rules
// before its route is known, because the route may have rules that accept it.
func withoutRefusals(r headers.PathRules) headers.PathRules {
	for _, action := range []*headers.PathAction{&r.EncodedSlash, &r.Backslash, &r.DoubleEncoding, &r.DoubleSlash} {
		if *action == headers.Refuse {
			*action = headers.Keep
		}
	}
	r.DotSegments = headers.Change
	return r
}

// disambiguate applies the rules of the route to which the first reading of an ambiguous
// path leads (nil for none), and checks that every reading leads to that route:
//
//   - the one by the route's own rules, which is what the backend gets;
//   - where these rules keep encoded slashes, backslashes or empty segments, also those
//     of backends that take such a part for one slash.
//
// So no spelling of a path reaches a backend by another route than the one that guards it.
func (t *Table) disambiguate(q *Query, r *rule) Match {
	policy := &t.noRoute
	if r != nil {
		policy = &t.paths[r.index]
	}
	var marks headers.PathMarks
	var problem headers.Problem
	q.path, marks, problem = policy.rules.Normalize(q.path[:0], q.RawPath)
	if problem != headers.NoProblem {
		return Match{Outcome: PathRefused}
	}
	if r == nil {
		return Match{Outcome: NoRoute}
	}
	if kept := marks & policy.keeps; kept != 0 && !t.leadsOnlyTo(r, q, kept) {
		return Match{Outcome: PathRefused}
	}
	if t.matcher.find(q, q.path) != r { // after leadsOnlyTo, which overwrites what find captures
		return Match{Outcome: PathRefused}
	}
	return Match{Outcome: Found, Route: r.index, Params: r.capture(&q.walk), Path: q.path, PathChanged: marks&policy.changes != 0}
}

// leadsOnlyTo reports whether q.path leads to r, or to no route, when any of the kept
// parts are taken for one slash. A reading may also lead to a route whose pattern
// surrounds that of r: the operator made r an exception from it.
func (t *Table) leadsOnlyTo(r *rule, q *Query, kept headers.PathMarks) bool {
	kept |= headers.HasDoubleSlash // a part that is taken for a slash may stand beside a slash
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
		var problem headers.Problem
		q.read, _, problem = rules.Normalize(q.read[:0], q.path)
		if problem != headers.NoProblem {
			return false
		}
		if other := t.matcher.find(q, q.read); other != nil && other != r && !other.path.surrounds(r.path) {
			return false
		}
	}
	return true
}
