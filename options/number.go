package options

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Unlimited is the value of a size that was switched off.
const Unlimited = -1

// count is a whole number.
type count struct {
	p        *int
	standard int
	limits
}

func newCount(p *int, standard int, rules []Rule) *count {
	c := &count{p, standard, limitsOf(rules)}
	if !c.has(bounded) {
		c.low, c.high = 0, math.MaxInt32
	}
	return c
}

// CountOf returns the value that Keys.Count declares, for Keys.Add. It goes to p, which must not be
// nil. Of the rules only Within and Off count; those of a key do nothing here.
func CountOf(p *int, standard int, rules ...Rule) Scalar { return newCount(p, standard, rules) }

// DurationOf returns the value that Keys.Duration declares, for Keys.Add. It goes to p, which must
// not be nil. Of the rules only Off and Zero count; those of a key do nothing here.
func DurationOf(p *time.Duration, standard time.Duration, rules ...Rule) Scalar {
	return &duration{p, standard, limitsOf(rules)}
}

func (c *count) Reset() { *c.p = c.standard }

func (c *count) Takes() string {
	if c.has(off) {
		return "number or `off`"
	}
	return "number, " + strconv.FormatInt(c.low, 10) + " to " + strconv.FormatInt(c.high, 10)
}

func (c *count) Shape() Shape { return Shape{Number: true, Low: c.low, High: c.high, Off: c.has(off)} }

