package downstream

import (
	"bytes"

	"penstock/exchange"
	"penstock/headers"
)

// Request is what the gateway knows of a request: facts that were read once, strictly, and
// that every step reads from here. Its fields are assigned in this file only, and once the route
// is known only by SetRoutePath and Reserve.
//
// The zero value is ready. It is meant to be used again and again: Reset empties it. The
// slices are views of the protocol's memory, or of memory that the Request owns, and are
// valid until Reset; those of the protocol only until Stream.Done. It is not safe for
// concurrent use.
type Request struct {
	Version  Version
	Method   []byte
	Scheme   string // "http" or "https": that of the connection
	Host     []byte // the authority that the client means, as it spelled it; may be empty in HTTP/1.0
	Target   []byte // origin form or "*" as received; written anew for an absolute form, and where the rules changed the path
	Path     []byte // normalised: for matching, keys and policies
	RawPath  []byte // as received; nil for "*"
	Query    []byte // what follows the first "?" of the target
	HasQuery bool   // the target has a "?", even if nothing follows it
	Marks    headers.PathMarks
	Head     headers.Block // the fields as received, but for those that Reserve drops
	Framing  headers.Framing

	pathBuf   []byte
	targetBuf []byte
	fieldsBuf []byte // the fields of a request that Copy or ReadDryRun made
}

// Limits bound what Read and ReadTarget take. The zero value refuses every target.
type Limits struct {
	Fields int // field lines; zero means 256
	Target int // bytes of the request target; zero allows none

	DropUnderscored bool // fields with "_" in their names are dropped
}

// Reset empties r and lets go of all memory that is not its own, and of its own buffers
// that grew beyond keep bytes each. It must be called before the memory that r was read from is
// used again.
func (r *Request) Reset(keep int) {
	r.Head.Reset()
	r.Version, r.Framing, r.Marks, r.HasQuery = HTTP10, headers.Framing{}, 0, false
	r.Method, r.Scheme, r.Host, r.Target = nil, "", nil, nil
	r.Path, r.RawPath, r.Query = nil, nil, nil
	for _, b := range []*[]byte{&r.pathBuf, &r.targetBuf, &r.fieldsBuf} {
		if *b = (*b)[:0]; cap(*b) > keep {
			*b = nil
		}
	}
}

// Read reads the version, the fields and the length of the body (RFC 9112 §2.3, §5, §6).
// It returns NoReason when a request may have such a head, else VersionRefused, TooManyFields,
// BadHeader, UnknownCoding, BadFraming or ExpectationRefused. The method is known also when it
// refuses, and the version unless that is refused; nothing else may be used then. r keeps views
// of h.Fields.
func (r *Request) Read(h *Head, limits Limits) exchange.Reason {
	r.Method, r.Scheme, r.Version = h.Method, h.Scheme, h.Version
	if h.Protocol != nil {
		version, ok := readVersion(h.Protocol)
		if !ok {
			return exchange.VersionRefused
		}
		r.Version = version
	}
	r.Head.MaxFields = limits.Fields
	switch p := r.Head.Parse(h.Fields); {
	case p == headers.TooMany:
		return exchange.TooManyFields
	case p != headers.NoProblem || r.Head.Repeated() != headers.Other:
		return exchange.BadHeader
	}
	if limits.DropUnderscored {
		r.Head.DropUnderscored()
	}
	return r.readFraming()
}

// Persists reports whether the client lets the connection go on after the response
// (RFC 9112 §9.3): not with Connection: close, and in HTTP/1.0 only with keep-alive. It is valid
// after Read.
func (r *Request) Persists() bool {
	if r.Head.ConnectionHas("close") {
		return false
	}
	return r.Version >= HTTP11 || r.Head.ConnectionHas("keep-alive")
}

// Served reports whether requests with this method are served at all: all but CONNECT and
// TRACE, in any case of letters, are.
func (r *Request) Served() bool {
	return !bytes.EqualFold(r.Method, []byte("CONNECT")) && !bytes.EqualFold(r.Method, []byte("TRACE"))
}

// readVersion reads the version of HTTP/1 (RFC 9112 §2.3). A higher minor version counts as
// HTTP/1.1, the highest that we know (RFC 9110 §2.5).
func readVersion(protocol []byte) (Version, bool) {
	minor, ok := bytes.CutPrefix(protocol, []byte("HTTP/1."))
	if !ok || len(minor) != 1 || minor[0] < '0' || minor[0] > '9' {
		return HTTP10, false
	}
	if minor[0] == '0' {
		return HTTP10, true
	}
	return HTTP11, true
}

// readFraming judges the length of the body and what the client expects.
func (r *Request) readFraming() exchange.Reason {
	framing, p := headers.RequestFraming(&r.Head, r.Version >= HTTP11)
	switch {
	case p == headers.UnknownCoding:
		return exchange.UnknownCoding
	case p != headers.NoProblem:
		return exchange.BadFraming
	}
	for expect := range r.Head.All(headers.Expect) { // a list, whose lines add up (RFC 9110 §5.3)
		if r.Version >= HTTP11 && !bytes.EqualFold(expect, []byte("100-continue")) {
			return exchange.ExpectationRefused
		}
	}
	r.Framing = framing
	return exchange.NoReason
}

