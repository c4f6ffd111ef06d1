package options

import (
	"strconv"
	"strings"
)

// Statuses is a list of status ranges, in the order written. Nil matches nothing.
type Statuses []StatusRange

// StatusRange is First..Last, both included, within 100..599.
type StatusRange struct {
	First, Last int
}

// Has reports whether a range of the list includes code. It is a linear walk for tools;
// hot paths build their own set.
func (s Statuses) Has(code int) bool {
	for _, r := range s {
		if r.First <= code && code <= r.Last {
			return true
		}
	}
	return false
}

// String writes the range as a file has it: "502", "5xx" or "502-504".
func (r StatusRange) String() string {
	switch {
	case r.First == r.Last:
		return strconv.Itoa(r.First)
	case r.First%100 == 0 && r.Last == r.First+99:
		return strconv.Itoa(r.First/100) + "xx"
	}
	return strconv.Itoa(r.First) + "-" + strconv.Itoa(r.Last)
}

// ParseStatuses reads "502", "5xx" or "502-504", within 100..599 and the lower status first. For
// anything else ok is false and r is not to be used.
func ParseStatuses(s string) (r StatusRange, ok bool) {
	if len(s) == 3 && strings.HasSuffix(s, "xx") && s[0] >= '1' && s[0] <= '5' {
		first := int(s[0]-'0') * 100
		return StatusRange{first, first + 99}, true
	}
	from, to, ranged := strings.Cut(s, "-")
	if !ranged {
		to = from
	}
	first, ok1 := StatusCode(from)
	last, ok2 := StatusCode(to)
	return StatusRange{first, last}, ok1 && ok2 && first <= last
}

// StatusCode reads a status of three digits, 100 to 599. For anything else it returns false, and
// the number is not to be used.
func StatusCode(s string) (int, bool) {
	if len(s) != 3 {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return int(n), err == nil && n >= 100 && n <= 599
}
