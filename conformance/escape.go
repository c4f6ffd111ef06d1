package conformance

import (
	"fmt"
	"strconv"
	"strings"
)

// unescape turns the notation of the tables into bytes: \r \n \t \0 \s (space)
// \\ \{ \xNN as usual, and {text*number} for text repeated.
func unescape(s string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			text, used, err := escape(s[i:])
			if err != nil {
				return "", err
			}
			out.WriteString(text)
			i += used - 1
		case '{':
			end := strings.IndexByte(s[i:], '}')
			star := strings.LastIndexByte(s[i:i+max(end, 0)], '*')
			if star < 0 {
				return "", fmt.Errorf("%q: want {text*number}", s[i:])
			}
			times, err := strconv.Atoi(s[i+star+1 : i+end])
			if err != nil {
				return "", err
			}
			text, err := unescape(s[i+1 : i+star])
			if err != nil {
				return "", err
			}
			out.WriteString(strings.Repeat(text, times))
			i += end
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String(), nil
}

// escape reads one escape at the start of s and says how long it is.
func escape(s string) (text string, used int, err error) {
	if len(s) < 2 {
		return "", 0, fmt.Errorf("a backslash ends the line; write \\\\")
	}
	if s[1] == 'x' && len(s) >= 4 {
		n, err := strconv.ParseUint(s[2:4], 16, 8)
		return string([]byte{byte(n)}), 4, err
	}
	at := strings.IndexByte(`rnt0s\{`, s[1])
	if at < 0 {
		return "", 0, fmt.Errorf("escape %q is not known", s[:2])
	}
	return "\r\n\t\x00 \\{"[at : at+1], 2, nil
}