// ReadTarget finds out which host and path the client means, after Read. An absolute-form
// target overrides Host (RFC 9112 §3.2.2). For "*", which only OPTIONS may have, RawPath is nil
// and Path is "*". It returns NoReason, or BadHost, URITooLong, BadTarget or PathRefused; Host,
// Target, Path and Query are not complete then. paths must not be nil.
func (r *Request) ReadTarget(h *Head, limits Limits, paths PathReader) exchange.Reason {
	r.Host = r.Head.Get(headers.Host)
	if r.Head.Count(headers.Host) > 1 || len(r.Host) == 0 && r.Version >= HTTP11 {
		return exchange.BadHost // no http URI has an empty host (RFC 9110 §4.2.1)
	}
	if len(h.Target) > limits.Target {
		return exchange.URITooLong
	}
	t, p := headers.SplitTarget(h.Target)
	if p != headers.NoProblem {
		return exchange.BadTarget
	}
	switch t.Form {
	case headers.OriginForm:
	case headers.AbsoluteForm:
		r.Host = t.Authority
	case headers.AsteriskForm:
		if string(r.Method) != "OPTIONS" {
			return exchange.BadTarget
		}
	default:
		return exchange.BadTarget
	}
	if len(r.Host) > 0 && !headers.ValidHost(r.Host) {
		return exchange.BadHost
	}
	r.Target = h.Target
	if t.Form == headers.AsteriskForm {
		r.Path = r.Target
		return exchange.NoReason
	}
	r.Query, r.HasQuery, r.RawPath = t.Query, t.HasQuery, t.Path
	if t.Form == headers.AbsoluteForm {
		r.writeTarget(t.Path)
	}
	return r.readPath(paths)
}

// PathReader brings paths into their normal form.
type PathReader interface {
	// NormalizePath appends the normal form of path to dst and says what is ambiguous in it. With
	// a problem other than NoProblem the path is refused, and the longer dst is not complete. It
	// must not keep path.
	NormalizePath(dst, path []byte) ([]byte, headers.PathMarks, headers.Problem)
}

// readPath makes the normal form of the path in which its route is looked up.
func (r *Request) readPath(paths PathReader) exchange.Reason {
	var p headers.Problem
	r.pathBuf, r.Marks, p = paths.NormalizePath(r.pathBuf[:0], r.RawPath)
	r.Path = r.pathBuf
	switch p {
	case headers.NoProblem:
		return exchange.NoReason
	case headers.BadPercent, headers.BadTarget:
		return exchange.BadTarget
	}
	return exchange.PathRefused
}

// SetRoutePath makes path the normal form by the rules of the route that was found. changed
// says that the backend gets it in the place of the path that was received, with the query as it
// was: Target is written anew. r keeps path, which must stay as it is until Reset.
func (r *Request) SetRoutePath(path []byte, changed bool) {
	if r.Path = path; changed {
		r.writeTarget(path)
	}
}

// Reserve drops the fields that a client may not send on the route that was found, in every
// spelling that a backend may read alike (see headers.Folds). They do not exist any more for the
// steps that follow. Without names it does nothing.
func (r *Request) Reserve(names [][]byte) {
	if len(names) > 0 {
		r.Head.DropFolded(names)
	}
}

// writeTarget makes Target the origin form of path with the query as received.
func (r *Request) writeTarget(path []byte) {
	r.targetBuf = append(r.targetBuf[:0], path...)
	if r.HasQuery {
		r.targetBuf = append(append(r.targetBuf, '?'), r.Query...)
	}
	r.Target = r.targetBuf
}

// Copy makes r a request of its own with the facts of from, as an HTTP/1.1 GET without a body:
// nothing in it points into the memory of from, which must be another Request. Fields that are
// dropped are left out. False means that the fields cannot be read again; r must not be used
// then before a Reset.
func (r *Request) Copy(from *Request) bool {
	r.fieldsBuf = from.Head.Append(r.fieldsBuf[:0])
	r.Head.MaxFields = from.Head.MaxFields
	if r.Head.Parse(r.fieldsBuf) != headers.NoProblem {
		return false
	}
	r.Version, r.Scheme, r.Method = HTTP11, from.Scheme, []byte("GET")
	r.Framing, r.Marks, r.HasQuery = headers.Framing{Kind: headers.NoBody, Length: -1}, from.Marks, from.HasQuery
	r.Host, r.Query, r.RawPath = bytes.Clone(from.Host), bytes.Clone(from.Query), bytes.Clone(from.RawPath)
	r.pathBuf, r.targetBuf = append(r.pathBuf[:0], from.Path...), append(r.targetBuf[:0], from.Target...)
	r.Path, r.Target = r.pathBuf, r.targetBuf
	return true
}

// ReadDryRun makes r the request that a client would send with this head, of which h.Fields
// need no empty line. It is Read and ReadTarget in one and returns what they do: NoReason, or why
// such a request would be refused. r copies the fields and keeps views of the rest of h.
func (r *Request) ReadDryRun(h *Head, limits Limits, paths PathReader) exchange.Reason {
	r.fieldsBuf = append(r.fieldsBuf[:0], h.Fields...)
	own := *h
	own.Fields = r.fieldsBuf
	if why := r.Read(&own, limits); why != exchange.NoReason {
		return why
	}
	return r.ReadTarget(&own, limits, paths)
}
