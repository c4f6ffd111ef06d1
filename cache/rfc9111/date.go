package rfc9111

import (
	"bytes"
	"time"
)

// Instant is a point in time in milliseconds since 1970, UTC. HTTP dates from the
// year 0 to 9999 fit. The zero value is 1970; where an Instant may be missing, the
// type that holds it says so.
type Instant int64

// At returns the instant of t, cut to milliseconds.
func At(t time.Time) Instant { return Instant(t.UnixMilli()) }

// Time returns i as a time in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// Add returns the instant d later, or earlier when d is negative; less than a millisecond of d is
// dropped.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d/time.Millisecond) }

// Sub returns how long after j the instant i is, at most about 292 years either way.
func (i Instant) Sub(j Instant) time.Duration {
	const most = Instant(1<<63-1) / Instant(time.Millisecond)
	return time.Duration(max(-most, min(most, i-j))) * time.Millisecond
}

// second returns the start of the second that i lies in.
func (i Instant) second() Instant {
	rest := i % 1000
	if rest < 0 {
		rest += 1000
	}
	return i - rest
}

// ParseDate reads an HTTP date in any of its three forms, with weekday, month and
// GMT in any case (RFC 9110 §5.6.7). A two-digit year is of this century unless
// that would be more than 50 years after now. The weekday must be one, but need
// not be the right one. ok is false, and date means nothing, for anything else: other zones, days
// that do not exist, and white space around it.
func ParseDate(value []byte, now Instant) (date Instant, ok bool) {
	d := dateReader{ok: true}
	switch comma := bytes.IndexByte(value, ','); {
	case len(value) == len("Sun Nov  6 08:49:37 1994") && comma < 0:
		d.asctime(value)
	case len(value) == len("Sun, 06 Nov 1994 08:49:37 GMT") && comma == 3:
		d.fixdate(value)
	case comma >= len("Monday") && len(value) == comma+len(", 06-Nov-94 08:49:37 GMT"):
		d.rfc850(value[:comma], value[comma:], now)
	default:
		return 0, false
	}
	return d.instant()
}

// AppendDate appends an HTTP date, an IMF-fixdate in whole seconds, and returns the longer slice.
// The year must have four digits (RFC 9110 §5.6.7); this is not checked.
func AppendDate(dst []byte, at Instant) []byte {
	return at.Time().AppendFormat(dst, "Mon, 02 Jan 2006 15:04:05 GMT")
}

// dateReader collects the parts of a date. ok turns false, and stays so, once
// something does not fit.
type dateReader struct {
	ok                bool
	year, month, day  int
	hour, minute, sec int
}

func (d *dateReader) fixdate(b []byte) {
	d.want(shortDays.index(b[:3]) > 0 && b[4] == ' ' && b[7] == ' ' && b[11] == ' ' && b[16] == ' ')
	d.day, d.month, d.year = d.number(b[5:7]), months.index(b[8:11]), d.number(b[12:16])
	d.clock(b[17:25])
	d.want(equalFold(b[25:], " gmt"))
}

func (d *dateReader) rfc850(weekday, b []byte, now Instant) {
	d.want(longDays.index(weekday) > 0 && b[1] == ' ' && b[4] == '-' && b[8] == '-' && b[11] == ' ')
	d.day, d.month = d.number(b[2:4]), months.index(b[5:8])
	d.clock(b[12:20])
	d.want(equalFold(b[20:], " gmt"))
	today := now.Time()
	d.year = today.Year() - today.Year()%100 + d.number(b[9:11])
	limit := At(today.AddDate(50, 0, 0))
	if at, ok := d.instant(); ok && at > limit {
		d.year -= 100
	}
}

func (d *dateReader) asctime(b []byte) {
	d.want(shortDays.index(b[:3]) > 0 && b[3] == ' ' && b[7] == ' ' && b[10] == ' ' && b[19] == ' ')
	d.month, d.year = months.index(b[4:7]), d.number(b[20:])
	if day := b[8:10]; day[0] == ' ' {
		d.day = d.number(day[1:])
	} else {
		d.day = d.number(day)
	}
	d.clock(b[11:19])
}

func (d *dateReader) clock(b []byte) {
	d.want(b[2] == ':' && b[5] == ':')
	d.hour, d.minute, d.sec = d.number(b[:2]), d.number(b[3:5]), d.number(b[6:])
}

func (d *dateReader) want(fits bool) { d.ok = d.ok && fits }

func (d *dateReader) number(b []byte) (n int) {
	for _, c := range b {
		d.want(isDigit(c))
		n = n*10 + int(c-'0')
	}
	return n
}

// instant judges the ranges; a leap second is the second after it.
func (d *dateReader) instant() (Instant, bool) {
	if !d.ok || d.month == 0 || d.day == 0 || d.hour > 23 || d.minute > 59 || d.sec > 60 {
		return 0, false
	}
	t := time.Date(d.year, time.Month(d.month), d.day, d.hour, d.minute, d.sec, 0, time.UTC)
	start := time.Date(d.year, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC)
	return At(t), start.Day() == d.day // the 31st of June is the 1st of July to time.Date
}

// calendar is a list of names in lower case.
type calendar []string

var (
	shortDays = calendar{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	longDays  = calendar{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
	months    = calendar{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
)

// index counts from 1; 0 means that the name is not in the list.
func (c calendar) index(name []byte) int {
	for i, text := range c {
		if equalFold(name, text) {
			return i + 1
		}
	}
	return 0
}
