package config

import (
	"fmt"
	"slices"
	"time"

	"penstock/options"
)

// StatusTTL is the lifetime of responses with a status in From..To, both
// included, that state none, or with Cache.Force of all of them.
type StatusTTL struct {
	From, To int           // 100..599
	TTL      time.Duration // more than zero; zero with Off
	Off      bool          // they are not stored at all, whatever they state
}

// statuses returns the range of s.
func (s StatusTTL) statuses() StatusRange { return StatusRange{First: s.From, Last: s.To} }

// crosses reports whether neither range is a part of the other though they
// share a status, or both are the same.
func (s StatusTTL) crosses(o StatusTTL) bool {
	apart := s.To < o.From || o.To < s.From
	within := s.From >= o.From && s.To <= o.To
	around := o.From >= s.From && o.To <= s.To
	return !apart && within == around
}

// byStatus is the mapping of statuses to lifetimes. The narrower range wins and the order in
// the file does not matter, so a range may lie within another but not overlap it in part.
type byStatus struct{ c *Cache }

// Reset stores no lifetime.
func (b *byStatus) Reset() { b.Clear() }

// Takes returns the form in the words of the documentation.
func (b *byStatus) Takes() string { return "mapping of statuses to a duration for `ttl`, or to `off`" }

// Names returns which statuses are taken.
func (b *byStatus) Names() options.Shape { return options.Shape{Pattern: options.StatusPattern} }

// Clear makes the map empty.
func (b *byStatus) Clear() { b.c.ByStatus = nil }

// Model returns a lifetime.
func (b *byStatus) Model() options.Value { return b.lifetime(StatusTTL{}) }

// At returns the lifetime of a status or range, which is stored when it is read. value is nil when
// name is no status, or one whose responses are never stored.
func (b *byStatus) At(name string) (value options.Value, wrong string) {
	codes, ok := options.ParseStatuses(name)
	s := StatusTTL{From: codes.First, To: codes.Last}
	switch {
	case !ok:
		return nil, fmt.Sprintf("got %q, want a status such as 404, 5xx or 502-504", name)
	case s.To < 200 || s.From == s.To && (s.From == 206 || s.From == 304):
		return nil, "such responses are never stored"
	}
	if i := slices.IndexFunc(b.c.ByStatus, s.crosses); i >= 0 {
		wrong = fmt.Sprintf("overlaps %s; let one range lie within the other", b.c.ByStatus[i].statuses())
	}
	return b.lifetime(s), wrong
}

// lifetime is that of the statuses of s.
func (b *byStatus) lifetime(s StatusTTL) *options.Phrase {
	return &options.Phrase{
		Form: "duration or `off`",
		Read: func(text string) (wrong string) {
			s.Off = options.IsOff(text)
			if wrong = options.DurationOf(&s.TTL, 0, options.Off).Set(text); wrong != "" {
				return wrong
			}
			b.c.ByStatus = append(b.c.ByStatus, s)
			slices.SortFunc(b.c.ByStatus, narrower)
			return ""
		},
		Text:  func() (string, options.Style) { return options.DurationOf(&s.TTL, 0, options.Off).Get() },
		Texts: options.Shape{Pattern: options.DurationPattern, Off: true},
	}
}

// narrower sorts the narrower range first.
func narrower(a, b StatusTTL) int {
	if wide := (a.To - a.From) - (b.To - b.From); wide != 0 {
		return wide
	}
	return a.From - b.From
}

// All returns the lifetimes, narrower ranges first.
func (b *byStatus) All() []options.Entry {
	var all []options.Entry
	for _, s := range b.c.ByStatus {
		all = append(all, options.Entry{Name: s.statuses().String(), Value: b.lifetime(s), Plain: true})
	}
	return all
}
