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

// MaxDuration is the longest duration that a file may ask for.
const MaxDuration = 10000 * time.Hour

// ParseDuration reads "250ms", "5s", "1h30m"; a sign or a bare number is not ok.
func ParseDuration(s string) (time.Duration, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' || s[len(s)-1] >= '0' && s[len(s)-1] <= '9' {
		return 0, false
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0
}

// FormatDuration writes d in the largest unit that keeps it whole: "75s", "10m".
// A minute is 60s.
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

// ParseSize reads "512B", "16KiB", "64MiB"; a bare number is not ok.
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

// FormatSize writes n in the largest unit that keeps it whole: "16MiB".
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

// ParseShare reads "10%" as 0.1.
func ParseShare(s string) (float64, bool) {
	number, found := strings.CutSuffix(s, "%")
	f, ok := parseDecimal(number)
	return f / 100, ok && found
}

// FormatShare writes a fraction of one in percent: "10%".
func FormatShare(f float64) string { return formatDecimal(f*100) + "%" }

// ParseRate reads "10/s" as 10.
func ParseRate(s string) (float64, bool) {
	number, found := strings.CutSuffix(s, "/s")
	f, ok := parseDecimal(number)
	return f, ok && found
}

// FormatRate writes f as a rate per second: "10/s".
func FormatRate(f float64) string { return formatDecimal(f) + "/s" }
