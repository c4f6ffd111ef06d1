package config

import (
	"fmt"
	"strconv"

	"penstock/options"
)

// LimitMode is how the attempts are bounded that wait for a response head of one backend.
type LimitMode uint8

// The modes. The zero value is off.
const (
	LimitOff   LimitMode = iota
	LimitAuto            // the limit is found and enforced
	LimitWatch           // the limit is found and shown
	LimitFixed           // Concurrency.Max is the limit
)

// defaultLimit is the mode of an upstream whose file says nothing.
const defaultLimit = LimitWatch

// Concurrency bounds the attempts in flight at each backend until their response heads.
type Concurrency struct {
	Mode     LimitMode
	Min      int     // lowest limit
	Max      int     // highest limit; that of LimitFixed; zero means Pool.Max
	Headroom float64 // by how much the median may exceed that without a queue
}

// section declares `concurrency`.
func (c *Concurrency) section() *options.Section {
	return &options.Section{
		Form:  "`auto`, `watch`, a number, `off`, or a mapping",
		Keys:  c.Keys,
		Check: c.Check,
		Begin: func(mapping bool) {
			if mapping {
				c.Mode = LimitAuto
			}
		},
		Default: func() { *c = Concurrency{Mode: defaultLimit, Min: defaultMin, Headroom: defaultHeadroom} },
	}
}

const (
	defaultMin      = 4
	defaultHeadroom = 0.5
)

// Keys declares the keys of `concurrency`.
func (c *Concurrency) Keys(k options.Keys) {
	k.Itself(c.word())
	k.Count("min", &c.Min, defaultMin, "the lowest limit", options.Within(1, maxCount))
	k.Add("max", inherited{options.CountOf(&c.Max, 0, options.Within(1, maxCount)), c.Max == 0}, "the highest limit", options.Means("as `pool.max`"))
	k.Share("headroom", &c.Headroom, defaultHeadroom, "by how much the median time to a response may exceed that of a backend without a queue", options.Within(1, 1000))
}

// word declares `concurrency` without a mapping.
func (c *Concurrency) word() *options.Phrase {
	words := map[string]LimitMode{"auto": LimitAuto, "watch": LimitWatch}
	return &options.Phrase{
		Form: "`auto`, `watch`, a number or `off`",
		Read: func(text string) (wrong string) {
			mode, known := words[text]
			switch n, err := strconv.Atoi(text); {
			case known:
				c.Mode = mode
			case options.IsOff(text):
				c.Mode = LimitOff
			case err != nil || n < 1 || n > maxCount || !options.Digits(text):
				return fmt.Sprintf("got %q, want auto, watch, off or a number from 1 to %d", text, maxCount)
			default:
				c.Mode, c.Max = LimitFixed, n
			}
			return ""
		},
		Text: func() (string, options.Style) {
			switch c.Mode {
			case LimitOff:
				return "off", options.Plain
			case LimitWatch:
				return "watch", options.Plain
			case LimitFixed:
				return strconv.Itoa(c.Max), options.Plain
			}
			return "", options.Absent // the mapping has all of it
		},
		Texts: options.Shape{Words: []string{"auto", "watch"}, Number: true, Low: 1, High: maxCount, Off: true},
	}
}

// Check compares the bounds.
func (c *Concurrency) Check(r options.Report) {
	if c.Max > 0 && c.Min > c.Max {
		r.Problem("min", "got %d, which is above max %d", c.Min, c.Max)
	}
}
