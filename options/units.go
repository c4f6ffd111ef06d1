package options

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// The forms that messages ask for.
const (
	DurationForm = "a duration with its unit, such as 250ms, 5s, 1m or 1h"
	SizeForm     = "a size with its unit, such as 512B, 16KiB, 64MiB or 1GiB"
	ShareForm    = "a share in percent, such as 10%"
	RateForm     = "a rate per second, such as 10/s"
	RangeForm    = "two durations, such as 25ms..1s"
)

// MaxDuration is the longest duration that a file may ask for. ParseDuration does not check it.
const MaxDuration = 10000 * time.Hour

// ParseDuration reads "250ms", "5s", "1h30m", "0s". A sign, a bare number (0 too), a leading point
// and an overflow are not ok; the duration is then not to be used.
func ParseDuration(s string) (time.Duration, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' || s[len(s)-1] >= '0' && s[len(s)-1] <= '9' {
		return 0, false
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0
}

// FormatDuration writes d in the largest unit that keeps it whole: "75s", "10m".
// A minute is 60s. A negative d, which ParseDuration refuses, is written in ns.
func FormatDuration(d time.Duration) string {
	for _, u := range []struct {
		unit, from time.Duration
		name       string
	}{
		{time.Hour, time.Hour, "h"},
		{time.Minute, 2 * time.Minute, "m"},
		{time.Second, time.Second, "s"},
		{time.Millisecond, time.Millisecond, "ms"},
		{time.Microsecond, time.Microsecond, "us"},
	} {
		if d >= u.from && d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	if d == 0 {
		return "0s"
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}

var sizeUnits = []struct {
	name  string
	bytes int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// ParseSize reads whole bytes: "512B", "16KiB", "64MiB", "0B". A bare number, a sign, a fraction and
// an overflow return 0 and false.
func ParseSize(s string) (int64, bool) {
	for _, u := range sizeUnits {
		number, found := strings.CutSuffix(s, u.name)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 63)
		if err != nil || n > math.MaxInt64/uint64(u.bytes) {
			return 0, false
		}
		return int64(n) * u.bytes, true
	}
	return 0, false
}

// FormatSize writes n bytes in the largest unit that keeps them whole: "16MiB". Zero and below
// are "0B".
func FormatSize(n int64) string {
	for _, u := range sizeUnits {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return "0B"
}

// parseDecimal reads up to 9 digits with up to 4 more after a point: so few
// that what formatDecimal writes is read back as the same number.
func parseDecimal(s string) (float64, bool) {
	whole, fraction, point := strings.Cut(s, ".")
	if !Digits(whole) || len(whole) > 9 || point && (!Digits(fraction) || len(fraction) > 4) {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// Digits reports whether s consists of decimal digits alone, at least one.
func Digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func formatDecimal(f float64) string {
	s := strconv.FormatFloat(f, 'f', 4, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// ParseShare reads "10%" as 0.1: up to 9 digits and 4 after a point, above 100% too. A sign or
// another form is not ok; the number is then not to be used.
func ParseShare(s string) (float64, bool) {
	number, found := strings.CutSuffix(s, "%")
	f, ok := parseDecimal(number)
	return f / 100, ok && found
}

// FormatShare writes a fraction of one in percent, rounded to 4 digits after the point: "10%".
func FormatShare(f float64) string { return formatDecimal(f*100) + "%" }

// ParseRate reads "10/s" as 10: up to 9 digits and 4 after a point, zero too. A sign or another
// form is not ok; the number is then not to be used.
func ParseRate(s string) (float64, bool) {
	number, found := strings.CutSuffix(s, "/s")
	f, ok := parseDecimal(number)
	return f, ok && found
}

// FormatRate writes f as a rate per second, rounded to 4 digits after the point: "10/s".
func FormatRate(f float64) string { return formatDecimal(f) + "/s" }
