package rfc9111

import (
	"bytes"
	"iter"
)

// URI is where a request goes: "https", "shop.example:8443" and "/a?b". Target is
// the path with the query, in whatever normal form the caller keys by.
type URI struct {
	Scheme, Authority, Target []byte
}

// Invalidates reports whether a response to this method makes what is stored for
// the URI invalid: the method is Unsafe or Post, and the status is from 200 to 399
// (RFC 9111 §4.4).
func Invalidates(m Method, status int) bool {
	return (m == Unsafe || m == Post) && 200 <= status && status <= 399
}

// Invalidated yields the targets that such a response invalidates besides the
// request's own: what Location and Content-Location name, if it is of the same
// origin (RFC 9111 §4.4). Other values are skipped. A target is valid until the next one is
// yielded.
func Invalidated(u URI, response Fields) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var buffer []byte
		for name, value, pos := response.Next(0); pos >= 0; name, value, pos = response.Next(pos) {
			if f := fieldOf(name); f != location && f != contentLocation {
				continue
			}
			target, ok := u.SameOrigin(buffer[:0], value)
			if buffer = target; ok && !yield(target) {
				return
			}
		}
	}
}

// SameOrigin resolves a reference against u (RFC 3986 §5.2) and appends its path
// and query to dst; the fragment is dropped. ok is false, and dst unchanged, when
// the reference leads to another origin (RFC 9110 §4.3.1) or is none.
func (u URI) SameOrigin(dst, reference []byte) (target []byte, ok bool) {
	reference = trim(reference)
	if bytes.ContainsFunc(reference, isNoURI) {
		return dst, false
	}
	rest, _, _ := bytes.Cut(reference, []byte("#"))
	if scheme := schemeOf(rest); scheme != nil {
		rest = rest[len(scheme)+1:]
		if !sameName(scheme, u.Scheme) || !bytes.HasPrefix(rest, []byte("//")) {
			return dst, false
		}
	}
	rooted := bytes.HasPrefix(rest, []byte("//"))
	if rooted {
		rest = rest[2:]
		end := bytes.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		if !u.sameAuthority(rest[:end]) {
			return dst, false
		}
		rest = rest[end:]
	}
	path, query, asked := cutQuery(rest)
	basePath, baseQuery, baseAsked := cutQuery(u.Target)
	switch {
	case len(path) > 0 && path[0] == '/':
		dst = appendPath(dst, nil, path)
	case rooted:
		dst = append(dst, '/')
	case len(path) > 0:
		dst = appendPath(dst, basePath[:bytes.LastIndexByte(basePath, '/')+1], path)
	default:
		dst = append(dst, basePath...)
		if !asked {
			query, asked = baseQuery, baseAsked
		}
	}
	if asked {
		dst = append(dst, '?')
		dst = append(dst, query...)
	}
	return dst, true
}

// isNoURI reports whether a rune cannot stand in a URI: all but visible ASCII
// (RFC 3986 §2).
func isNoURI(r rune) bool { return r <= ' ' || r > '~' }

// schemeOf returns the scheme that a reference begins with, nil when it has none.
func schemeOf(b []byte) []byte {
	for i, c := range b {
		switch {
		case c == ':' && i > 0:
			return b[:i]
		case isAlpha(c), i > 0 && (isDigit(c) || c == '+' || c == '-' || c == '.'):
		default:
			return nil
		}
	}
	return nil
}

func cutQuery(b []byte) (path, query []byte, asked bool) { return bytes.Cut(b, []byte("?")) }

// sameAuthority compares host and port, where the scheme's own port may be left out.
func (u URI) sameAuthority(b []byte) bool {
	return sameName(u.host(b), u.host(u.Authority))
}

// host cuts the port off where it is the scheme's own, or empty.
func (u URI) host(authority []byte) []byte {
	own := ":80"
	if equalFold(u.Scheme, "https") {
		own = ":443"
	}
	authority = bytes.TrimSuffix(authority, []byte(own))
	return bytes.TrimSuffix(authority, []byte(":"))
}

// appendPath appends folder and path as one path without dot segments (RFC 3986
// §5.2.4).
func appendPath(dst, folder, path []byte) []byte {
	start := len(dst)
	if dst = append(dst, folder...); len(folder) == 0 && path[0] != '/' {
		dst = append(dst, '/')
	}
	dst = append(dst, path...)
	whole, kept := dst[start:], 0
	for at := 0; at < len(whole); {
		end := len(whole)
		if next := bytes.IndexByte(whole[at+1:], '/'); next >= 0 {
			end = at + 1 + next
		}
		segment := whole[at:end]
		dots := string(segment) == "/." || string(segment) == "/.."
		if string(segment) == "/.." {
			kept = max(0, bytes.LastIndexByte(whole[:kept], '/'))
		}
		if dots && end == len(whole) {
			segment, dots = segment[:1], false
		}
		if !dots {
			kept += copy(whole[kept:], segment)
		}
		at = end
	}
	return dst[:start+kept]
}
