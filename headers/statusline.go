package headers

// ParseStatusLine reads a status line without its line end (RFC 9112 §4). Only
// HTTP/1.0 and HTTP/1.1 and codes from 100 to 599 are taken. The space before an
// empty reason may be missing, as many servers leave it out; reason is nil then. It is a slice of
// line. Problems are BadStatusLine, BadVersion (also for HTTP/1.2) and BadStatus; the other
// results are zero then.
func ParseStatusLine(line []byte) (http11 bool, status int, reason []byte, p Problem) {
	const head = len("HTTP/1.1 200")
	if len(line) < head || string(line[:5]) != "HTTP/" || line[8] != ' ' {
		return false, 0, nil, BadStatusLine
	}
	if string(line[5:7]) != "1." || line[7] != '0' && line[7] != '1' {
		return false, 0, nil, BadVersion
	}
	for _, c := range line[9:head] {
		if c < '0' || c > '9' {
			return false, 0, nil, BadStatus
		}
		status = status*10 + int(c-'0')
	}
	if status < 100 || status > 599 {
		return false, 0, nil, BadStatus
	}
	if len(line) > head {
		if line[head] != ' ' {
			return false, 0, nil, BadStatusLine
		}
		reason = line[head+1:]
		if valueLength(reason) != len(reason) {
			return false, 0, nil, BadStatusLine
		}
	}
	return line[7] == '1', status, reason, NoProblem
}
