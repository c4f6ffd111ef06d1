package gateway

import (
	"penstock/exchange"
	"penstock/headers"
)

// admitPath brings the path into the form in which its route is searched, and refuses
// paths that every route refuses.
func (j *journey) admitPath(path []byte) *exchange.Fault {
	var p headers.Problem
	j.rawPath = path
	j.pathBuf, j.marks, p = j.snap.table.NormalizePath(j.pathBuf[:0], path)
	j.path = j.pathBuf
	switch p {
	case headers.NoProblem:
		return nil
	case headers.BadPercent, headers.BadTarget:
		return exchange.Refuse(exchange.BadTarget)
	}
	return exchange.Refuse(exchange.PathRefused)
}

// appendTarget appends the origin form of path with the query that the origin sees.
func (j *journey) appendTarget(dst, path []byte) []byte {
	dst = append(dst, path...)
	if query, ok := j.outgoingQuery(); ok {
		dst = append(append(dst, '?'), query...)
	}
	return dst
}
