package caching

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Clock is the time of a play. It moves only by Advance. The zero value shows the zero time.Time. It
// is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows a time.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Now returns the time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward by d, and back when d is negative.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// httpDate is the layout of IMF-fixdate (RFC 9110 §5.6.7).
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

var moment = regexp.MustCompile(`\{(now|start)([+-][0-9]+)?(?:\|([^}]*))?\}`)

// stage has what the braces in values refer to.
type stage struct {
	url        string
	start, now time.Time
}

// expand replaces {url}, {now} and {start} in a value.
func (s *stage) expand(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	text = strings.ReplaceAll(text, "{url}", s.url)
	return moment.ReplaceAllStringFunc(text, func(m string) string {
		parts := moment.FindStringSubmatch(m)
		at, layout := s.now, httpDate
		if parts[1] == "start" {
			at = s.start
		}
		seconds, _ := strconv.Atoi(parts[2]) // fails only when it is empty, which means zero
		if parts[3] != "" {
			layout = parts[3]
		}
		return at.Add(time.Duration(seconds) * time.Second).UTC().Format(layout)
	})
}
