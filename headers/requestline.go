package headers

import "bytes"

// ParseRequestLine reads a request line without its line end (RFC 9112 §3): a method, a target
// and a protocol such as HTTP/1.1, each after exactly one space. The method is a token, and the
// target is not empty; whether it is a valid one is for SplitTarget to judge, and which versions
// are served is for the caller. Anything else is BadRequestLine, with nil results. The results
// are slices of line.
func ParseRequestLine(line []byte) (method, target, protocol []byte, p Problem) {
	end := nameLength(line)
	if end == 0 || end == len(line) || line[end] != ' ' {
		return nil, nil, nil, BadRequestLine
	}
	method, rest := line[:end:end], line[end+1:]
	space := bytes.IndexByte(rest, ' ')
	if space <= 0 || !httpVersion(rest[space+1:]) {
		return nil, nil, nil, BadRequestLine
	}
	return method, rest[:space:space], rest[space+1:], NoProblem
}

// httpVersion reports whether text has the form of HTTP-version (RFC 9112 §2.3).
func httpVersion(text []byte) bool {
	return len(text) == len("HTTP/1.1") && string(text[:5]) == "HTTP/" && digit(text[5]) && text[6] == '.' && digit(text[7])
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