func (c *count) Set(s string) string {
	if c.has(off) && IsOff(s) {
		*c.p = 0
		return ""
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < c.low || n > c.high || !Digits(s) {
		return got(s, "want a whole number from %d to %d", c.low, c.high)
	}
	*c.p = int(n)
	return ""
}

func (c *count) Get() (string, Style) {
	if c.has(off) && *c.p == 0 && c.low > 0 {
		return "off", Plain
	}
	return strconv.Itoa(*c.p), Plain
}

// duration is a duration with its unit.
type duration struct {
	p        *time.Duration
	standard time.Duration
	limits
}

func (d *duration) Reset() { *d.p = d.standard }

func (d *duration) Takes() string {
	if d.has(off | zero) {
		return "duration or `off`"
	}
	return "duration"
}

func (d *duration) Shape() Shape { return Shape{Pattern: DurationPattern, Off: d.has(off | zero)} }

func (d *duration) Set(s string) string {
	form := DurationForm
	if d.has(off | zero) {
		if IsOff(s) {
			*d.p = 0
			return ""
		}
		form += ", or off"
	}
	took, ok := ParseDuration(s)
	switch {
	case !ok:
		return got(s, "want %s", form)
	case took > MaxDuration:
		return got(s, "want at most %s", FormatDuration(MaxDuration))
	case took == 0 && d.has(off):
		return got(s, "want more than 0s, or off for none")
	case took == 0 && !d.has(zero):
		return got(s, "want more than 0s")
	}
	*d.p = took
	return ""
}

func (d *duration) Get() (string, Style) {
	if *d.p == 0 && d.has(off) {
		return "off", Plain
	}
	return FormatDuration(*d.p), Plain
}

// size is a number of bytes.
type size[T int | int64] struct {
	p        *T
	standard T
	limits
}

// SizeOf returns the value that Keys.Size declares, for Keys.Add. It goes to p, which must not be
// nil; a number that T cannot hold is refused. Of the rules only Within, Off and Auto count; those
// of a key do nothing here.
func SizeOf[T int | int64](p *T, standard T, rules ...Rule) Scalar {
	return &size[T]{p, standard, limitsOf(rules)}
}

func (z *size[T]) Reset() { *z.p = z.standard }

func (z *size[T]) Takes() string {
	switch {
	case z.has(bounded):
		return "size, " + FormatSize(z.low) + " to " + FormatSize(z.high)
	case z.has(off):
		return "size or `off`"
	case z.has(auto):
		return "size or `auto`"
	}
	return "size"
}

func (z *size[T]) Shape() Shape {
	return Shape{Pattern: SizePattern, Off: z.has(off), Auto: z.has(auto)}
}

func (z *size[T]) Set(s string) string {
	form := SizeForm
	if z.has(off) {
		if IsOff(s) {
			*z.p = Unlimited
			return ""
		}
		form += ", or off"
	}
	if z.has(auto) {
		if s == "auto" {
			*z.p = 0
			return ""
		}
		form += ", or auto"
	}
	n, ok := ParseSize(s)
	switch {
	case !ok || int64(T(n)) != n:
		return got(s, "want %s", form)
	case z.has(bounded) && (n < z.low || n > z.high):
		return got(s, "want %s to %s", FormatSize(z.low), FormatSize(z.high))
	}
	*z.p = T(n)
	return ""
}

func (z *size[T]) Get() (string, Style) {
	if z.has(off) && *z.p == Unlimited {
		return "off", Plain
	}
	if z.has(auto) && *z.p == 0 {
		return "auto", Plain
	}
	return FormatSize(int64(*z.p)), Plain
}

// flow is a number of bytes a second.
type flow struct {
	p        *int64
	standard int64
}

// flowForm says how a flow is written.
const flowForm = "bytes a second such as 1KiB/s, or off"

func (f *flow) Reset()        { *f.p = f.standard }
func (f *flow) Takes() string { return "size a second or `off`" }
func (f *flow) Shape() Shape  { return Shape{Pattern: FlowPattern, Off: true} }

func (f *flow) Set(s string) string {
	if IsOff(s) {
		*f.p = 0
		return ""
	}
	text, each := strings.CutSuffix(s, "/s")
	n, ok := ParseSize(text)
	if !each || !ok || n <= 0 {
		return got(s, "want %s", flowForm)
	}
	*f.p = n
	return ""
}

func (f *flow) Get() (string, Style) {
	if *f.p == 0 {
		return "off", Plain
	}
	return FormatSize(*f.p) + "/s", Plain
}

// share is a percentage.
type share struct {
	p        *float64
	standard float64
	limits
}

func newShare(p *float64, standard float64, rules []Rule) *share {
	s := &share{p, standard, limitsOf(rules)}
	if !s.has(bounded) {
		s.low, s.high = 0, 100
	}
	return s
}

func (h *share) Reset() { *h.p = h.standard }

func (h *share) Takes() string {
	switch {
	case h.has(off):
		return "share or `off`"
	case h.low == 0 && h.high == 100:
		return "share"
	}
	return "share, " + strconv.FormatInt(h.low, 10) + "% to " + strconv.FormatInt(h.high, 10) + "%"
}

func (h *share) Shape() Shape { return Shape{Pattern: SharePattern, Off: h.has(off)} }

func (h *share) Set(s string) string {
	form := ShareForm
	if h.has(off) {
		if IsOff(s) {
			*h.p = 0
			return ""
		}
		form += ", or off"
	}
	f, ok := ParseShare(s)
	switch {
	case !ok:
		return got(s, "want %s", form)
	case f == 0 && h.has(off):
		return got(s, "want more than 0%%, or off for none")
	case f < float64(h.low)/100 || f > float64(h.high)/100:
		return got(s, "want %d%% to %d%%", h.low, h.high)
	}
	*h.p = f
	return ""
}

func (h *share) Get() (string, Style) {
	if h.has(off) && *h.p == 0 {
		return "off", Plain
	}
	return FormatShare(*h.p), Plain
}

// rate is a number of events a second.
type rate struct {
	p        *float64
	standard float64
	limits
}

func (r *rate) Reset() { *r.p = r.standard }

func (r *rate) Takes() string {
	if r.has(off) {
		return "rate or `off`"
	}
	return "rate"
}

func (r *rate) Shape() Shape { return Shape{Pattern: RatePattern, Off: r.has(off)} }

func (r *rate) Set(s string) string {
	form := RateForm
	if r.has(off) {
		if IsOff(s) {
			*r.p = 0
			return ""
		}
		form += ", or off"
	}
	f, ok := ParseRate(s)
	switch {
	case !ok:
		return got(s, "want %s", form)
	case f == 0 && r.has(off):
		return got(s, "want more than 0/s, or off for none")
	}
	*r.p = f
	return ""
}

func (r *rate) Get() (string, Style) {
	if *r.p == 0 && r.has(off) {
		return "off", Plain
	}
	return FormatRate(*r.p), Plain
}
