package conformance

import (
	"fmt"
	"strconv"
	"strings"

	"penstock/conformance/table"
)

// unescape turns the notation of the tables into bytes: the escapes of package table,
// and {text*number} for text repeated.
func unescape(s string) (string, error) { return table.Unescape(s, repeat) }

// repeat makes text of "text*number".
func repeat(inside string) (string, error) {
	star := strings.LastIndexByte(inside, '*')
	if star < 0 {
		return "", fmt.Errorf("{%s}: want {text*number}", inside)
	}
	times, err := strconv.Atoi(inside[star+1:])
	if err != nil {
		return "", err
	}
	text, err := unescape(inside[:star])
	return strings.Repeat(text, times), err
}
