package headers

// NormalizePath appends the form of path that routes are matched against, cache
// keys are built from and policies see. Percent-encoded unreserved characters are
// decoded once, other encodings keep their form with capital digits, and dot
// segments are resolved, encoded ones too (RFC 3986 §6.2.2). Empty segments stay.
//
// Paths that readers understand differently are refused: encoded slashes,
// backslashes in any spelling, encoded NUL, broken encodings, and segments such as
// "..;x" that are dot segments to servers with path parameters.
// path begins with "/" and has no query. The result begins with "/".
func NormalizePath(dst, path []byte) ([]byte, Problem) {
	if len(path) == 0 || path[0] != '/' {
		return dst, BadTarget
	}
	root := len(dst)
	dst = append(dst, '/')
	segment := len(dst) // where the current segment begins in dst
	for i := 1; i < len(path); {
		c := path[i]
		switch {
		case c == '%':
			if i+2 >= len(path) || !is(path[i+1], hexOctet) || !is(path[i+2], hexOctet) {
				return dst, BadPercent
			}
			var p Problem
			if dst, p = appendDecoded(dst, unhex(path[i+1])<<4|unhex(path[i+2])); p != NoProblem {
				return dst, p
			}
			i += 3
			continue
		case c == '\\':
			return dst, Backslash
		case c == '/':
			if dotParameter(dst[segment:]) {
				return dst, DotParameter
			}
			dst = append(dst, '/')
			dst = resolveDots(dst, root, segment)
			segment = len(dst)
		default:
			dst = append(dst, c)
		}
		i++
	}
	if dotParameter(dst[segment:]) {
		return dst, DotParameter
	}
	if s := dst[segment:]; isDots(s) {
		dst = resolveDots(append(dst, '/'), root, segment)
	}
	return dst, NoProblem
}

// appendDecoded appends the octet that a triplet stands for, or the triplet itself
// when the octet is not unreserved.
func appendDecoded(dst []byte, c byte) ([]byte, Problem) {
	const digits = "0123456789ABCDEF"
	switch {
	case is(c, unreserved):
		return append(dst, c), NoProblem
	case c == 0:
		return dst, EncodedNUL
	case c == '/':
		return dst, EncodedSlash
	case c == '\\':
		return dst, Backslash
	}
	return append(dst, '%', digits[c>>4], digits[c&15]), NoProblem
}

func isDots(segment []byte) bool {
	return len(segment) == 1 && segment[0] == '.' || len(segment) == 2 && segment[0] == '.' && segment[1] == '.'
}

// resolveDots undoes the segment that begins at position segment and whose slash
// was just appended, when it is a dot segment, and for ".." the one before it too
// (RFC 3986 §5.2.4). Nothing climbs above the root.
func resolveDots(dst []byte, root, segment int) []byte {
	s := dst[segment : len(dst)-1]
	if !isDots(s) {
		return dst
	}
	dst = dst[:segment]
	if len(s) == 2 && segment > root+1 {
		dst = dst[:len(dst)-1]
		for dst[len(dst)-1] != '/' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

// dotParameter reports whether a segment is a dot segment followed by parameters.
func dotParameter(segment []byte) bool {
	for i, c := range segment {
		if c == ';' {
			return isDots(segment[:i])
		}
		if c != '.' || i == 2 {
			return false
		}
	}
	return false
}

// HasDotSegments reports whether path has a segment "." or "..", encoded or not.
// Such a path is sent on as NormalizePath resolved it; every other one as it came.
func HasDotSegments(path []byte) bool {
	begin := 1
	for i := 1; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' {
			continue
		}
		if plainDots(path[begin:i]) {
			return true
		}
		begin = i + 1
	}
	return false
}

// plainDots reports whether a segment spells one or two dots.
func plainDots(segment []byte) bool {
	dots := 0
	for len(segment) > 0 {
		switch {
		case segment[0] == '.':
			segment = segment[1:]
		case len(segment) >= 3 && segment[0] == '%' && segment[1] == '2' && segment[2]|0x20 == 'e':
			segment = segment[3:]
		default:
			return false
		}
		dots++
	}
	return dots == 1 || dots == 2
}
